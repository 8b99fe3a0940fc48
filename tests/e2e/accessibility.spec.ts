/** axe over every view of the shell, in each theme: names, roles, contrast, focus order. */
import { violations } from './harness/axe.ts';
import { expect, test } from './harness/test.ts';
import { copyOfIgnoreShared } from '../hosts/ignore-shared.ts';
import { copyOfFixture, newFolder } from '../hosts/sample-dump.ts';
import { FileBrowser } from './pages/file-browser.ts';
import { LocationBar } from './pages/location-bar.ts';

const DIALOG = '[role=dialog]';

test('the start page', async ({ host, startPage }) => {
  await expect(startPage.heading).toBeVisible();
  expect(await violations(host.page)).toEqual([]);
  await test.step('what one theme alone makes unreadable is found', async () => {
    await host.page.evaluate(() => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(':root[data-theme=dark] h1 { color: #333 }');
      document.adoptedStyleSheets.push(sheet);
    });
    expect(await violations(host.page)).toEqual([expect.stringMatching(/^dark: color-contrast at h1: /)]);
  });
});

test.describe('with a dump', () => {
  test.use({ startFile: 'sample' });
  test.beforeEach(({ shell }) => shell.expectOpen('guest.qevm'));

  test('the window', async ({ host }) => {
    await new LocationBar(host.page).goTo('rip');
    await expect(new LocationBar(host.page).here).toContainText('GVA');
    const parts = ['.menu-row', '.location-bar', '.panel-rail', '.overview', '.status-bar'];
    for (const part of parts) await expect(host.page.locator(part)).toBeVisible();
    expect(await violations(host.page, ...parts)).toEqual([]);
  });

  test('the export dialog', async ({ host, shell }) => {
    test.slow();
    await host.command('export');
    const dialog = shell.dialog('Export');
    await expect(dialog.getByRole('table', { name: 'Notes' })).toBeVisible();
    for (const format of ['kdump-compressed', 'Raw memory', 'LiME', 'ELF vmcore'])
      await test.step(format, async () => {
        await dialog.getByRole('radio', { name: new RegExp(`^${format}`) }).check();
        await expect(dialog.locator('[aria-busy=false]')).toBeVisible();
        expect.soft(await violations(host.page, DIALOG)).toEqual([]);
      });
    await dialog.getByRole('checkbox', { name: /Only a range/ }).check();
    await dialog.getByRole('textbox', { name: 'From' }).fill('nowhere');
    await dialog.getByRole('textbox', { name: 'Length' }).fill('none');
    await expect(dialog.getByText('Not a size')).toBeVisible();
    expect(await violations(host.page, DIALOG), 'a range that is none').toEqual([]);
  });

  test('the other dialogs', async ({ host }) => {
    test.slow();
    for (const command of ['open', 'open-as', 'command-palette', 'keyboard-shortcuts', 'about'] as const)
      await test.step(command, async () => {
        await host.command(command);
        await expect(host.page.locator(DIALOG)).toBeVisible();
        if (command.startsWith('open')) await host.page.getByRole('option', { name: 'guest.qevm' }).click();
        expect.soft(await violations(host.page, DIALOG)).toEqual([]);
        await host.page.keyboard.press('Escape');
        await expect(host.page.locator(DIALOG)).toHaveCount(0);
      });
  });
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
      expect(await violations(host.page, DIALOG)).toEqual([]);
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
    expect(await violations(host.page, DIALOG)).toEqual([]);
    await browser.accept.click();
    await shell.expectOpen('stream.qevm — with guest-ram');
    expect(await violations(host.page, '.overview')).toEqual([]);
    await shell.panel('Overview').getByRole('button', { name: 'Open as…' }).click();
    await expect(shell.dialog(/ as$/)).toBeVisible();
    expect(await violations(host.page, DIALOG)).toEqual([]);
  });
});

test('what did not open', async ({ host, folder, startPage }) => {
  await expect(startPage.heading).toBeVisible();
  await host.openFiles([copyOfFixture(folder, 'tiny/oracle.json')]);
  await expect(startPage.opening.getByRole('alert')).toBeVisible();
  expect(await violations(host.page)).toEqual([]);
});
