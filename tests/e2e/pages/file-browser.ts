/** The page's own open dialog, which browses the machine that the workbench runs on. */
import { basename, dirname } from 'node:path';
import { expect, type Locator, type Page } from '@playwright/test';

export class FileBrowser {
  readonly dialog: Locator;
  readonly path: Locator;
  readonly list: Locator;
  /** Open, Next… on the way to Open as, or Take it. */
  readonly accept: Locator;

  constructor(page: Page) {
    this.dialog = page.getByRole('dialog', { name: /^(Open( a dump| as)|Take .* from a file)$/ });
    this.path = this.dialog.getByRole('textbox', { name: 'Path' });
    this.list = this.dialog.getByRole('listbox', { name: 'Files and folders' });
    this.accept = this.dialog.getByRole('button', { name: /^(Open|Next…|Take it)$/ });
  }

  entry(name: string): Locator {
    return this.list.getByRole('option', { name });
  }

  /** Goes to the files' folder by typing it, where it is not the one shown, and chooses them: the first by a click, the others by Ctrl and a click. */
  async choose(paths: readonly string[]): Promise<void> {
    const folder = dirname(paths[0] ?? '');
    await expect(this.path).not.toHaveValue('');
    // Listed once more, the same folder looks the same, and forgets what was chosen before the second list came.
    if ((await this.path.inputValue()) !== folder) await this.enter(folder);
    for (const [index, path] of paths.entries()) await this.entry(basename(path)).click(index > 0 ? { modifiers: ['ControlOrMeta'] } : {});
  }

  async enter(folder: string): Promise<void> {
    // The first listing writes the path that it shows.
    await expect(this.path).not.toHaveValue('');
    await this.path.fill(folder);
    await this.path.press('Enter');
  }
}
