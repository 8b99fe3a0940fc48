/** The menu inside the page, where the host has no native one. */
import type { Page } from '@playwright/test';

export class MenuBar {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  async choose(menu: string, item: RegExp): Promise<void> {
    await this.#page.getByRole('menubar', { name: 'Main menu' }).getByRole('menuitem', { name: menu, exact: true }).click();
    await this.#page.getByRole('menu').getByRole('menuitem', { name: item }).click();
  }
}
