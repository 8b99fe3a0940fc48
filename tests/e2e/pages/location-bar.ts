/** Where you are, and the ways to somewhere else. */
import { expect, type Locator, type Page } from '@playwright/test';

export class LocationBar {
  readonly bar: Locator;
  readonly goToField: Locator;
  readonly back: Locator;
  readonly forward: Locator;
  readonly rootPicker: Locator;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    this.bar = page.getByRole('toolbar', { name: 'Where you are' });
    this.goToField = page.getByRole('combobox', { name: /^Go to/ });
    this.back = this.bar.getByRole('button', { name: 'Back', exact: true });
    this.forward = this.bar.getByRole('button', { name: 'Forward', exact: true });
    this.rootPicker = this.bar.getByRole('button', { name: 'CPU or root' });
  }

  /** The chip of the current address. */
  get here(): Locator {
    return this.bar.locator('.here');
  }

  /** The chip of the top table. */
  get topTable(): Locator {
    return this.bar.locator('.top-table');
  }

  /** By keyboard alone: Ctrl+G, the text, Enter. */
  async goTo(text: string): Promise<void> {
    await this.#page.keyboard.press('Control+g');
    await expect(this.goToField).toBeFocused();
    await this.#page.keyboard.type(text);
    await this.#page.keyboard.press('Enter');
  }

  async choosePalette(text: string): Promise<void> {
    await this.#page.keyboard.press('Control+Shift+p');
    await this.#page.getByRole('combobox', { name: 'Command' }).fill(text);
    await this.#page.keyboard.press('Enter');
  }
}
