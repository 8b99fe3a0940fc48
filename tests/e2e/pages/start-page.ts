/** What the window shows when nothing is open. */
import type { Locator, Page } from '@playwright/test';

export class StartPage {
  readonly heading: Locator;
  readonly openButton: Locator;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    this.heading = page.getByRole('heading', { name: 'vmcore-workbench', level: 1 });
    this.openButton = page.getByRole('button', { name: 'Open a dump…' });
  }

  list(title: 'Recent' | 'Samples' | 'Walkthroughs'): Locator {
    return this.#page.getByRole('region', { name: title });
  }

  item(title: 'Recent' | 'Samples' | 'Walkthroughs', name: string): Locator {
    return this.list(title).getByRole('button', { name });
  }

  /** The card about a dump that is being opened or did not open. */
  get opening(): Locator {
    return this.#page.getByRole('region', { name: 'Opening' });
  }
}
