/** The window around the panels. */
import { expect, type Locator, type Page } from '@playwright/test';

export class Shell {
  readonly page: Page;
  readonly statusBar: Locator;
  readonly dumpSwitcher: Locator;

  constructor(page: Page) {
    this.page = page;
    this.statusBar = page.getByRole('contentinfo', { name: 'Status' });
    this.dumpSwitcher = page.getByRole('button', { name: 'Dump', exact: true });
  }

  /** A panel by its title: Overview, Registers, Memory map, Page walk, Memory. */
  panel(title: string): Locator {
    // The dock names its groups after the panel they show: look inside.
    return this.page.getByRole('tabpanel').getByRole('region', { name: title, exact: true });
  }

  dialog(title: string | RegExp): Locator {
    return this.page.getByRole('dialog', { name: title });
  }

  /** Titles of the open dumps, in the order of the switcher. */
  async openDumps(): Promise<string[]> {
    await this.dumpSwitcher.click();
    const menu = this.page.getByRole('menu');
    await expect(menu).toBeVisible();
    const titles = await menu.getByRole('menuitemradio').locator('.title').allInnerTexts();
    await this.page.keyboard.press('Escape');
    await expect(menu).toHaveCount(0);
    return titles;
  }

  /** Waits until a dump of this title is open and looked at. */
  async expectOpen(name: string): Promise<void> {
    await expect(this.page).toHaveTitle(`${name} — vmcore-workbench`);
    await expect(this.dumpSwitcher).toContainText(name);
    await expect(this.panel('Overview')).toBeVisible();
  }
}
