/** What a Linux kernel tells. */
import { expect, type Locator, type Page } from '@playwright/test';
import { activeDescendant } from './active-descendant.ts';
import { Shell } from './shell.ts';

export class LinuxPanel {
  readonly panel: Locator;
  readonly log: Locator;
  readonly tasks: Locator;
  readonly modules: Locator;
  /** The filter of the tab that is shown. */
  readonly filter: Locator;
  /** How much of all the filter shows. */
  readonly count: Locator;
  readonly activeLine: Locator;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    this.panel = new Shell(page).panel('Linux');
    this.log = this.panel.getByRole('grid', { name: 'Log' });
    this.tasks = this.panel.getByRole('grid', { name: 'Tasks' });
    this.modules = this.panel.getByRole('grid', { name: 'Modules' });
    this.filter = this.panel.getByRole('searchbox');
    this.count = this.panel.getByRole('toolbar').getByRole('status');
    this.activeLine = activeDescendant(this.log);
  }

  async show(): Promise<void> {
    await this.#page.keyboard.press('Alt+7');
    await expect(this.panel).toBeVisible();
  }

  async tab(name: 'Log' | 'Tasks' | 'Modules'): Promise<void> {
    await this.panel.getByRole('tab', { name }).click();
    await expect(this.panel.getByRole('grid', { name })).toBeVisible();
  }

  /** What one task tells. */
  task(pid: number): Locator {
    return this.panel.getByRole('region', { name: `Task ${pid}`, exact: true });
  }

  /** Finds it by its PID and opens it with the keyboard. */
  async openTask(pid: number): Promise<Locator> {
    await this.tab('Tasks');
    await this.filter.fill(String(pid));
    await expect(this.tasks.getByRole('row').nth(1).getByRole('gridcell').first()).toHaveText(String(pid));
    await this.tasks.focus();
    await this.#page.keyboard.press('Home');
    await this.#page.keyboard.press('Enter');
    const task = this.task(pid);
    await expect(task.getByRole('tab').first()).toBeVisible();
    return task;
  }
}
