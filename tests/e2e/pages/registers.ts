/** The registers panel. */
import type { Locator, Page } from '@playwright/test';
import { Shell } from './shell.ts';

export class Registers {
  readonly panel: Locator;
  readonly filter: Locator;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    this.panel = new Shell(page).panel('Registers');
    this.filter = this.panel.getByRole('searchbox', { name: 'Filter registers' });
  }

  async show(): Promise<void> {
    await this.#page.keyboard.press('Alt+2');
    await this.panel.getByRole('rowheader', { name: /^(?:[RE]AX|PC|PSWA)$/ }).waitFor();
  }

  /** The row of a register, by its name in capitals. */
  row(name: string): Locator {
    return this.panel.getByRole('row').filter({ has: this.#page.getByRole('rowheader', { name, exact: true }) });
  }

  /** Clicks the name: the chip beside it leads elsewhere. */
  async unfold(name: string): Promise<void> {
    await this.row(name).getByRole('rowheader').click();
  }

  fields(name: string): Locator {
    return this.panel.getByRole('table', { name: `Bit fields of ${name}` });
  }

  async copy(item: string | RegExp): Promise<void> {
    await this.panel.getByRole('button', { name: 'Copy registers' }).click();
    await this.#page.getByRole('menuitem', { name: item }).click();
  }
}
