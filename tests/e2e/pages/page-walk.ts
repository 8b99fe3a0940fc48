/** The page walk panel. */
import { expect, type Locator, type Page } from '@playwright/test';
import { Shell } from './shell.ts';

/** For what stepTo waits for. */
export const SOON = { timeout: 500 };

export class PageWalk {
  readonly panel: Locator;
  readonly address: Locator;
  readonly fields: Locator;
  readonly steps: Locator;
  readonly current: Locator;
  readonly tables: Locator;
  /** What a screen reader is told. */
  readonly spoken: Locator;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    this.panel = new Shell(page).panel('Page walk');
    this.address = this.panel.getByRole('textbox', { name: 'Walk: address to walk' });
    this.fields = this.panel.getByRole('group', { name: 'The address in fields' });
    this.steps = this.panel.getByRole('list', { name: 'Steps of the walk' });
    this.current = this.steps.locator('[aria-current=step]');
    this.tables = this.panel.getByRole('list', { name: 'Tables, in the order in which the CPU reads them' }).first();
    this.spoken = this.panel.locator('[aria-live=polite]');
  }

  /** Shows the panel and walks `text` in it. */
  async walk(text: string): Promise<void> {
    await this.#page.keyboard.press('Alt+4');
    await this.address.fill(text);
    await this.address.press('Enter');
    await expect(this.steps).toBeVisible();
  }

  /** Steps by a key until that leads where `arrived` expects (within SOON): the walk before this one stays until the answer is there. */
  async stepTo(key: string, arrived: () => Promise<void>): Promise<void> {
    await expect(async () => {
      await this.focusSteps();
      await this.#page.keyboard.press(key);
      await arrived();
    }).toPass();
  }

  /** Puts the focus where the panel's keys work. */
  async focusSteps(): Promise<void> {
    await this.current.focus();
  }

  detail(name: string): Locator {
    return this.panel.getByRole('region', { name, exact: true });
  }

  /** The listbox of a table: PML4, PDPT, PD, PT. */
  table(level: string): Locator {
    return this.panel.getByRole('listbox', { name: new RegExp(`^${level} at `) }).first();
  }

  async copy(item: string): Promise<void> {
    await this.panel.getByRole('button', { name: 'Copy or save the walk' }).click();
    await this.#page.getByRole('menuitem', { name: item }).click();
  }
}
