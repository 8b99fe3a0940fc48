/** Every way in: sample, dialog, drop, command line, recent files; one file or several, as its content says or otherwise. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { copyOfFixture, copyOfSample, firstSample } from '../hosts/sample-dump.ts';
import { writeSplitDump } from '../hosts/split-dump.ts';
import { expect, test } from './harness/test.ts';
import { FileBrowser } from './pages/file-browser.ts';
import { MemoryView } from './pages/memory.ts';
import { OpenAs } from './pages/open-as.ts';

const CLI = join(import.meta.dirname, '../../out/main/cli.js');

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

test.describe('several files', () => {
  test('that are not one dump open one by one; the one that is none says so', async ({ host, shell, startPage, folder }) => {
    await expect(startPage.heading).toBeVisible();
    const files = [copyOfSample(folder, 'first.qevm'), copyOfSample(folder, 'second.qevm')];
    await host.openFiles(files);
    await shell.expectOpen('first.qevm');
    expect(await shell.openDumps()).toEqual(['first.qevm', 'second.qevm']);
    await host.openFiles([copyOfSample(folder, 'third.qevm'), copyOfFixture(folder, 'tiny/oracle.json')]);
    await expect(startPage.opening.getByRole('heading')).toHaveText(['oracle.json did not open']);
    expect(await shell.openDumps()).toEqual(['first.qevm', 'second.qevm', 'third.qevm']);
  });

  test('that are the parts of one dump are that dump, and so is their recent entry', async ({ host, shell, startPage, folder }) => {
    await expect(startPage.heading).toBeVisible();
    const parts = writeSplitDump(folder);
    await host.openFiles(parts);
    const title = 'vmcore.1 and 1 more file';
    await shell.expectOpen(title);
    const overview = shell.panel('Overview');
    await expect(overview.getByRole('list', { name: 'Files' }).getByRole('listitem')).toHaveText(parts);
    // Beside each other: neither is inside the other.
    const layers = overview.getByRole('list', { name: 'Holds the memory' }).getByRole('listitem');
    await expect(layers).toHaveText([/^kdump-compressed dump in vmcore\.1/, /^kdump-compressed dump in vmcore\.2/]);
    await host.command('close-dump');
    await startPage.item('Recent', title).click();
    await shell.expectOpen(title);
  });

  test('dropped at once open at once; a browser asks where they lie', async ({ host, shell, startPage, folder }) => {
    await expect(startPage.heading).toBeVisible();
    await host.drop(copyOfSample(folder, 'first.qevm'), copyOfSample(folder, 'second.qevm'));
    if (host.kind === 'desktop') {
      await shell.expectOpen('first.qevm');
      expect(await shell.openDumps()).toEqual(['first.qevm', 'second.qevm']);
      return;
    }
    await expect(shell.dialog('Open a dump')).toContainText('first.qevm, second.qevm');
    const browser = new FileBrowser(host.page);
    await browser.enter(folder);
    // Only what was dropped is listed, whatever else is there.
    await expect(browser.list.getByRole('option').filter({ hasText: '.qevm' })).toHaveText([/^first\.qevm/, /^second\.qevm/]);
  });

  test('are chosen by keyboard alone', async ({ host, shell, startPage, folder }) => {
    test.skip(host.kind === 'desktop', 'the system has its own dialog');
    await expect(startPage.heading).toBeVisible();
    for (const name of ['a.qevm', 'b.qevm', 'c.qevm', 'd.qevm']) copyOfSample(folder, name);
    await host.page.keyboard.press('Control+o');
    const browser = new FileBrowser(host.page);
    await browser.enter(folder);
    await expect(browser.entry('d.qevm')).toBeVisible();
    await browser.path.press('Tab');
    const chosen = browser.list.getByRole('option', { selected: true });
    for (const [keys, names] of [
      [['End'], [/^guest/]],
      [['Shift+ArrowUp'], [/^d/, /^guest/]],
      [
        ['Control+ArrowUp', 'Control+ArrowUp', 'Control+Space'],
        [/^b/, /^d/, /^guest/],
      ],
      [['Control+a'], [/^a/, /^b/, /^c/, /^d/, /^guest/]],
      [
        ['Home', 'Shift+ArrowDown'],
        [/^a/, /^b/],
      ],
    ] as const) {
      for (const key of keys) await host.page.keyboard.press(key);
      await expect(chosen, keys.join(' ')).toHaveText([...names]);
    }
    await host.page.keyboard.press('Enter');
    await shell.expectOpen('a.qevm');
    expect(await shell.openDumps()).toEqual(['a.qevm', 'b.qevm']);
  });
});

test.describe('with several files on the command line', () => {
  test.use({ startFile: ['sample', 'tiny/stream.qevm'] });

  test('all are open, also after a reload', async ({ host, shell }) => {
    await shell.expectOpen('guest.qevm');
    expect(await shell.openDumps()).toEqual(['guest.qevm', 'stream.qevm']);
    await host.page.reload();
    await shell.expectOpen('guest.qevm');
    expect(await shell.openDumps()).toEqual(['guest.qevm', 'stream.qevm']);
  });
});

test.describe('Open as…', () => {
  test('overrides what the content says; the dump and the recent file say so', async ({ host, shell, startPage, dumpFile }) => {
    await expect(startPage.heading).toBeVisible();
    await host.openFiles([dumpFile], 'open-as');
    const dialog = new OpenAs(host.page, 'guest.qevm');
    await dialog.format.selectOption('QEMU migration stream');
    await dialog.cpuFamily.selectOption('x86-64');
    await dialog.open.click();
    const title = 'guest.qevm — as QEMU migration stream';
    await shell.expectOpen(title);
    await expect(shell.panel('Overview')).toContainText('Opened as QEMU migration stream, CPU family x86-64');
    await host.command('close-dump');
    await startPage.item('Recent', title).click();
    await shell.expectOpen(title);
  });

  test('is offered for what is recognised wrongly, with the choices made so far', async ({ host, shell, startPage, dumpFile }) => {
    await expect(startPage.heading).toBeVisible();
    await host.openFiles([dumpFile], 'open-as');
    const dialog = new OpenAs(host.page, 'guest.qevm');
    await dialog.format.selectOption('ELF vmcore');
    await dialog.open.click();
    await expect(startPage.opening.getByRole('alert')).toContainText('guest.qevm');
    await startPage.opening.getByRole('button', { name: 'Open as…' }).click();
    await expect(dialog.format).toHaveValue('elf-vmcore');
    await dialog.format.selectOption('As the content says');
    await dialog.open.click();
    await shell.expectOpen('guest.qevm');
  });

  test('opens raw memory, which it proposes for what no format knows', async ({ host, shell, startPage, dumpFile, folder }) => {
    await expect(startPage.heading).toBeVisible();
    const raw = join(folder, 'memory.raw');
    execFileSync(process.execPath, [CLI, 'read', dumpFile, '0', '0x800000', '--out', raw]);
    await host.openFiles([raw]);
    await startPage.opening.getByRole('button', { name: 'Open as…' }).click();
    const dialog = new OpenAs(host.page, 'memory.raw');
    await expect(dialog.format).toHaveValue('raw');
    await expect(dialog.snapshot).toBeDisabled();
    await host.page.keyboard.press('Escape');
    await expect(dialog.dialog).toHaveCount(0);
    await startPage.opening.getByRole('button', { name: 'Open as…' }).click();
    await dialog.cpuFamily.selectOption('x86-64');
    await dialog.open.click();
    await shell.expectOpen('memory.raw — as Raw memory');
    await expect(shell.panel('Overview')).toContainText('8 MiB');
    const memory = new MemoryView(host.page);
    await memory.goTo('gpa:300000', '0000 0030 0000');
    await expect(memory.row('0000 0030 0000')).toContainText('tiny gue');
  });
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
    for (const [command, panel] of [
      ['show-registers', 'Registers'],
      ['show-memory-map', 'Memory map'],
      ['show-page-walk', 'Page walk'],
      ['show-memory', 'Memory'],
      ['show-devices', 'Devices'],
      ['show-linux', 'Linux'],
      ['show-machines', 'Machines'],
      ['show-overview', 'Overview'],
    ] as const) {
      await host.command(command);
      await expect(shell.panel(panel)).toBeVisible();
    }
    await host.command('command-palette');
    await expect(host.page.getByRole('dialog')).toBeVisible();
  });
});
