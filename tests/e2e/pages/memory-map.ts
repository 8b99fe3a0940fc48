/** The memory map. */
import { expect, type Locator, type Page } from '@playwright/test';
import { Shell } from './shell.ts';

export class MemoryMapView {
  readonly panel: Locator;
  readonly strip: Locator;
  readonly regions: Locator;
  readonly blocks: Locator;
  readonly filter: Locator;
  readonly dialog: Locator;
  readonly message: Locator;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    const shell = new Shell(page);
    this.panel = shell.panel('Memory map');
    this.strip = this.panel.getByRole('listbox', { name: 'Guest-physical space' });
    this.regions = this.panel.getByRole('table', { name: 'Regions' });
    this.blocks = this.panel.getByRole('table', { name: 'RAM blocks' });
    this.filter = this.panel.getByRole('searchbox', { name: 'Filter regions and blocks' });
    this.dialog = shell.dialog(/^(Add a region|Change )/);
    this.message = this.panel.getByRole('status');
  }

  async show(): Promise<void> {
    await this.#page.keyboard.press('Alt+3');
    await expect(this.strip).toBeVisible();
  }

  /** Regions as rows, without the head. */
  get rows(): Locator {
    return this.regions.locator('tbody tr[aria-rowindex]');
  }

  button(name: string | RegExp): Locator {
    return this.panel.getByRole('button', { name });
  }

  field(name: 'Start' | 'Last' | 'Block offset'): Locator {
    return this.dialog.getByRole('textbox', { name });
  }

  /** RAM blocks, also where the panel shows one table at a time. */
  async showBlocks(): Promise<void> {
    const tab = this.panel.getByRole('radio', { name: /^RAM blocks/ });
    if (await tab.count()) await tab.check({ force: true });
    await expect(this.blocks).toBeVisible();
  }
}
