/** axe over every view of the shell, in each theme: names, roles, contrast, focus order. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from './harness/test.ts';
import { copyOfIgnoreShared } from '../hosts/ignore-shared.ts';
import { copyOfFixture, newFolder } from '../hosts/sample-dump.ts';
import { FileBrowser } from './pages/file-browser.ts';
import { LocationBar } from './pages/location-bar.ts';

async function violations(page: Page, within?: string): Promise<string[]> {
  // Transitions would be measured half way.
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const builder = new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']);
  const { violations: found } = await (within ? builder.include(within) : builder).analyze();
  return found.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} at ${target.join(' ')}: ${failureSummary ?? ''}`));
}

test('the start page', async ({ host, startPage }) => {
  await expect(startPage.heading).toBeVisible();
  expect(await violations(host.page)).toEqual([]);
});

test.describe('with a dump', () => {
  test.use({ startFile: 'sample' });

  for (const theme of ['light', 'dark', 'high-contrast'] as const) {
    test(`the window, ${theme}`, async ({ host, shell }) => {
      await shell.expectOpen('guest.qevm');
      await host.command(`theme-${theme}`);
      await new LocationBar(host.page).goTo('rip');
      await expect(new LocationBar(host.page).here).toContainText('GVA');
      for (const part of ['.menu-row', '.location-bar', '.panel-rail', '.overview', '.status-bar']) {
        await expect(host.page.locator(part)).toBeVisible();
        expect(await violations(host.page, part), part).toEqual([]);
      }
    });
  }

  for (const theme of ['light', 'dark', 'high-contrast'] as const) {
    // Contrast is the theme's; names and order are the format's, and axe takes its time.
    const formats = theme === 'light' ? ['kdump-compressed', 'Raw memory', 'LiME', 'ELF vmcore'] : ['ELF vmcore'];
    test(`the export dialog, ${theme}, as ${formats.join(', ')}`, async ({ host, shell }) => {
      await shell.expectOpen('guest.qevm');
      await host.command(`theme-${theme}`);
      await host.command('export');
      const dialog = shell.dialog('Export');
      for (const format of formats) {
        await dialog.getByRole('radio', { name: new RegExp(`^${format}`) }).check();
        await expect(dialog.locator('[aria-busy=false]')).toBeVisible();
        expect(await violations(host.page, '[role=dialog]'), format).toEqual([]);
      }
      await dialog.getByRole('checkbox', { name: /Only a range/ }).check();
      await dialog.getByRole('textbox', { name: 'From' }).fill('nowhere');
      await dialog.getByRole('textbox', { name: 'Length' }).fill('none');
      await expect(dialog.getByText('Not a size')).toBeVisible();
      expect(await violations(host.page, '[role=dialog]'), 'a range that is none').toEqual([]);
    });
  }

  for (const dialog of ['open', 'open-as', 'export', 'command-palette', 'keyboard-shortcuts', 'about'] as const) {
    test(`the ${dialog} dialog`, async ({ host, shell }) => {
      await shell.expectOpen('guest.qevm');
      await host.command(dialog);
      await expect(host.page.getByRole('dialog')).toBeVisible();
      if (dialog.startsWith('open')) await host.page.getByRole('option', { name: 'guest.qevm' }).click();
      if (dialog === 'export') await expect(host.page.getByRole('table', { name: 'Notes' })).toBeVisible();
      expect(await violations(host.page, '[role=dialog]')).toEqual([]);
    });
  }
});

for (const file of ['qcow2/three-snapshots.qcow2', 'libvirt/xz.save']) {
  test.describe(`with ${file}`, () => {
    test.use({ startFile: file });

    test('the overview and how to open it otherwise', async ({ host, shell }) => {
      await expect(shell.panel('Overview')).toBeVisible();
      for (const toggle of await shell.panel('Overview').locator('.documents .toggle').all()) await toggle.click();
      expect(await violations(host.page, '.overview')).toEqual([]);
      await host.command('open-as');
      const browser = new FileBrowser(host.page);
      await browser.entry(file.split('/')[1] ?? '').click();
      await browser.accept.click();
      await expect(shell.dialog(/ as$/)).toBeVisible();
      expect(await violations(host.page, '[role=dialog]')).toEqual([]);
    });
  });
}

test.describe('with a stream that left out a RAM block', () => {
  test.use({ startFile: 'qemu-streams/ignore-shared-numa/stream.qevm' });

  test('the notice, the question for its file, and the choice in Open as…', async ({ host, shell }) => {
    await shell.expectOpen('stream.qevm');
    const { backing } = copyOfIgnoreShared(newFolder());
    expect(await violations(host.page, '.overview')).toEqual([]);
    await shell
      .panel('Overview')
      .getByRole('button', { name: /^Take it from a file/ })
      .click();
    const browser = new FileBrowser(host.page);
    await browser.choose([backing]);
    expect(await violations(host.page, '[role=dialog]')).toEqual([]);
    await browser.accept.click();
    await shell.expectOpen('stream.qevm — with guest-ram');
    expect(await violations(host.page, '.overview')).toEqual([]);
    await shell.panel('Overview').getByRole('button', { name: 'Open as…' }).click();
    await expect(shell.dialog(/ as$/)).toBeVisible();
    expect(await violations(host.page, '[role=dialog]')).toEqual([]);
  });
});

test('what did not open', async ({ host, folder, startPage }) => {
  await expect(startPage.heading).toBeVisible();
  await host.openFiles([copyOfFixture(folder, 'tiny/oracle.json')]);
  await expect(startPage.opening.getByRole('alert')).toBeVisible();
  expect(await violations(host.page)).toEqual([]);
});
