/** The hex view. */
import { expect, type Locator, type Page } from '@playwright/test';
import { activeDescendant } from './active-descendant.ts';
import { LocationBar } from './location-bar.ts';

export class MemoryView {
  readonly panel: Locator;
  readonly grid: Locator;
  readonly status: Locator;
  readonly inspector: Locator;
  readonly jumpField: Locator;
  readonly scrollbar: Locator;
  /**
   * The byte (or the folded hole) that the keyboard stands on, looked up anew at each try: while the page tables are still being listed, the
   * row under the cursor is divided again and again, and every piece has another id.
   */
  readonly active: Locator;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    this.panel = page.getByRole('tabpanel').getByRole('region', { name: 'Memory', exact: true });
    this.grid = this.panel.getByRole('grid', { name: 'Bytes' });
    this.status = this.panel.locator('.memory-status');
    this.inspector = this.panel.getByRole('region', { name: 'Data inspector' });
    this.jumpField = this.panel.getByRole('textbox', { name: 'Go to' });
    this.scrollbar = this.panel.getByRole('scrollbar');
    this.active = activeDescendant(this.grid);
  }

  async show(): Promise<void> {
    await this.#page.keyboard.press('Alt+5');
    await expect(this.grid).toBeVisible();
  }

  /** Shows the panel, goes there by Ctrl+G, and waits until the cursor has arrived. Ends with the focus in the grid. */
  async goTo(text: string, arrivesAt: string): Promise<void> {
    await this.show();
    await new LocationBar(this.#page).goTo(text);
    await this.expectCursor(arrivesAt);
    await this.grid.focus();
  }

  /** `address` in groups of four, as the chip shows it. */
  async expectCursor(address: string): Promise<void> {
    await expect(this.status.locator('.address-chip').first()).toContainText(address);
  }

  /** A row by its first address, in groups of four. */
  row(address: string): Locator {
    return this.grid.getByRole('row').filter({ has: this.#page.getByRole('rowheader', { name: address, exact: true }) });
  }

  async space(name: 'GVA' | 'GPA' | 'FILE'): Promise<void> {
    await this.panel.getByRole('radiogroup', { name: 'Address space' }).getByText(name, { exact: true }).click();
  }

  /** It hides by itself where it would cost half of each row. */
  async showInspector(): Promise<void> {
    const toggle = this.panel.getByRole('button', { name: 'Data inspector' });
    if ((await toggle.getAttribute('aria-pressed')) === 'false') await toggle.click();
    await expect(this.inspector).toBeVisible();
    await this.grid.focus();
  }

  async copy(format: string): Promise<void> {
    await this.panel.getByRole('button', { name: 'Copy', exact: true }).click();
    await this.#page.getByRole('menuitem', { name: format }).click();
  }
}
