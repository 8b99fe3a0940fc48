/** The page's own open dialog, which browses the machine that the workbench runs on. */
import { basename, dirname } from 'node:path';
import { expect, type Locator, type Page } from '@playwright/test';

export class FileBrowser {
  readonly dialog: Locator;
  readonly path: Locator;

  constructor(page: Page) {
    this.dialog = page.getByRole('dialog', { name: 'Open a dump' });
    this.path = this.dialog.getByRole('textbox', { name: 'Path' });
  }

  /** Goes to the file's folder by typing it, chooses the file and opens it. */
  async openPath(path: string): Promise<void> {
    // The first listing writes the path that it shows.
    await expect(this.path).not.toHaveValue('');
    await this.path.fill(dirname(path));
    await this.path.press('Enter');
    await this.dialog.getByRole('button', { name: basename(path) }).click();
    await this.dialog.getByRole('button', { name: 'Open', exact: true }).click();
  }
}
