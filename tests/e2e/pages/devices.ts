/** The devices panel. */
import { expect, type Locator, type Page } from '@playwright/test';
import { activeDescendant } from './active-descendant.ts';
import { Shell } from './shell.ts';

export class Devices {
  readonly panel: Locator;
  readonly list: Locator;
  readonly tree: Locator;
  readonly deviceFilter: Locator;
  readonly fieldFilter: Locator;
  /** The row of the tree that the keyboard stands on. */
  readonly active: Locator;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    this.panel = new Shell(page).panel('Devices');
    this.list = this.panel.getByRole('listbox', { name: 'Devices' });
    this.tree = this.panel.getByRole('treegrid');
    this.deviceFilter = this.panel.getByRole('searchbox', { name: 'Filter devices' });
    this.fieldFilter = this.panel.getByRole('searchbox', { name: 'Filter fields' });
    this.active = activeDescendant(this.tree);
  }

  async show(): Promise<void> {
    await this.#page.keyboard.press('Alt+6');
    await expect(this.tree).toBeVisible();
  }

  /** Chooses by the filter and a click. */
  async choose(title: string): Promise<void> {
    await this.deviceFilter.fill(title);
    await this.list.getByRole('option', { name: title }).first().click();
    await expect(this.panel.getByRole('heading', { name: title })).toBeVisible();
  }

  /** Rows in view whose name is this. */
  row(name: string): Locator {
    return this.tree.getByRole('row').filter({ has: this.#page.getByRole('rowheader', { name, exact: true }) });
  }
}
