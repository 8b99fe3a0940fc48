/** The machines panel. */
import type { Locator, Page } from '@playwright/test';
import { Shell } from './shell.ts';

export class Machines {
  readonly panel: Locator;
  readonly list: Locator;
  readonly head: Locator;
  readonly rulers: Locator;
  readonly slots: Locator;
  readonly vcpus: Locator;
  readonly roads: Locator;
  readonly problems: Locator;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    this.panel = new Shell(page).panel('Machines');
    this.list = this.panel.getByRole('table', { name: 'Virtual machines' });
    this.head = this.panel.getByRole('region', { name: /^Guest / });
    this.rulers = this.panel.getByRole('listbox', { name: /^Memslots/ });
    this.slots = this.panel.getByRole('table', { name: 'Memslots' });
    this.vcpus = this.panel.getByRole('table', { name: 'vCPUs' });
    this.roads = this.panel.getByRole('region', { name: 'The way to the host' });
    this.problems = this.panel.getByRole('list', { name: 'Problems' });
  }

  async show(): Promise<void> {
    await this.#page
      .getByRole('navigation', { name: 'Panels' })
      .getByRole('button', { name: /^Machines/ })
      .click();
  }

  async choose(pid: string): Promise<void> {
    await this.list.getByRole('row', { name: new RegExp(`^${pid}\\b`) }).click();
  }

  async tab(title: string): Promise<void> {
    await this.panel.getByRole('radio', { name: title }).check({ force: true });
  }

  /** `root`: guest-physical address of the top table that translates a GVA; without it that of the first vCPU. */
  async follow(space: 'gva' | 'gpa' | 'hva', address: string, root?: string): Promise<void> {
    await this.tab('Follow an address');
    await this.panel.getByLabel('Space of the address').selectOption(space);
    if (root !== undefined) {
      await this.panel.getByLabel('Whose tables translate it').selectOption('root');
      await this.panel.getByLabel('Guest-physical address of the top table').fill(root);
    }
    await this.panel.getByLabel('Address to follow').fill(address);
    await this.#page.keyboard.press('Enter');
  }

  /** Chips of a space on the roads, as their digits. */
  async stops(space: 'GVA' | 'GPA' | 'HVA' | 'HPA'): Promise<string[]> {
    const chips = await this.roads.getByRole('button', { name: new RegExp(`^${space} `) }).allInnerTexts();
    return chips.map((text) =>
      text
        .replace(space, '')
        .replaceAll(/\s/g, '')
        .replace(/^0+(?=.)/, ''),
    );
  }
}
