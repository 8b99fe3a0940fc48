/** Every way in: sample, dialog, drop, command line, recent files. */
import { firstSample } from '../hosts/sample-dump.ts';
import { expect, test } from './harness/test.ts';

test('the start page offers a sample, and a click opens it', async ({ host, shell, startPage }) => {
  await expect(host.page).toHaveTitle('vmcore-workbench');
  await expect(startPage.heading).toBeVisible();
  const { title, file } = firstSample();
  await startPage.item('Samples', title).click();
  await shell.expectOpen(file);
  await expect(shell.statusBar).toContainText(/CPU/);
});

test('File > Open opens the chosen file, and it is listed as recent', async ({ host, shell, startPage, dumpFile }) => {
  await expect(startPage.heading).toBeVisible();
  await host.openFiles([dumpFile]);
  await shell.expectOpen('guest.qevm');
  await host.command('close-dump');
  await expect(startPage.item('Recent', 'guest.qevm')).toBeVisible();
  await startPage.item('Recent', 'guest.qevm').click();
  await shell.expectOpen('guest.qevm');
});

test('a dropped file opens; a browser, which hides its path, asks where it lies', async ({ host, shell, startPage, dumpFile }) => {
  await expect(startPage.heading).toBeVisible();
  await host.drop(dumpFile);
  if (host.kind === 'desktop') await shell.expectOpen('guest.qevm');
  else await expect(shell.dialog('Open a dump')).toContainText('guest.qevm');
});

test('a file that is no dump says so, with its name', async ({ host, startPage }) => {
  await expect(startPage.heading).toBeVisible();
  await host.openFiles([`${import.meta.dirname}/open-dump.spec.ts`]);
  await expect(startPage.opening).toContainText('open-dump.spec.ts');
  await expect(startPage.opening.getByRole('alert')).toBeVisible();
});

test.describe('with a file on the command line', () => {
  test.use({ startFile: 'sample' });

  test('it is open at once, and still after a reload', async ({ host, shell }) => {
    await shell.expectOpen('guest.qevm');
    await host.page.reload();
    await shell.expectOpen('guest.qevm');
  });

  test('menu items reach the page', async ({ host, shell }) => {
    await shell.expectOpen('guest.qevm');
    await host.command('about');
    await expect(shell.dialog(/vmcore-workbench/)).toBeVisible();
    await host.page.keyboard.press('Escape');
    await host.command('show-registers');
    await expect(shell.panel('Registers')).toBeVisible();
    await host.command('command-palette');
    await expect(host.page.getByRole('dialog')).toBeVisible();
  });
});
