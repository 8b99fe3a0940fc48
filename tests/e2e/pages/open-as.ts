/** How a file is to be opened. */
import type { Locator, Page } from '@playwright/test';

export class OpenAs {
  readonly dialog: Locator;
  readonly format: Locator;
  readonly cpuFamily: Locator;
  readonly snapshot: Locator;
  readonly open: Locator;

  /** `subject` as the title names it: a file, or a file and how many more. */
  constructor(page: Page, subject: string) {
    this.dialog = page.getByRole('dialog', { name: `Open ${subject} as` });
    this.format = this.dialog.getByLabel('Format');
    this.cpuFamily = this.dialog.getByLabel('CPU family');
    this.snapshot = this.dialog.getByLabel('Snapshot');
    this.open = this.dialog.getByRole('button', { name: 'Open', exact: true });
  }
}
