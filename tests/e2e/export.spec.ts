/** Export: what will be in the file, writing it, and what is left behind when it is cancelled or cannot be written. */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeLargeVmcore } from '../hosts/large-vmcore.ts';
import type { Host } from './harness/host.ts';
import { expect, test } from './harness/test.ts';
import type { Shell } from './pages/shell.ts';

test.use({ startFile: 'sample' });

function firstBytes(path: string, count: number): Buffer {
  const bytes = Buffer.alloc(count);
  const file = openSync(path, 'r');
  readSync(file, bytes, 0, count, 0);
  closeSync(file);
  return bytes;
}

/** Chooses the target as this host does it and starts. */
async function exportTo(host: Host, shell: Shell, target: string): Promise<void> {
  const dialog = shell.dialog('Export');
  if (host.kind === 'desktop') {
    await host.desktop?.answerDialog('showSaveDialog', { canceled: false, filePath: target });
    await dialog.getByRole('button', { name: 'Choose where…' }).click();
  } else {
    await dialog.getByRole('textbox', { name: /Write to/ }).fill(target);
    await dialog.getByRole('button', { name: 'Export', exact: true }).click();
  }
}

test('shows what the file will hold, writes it, and reports', async ({ host, shell }) => {
  await shell.expectOpen('guest.qevm');
  await host.command('export');
  const dialog = shell.dialog('Export');
  await expect(dialog.getByRole('table', { name: 'Segments' })).toContainText('LOAD');
  await expect(dialog.getByRole('table', { name: 'Notes' })).toContainText('NT_PRSTATUS');
  const target = join(host.folder, 'out.vmcore');
  await exportTo(host, shell, target);
  await expect(dialog).toContainText('Written whole to');
  await expect(dialog).toContainText('out.vmcore');
  await expect(dialog).toContainText(/read back and equal/);

  const head = firstBytes(target, 20);
  expect([...head.subarray(0, 5)]).toEqual([0x7f, 0x45, 0x4c, 0x46, 2]);
  // e_type ET_CORE, e_machine EM_X86_64
  expect([head[16], head[18]]).toEqual([4, 62]);
  expect(readdirSync(host.folder).filter((name) => name.endsWith('.part'))).toEqual([]);

  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(shell.statusBar).toContainText('Exported to');
});

test('the layout that QEMU writes has a plan of its own', async ({ host, shell }) => {
  await shell.expectOpen('guest.qevm');
  await host.command('export');
  const dialog = shell.dialog('Export');
  await expect(dialog.getByRole('table', { name: 'Segments' })).not.toContainText('In memory');
  await dialog.getByRole('radio', { name: /As QEMU writes it/ }).check();
  await expect(dialog.getByRole('columnheader', { name: 'In memory' })).toBeVisible();
  await expect(dialog.getByRole('radio', { name: /As QEMU writes it/ })).toBeChecked();
});

test('a kdump file is estimated, written, read back, and opens with the same memory', async ({ host, shell }) => {
  await shell.expectOpen('guest.qevm');
  await host.command('export');
  const dialog = shell.dialog('Export');
  await dialog.getByRole('radio', { name: /^kdump-compressed/ }).check();
  await dialog.getByRole('combobox', { name: 'Compression' }).selectOption('lzo');
  await expect(dialog.getByRole('table', { name: 'Pages' })).toBeVisible();
  await expect(dialog).toContainText('from a sample of pages');
  await expect(dialog.getByRole('checkbox', { name: /Only a range/ })).toHaveCount(0);
  const target = join(host.folder, 'small.vmcore');
  await exportTo(host, shell, target);
  await expect(dialog).toContainText('Written whole to');
  await expect(dialog).toContainText(/MiB read back and equal/);
  expect(firstBytes(target, 8).toString('latin1')).toBe('KDUMP   ');
  await dialog.getByRole('button', { name: 'Done' }).click();

  await host.openFiles([target]);
  await shell.expectOpen('small.vmcore');
  await expect(shell.panel('Overview')).toContainText(/[0-9]+ lzo/);
});

test('raw memory of a range is that range, with the file that names its holes beside it', async ({ host, shell }) => {
  await shell.expectOpen('guest.qevm');
  await host.command('export');
  const dialog = shell.dialog('Export');
  await dialog.getByRole('radio', { name: /^Raw memory/ }).check();
  await dialog.getByRole('checkbox', { name: /Only a range/ }).check();
  await dialog.getByRole('textbox', { name: 'From' }).fill('pfn:100');
  await dialog.getByRole('textbox', { name: 'Length' }).fill('64K');
  const ranges = dialog.getByRole('table', { name: 'Ranges' });
  await expect(ranges.getByRole('row')).toHaveCount(2);
  await expect(ranges).toContainText('0000 0010 0000');
  await expect(ranges).toContainText('64 KiB');
  const target = join(host.folder, 'part.raw');
  await exportTo(host, shell, target);
  await expect(dialog).toContainText('64 KiB read back and equal');
  expect(statSync(target).size).toBe(0x1_0000);
  expect(JSON.parse(readFileSync(`${target}.ranges.json`, 'utf8'))).toMatchObject({
    begin: '0x100000',
    ranges: [{ start: '0x100000', last: '0x10ffff' }],
  });
});

test('LiME, and ELF with virtual addresses, are planned as such and verified', async ({ host, shell }) => {
  await shell.expectOpen('guest.qevm');
  await host.command('export');
  const dialog = shell.dialog('Export');
  await dialog.getByRole('checkbox', { name: /Virtual addresses/ }).check();
  // The kernel's half, which no segment without page tables has.
  await expect(dialog.getByRole('table', { name: 'Segments' })).toContainText(/ffff [0-9a-f]{4} [0-9a-f]{4} [0-9a-f]{4}/);
  const elf = join(host.folder, 'paging.vmcore');
  await exportTo(host, shell, elf);
  await expect(dialog).toContainText(/MiB read back and equal/);

  await dialog.getByRole('button', { name: 'Export again…' }).click();
  await dialog.getByRole('radio', { name: /^LiME/ }).check();
  await expect(dialog.getByRole('table', { name: 'Ranges' })).toBeVisible();
  await expect(dialog).toContainText('LiME holds no registers');
  const lime = join(host.folder, 'guest.lime');
  await exportTo(host, shell, lime);
  await expect(dialog).toContainText(/MiB read back and equal/);
  expect(firstBytes(lime, 4).toString('latin1')).toBe('EMiL');
});

test('a range that is none says why beside its fields, and cannot be exported', async ({ host, shell }) => {
  await shell.expectOpen('guest.qevm');
  await host.command('export');
  const dialog = shell.dialog('Export');
  const accept = dialog.getByRole('button', { name: /^(Export|Choose where…)$/ });
  await expect(accept).toBeEnabled();
  await dialog.getByRole('checkbox', { name: /Only a range/ }).check();
  await expect(accept).toBeDisabled();
  const [from, length] = [dialog.getByRole('textbox', { name: 'From' }), dialog.getByRole('textbox', { name: 'Length' })];
  await from.fill('nowhere');
  await expect(dialog.getByText('Not an address')).toBeVisible();
  await expect(from).toHaveAttribute('aria-invalid', 'true');
  await from.fill('400000000000');
  await length.fill('64Q');
  await expect(dialog.getByText('Not a size')).toBeVisible();
  await length.fill('64K');
  await expect(dialog.getByRole('alert')).toContainText('there is no memory from 0x400000000000 to 0x40000000ffff');
  await expect(dialog.getByRole('alert')).toContainText('The guest has memory at');
  await expect(accept).toBeDisabled();
  await from.fill('100000');
  await expect(accept).toBeEnabled();
});

test('is chosen and written with the keyboard alone, and the choices are there the next time', async ({ host, shell }) => {
  test.skip(host.kind === 'desktop', 'the target is chosen in the system’s dialog there');
  await shell.expectOpen('guest.qevm');
  const { keyboard } = host.page;
  await keyboard.press('Control+e');
  const dialog = shell.dialog('Export');
  await expect(dialog.getByRole('radio', { name: /^ELF vmcore/ })).toBeFocused();
  for (let at = 0; at < 3; at++) await keyboard.press('ArrowDown');
  await expect(dialog.getByRole('radio', { name: /^LiME/ })).toBeChecked();
  await expect(dialog.getByRole('table', { name: 'Ranges' })).toBeVisible();
  await keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await keyboard.press('Control+e');
  await expect(dialog.getByRole('radio', { name: /^LiME/ })).toBeChecked();
  await expect(dialog.getByRole('button', { name: 'Export', exact: true })).toBeEnabled();
  const target = dialog.getByRole('textbox', { name: /Write to/ });
  for (let at = 0; at < 20 && !(await target.evaluate((field) => field === document.activeElement)); at++) await keyboard.press('Tab');
  await expect(target).toBeFocused();
  await keyboard.press('Enter');
  await expect(dialog).toContainText('Written whole to');
  expect(existsSync(join(host.folder, 'guest.lime'))).toBe(true);
});

test('what the source lacks is listed, to copy and to keep', async ({ host, shell, dumpFile }) => {
  await shell.expectOpen('guest.qevm');
  const cut = join(host.folder, 'cut.qevm');
  writeFileSync(cut, readFileSync(dumpFile).subarray(0, 1_000_000));
  await host.openFiles([cut]);
  await shell.expectOpen('cut.qevm');
  await host.command('export');
  const dialog = shell.dialog('Export');
  await expect(dialog.getByRole('list', { name: 'Warnings' })).toContainText('are not in the dump');
  await exportTo(host, shell, join(host.folder, 'cut.vmcore'));
  await expect(dialog.getByRole('table', { name: 'Missing ranges' })).toContainText('not in the dump');
  if (host.kind === 'server') {
    const download = host.page.waitForEvent('download');
    await dialog.getByRole('button', { name: 'Save report…' }).click();
    const saved = await (await download).path();
    const { missing } = JSON.parse(readFileSync(saved, 'utf8')) as { missing: { start: string; reason: string }[] };
    expect(missing[0]).toMatchObject({ start: expect.stringMatching(/^0x/), reason: expect.any(String) });
  }
});

test('the dump itself is never written onto', async ({ host, shell, dumpFile }) => {
  const before = readFileSync(dumpFile);
  await shell.expectOpen('guest.qevm');
  await host.command('export');
  const dialog = shell.dialog('Export');
  await expect(dialog.getByRole('table', { name: 'Segments' })).toBeVisible();
  await exportTo(host, shell, dumpFile);
  await expect(dialog.getByRole('alert')).toContainText('it is the dump that is being exported');
  await expect(dialog.getByRole('alert')).toContainText('Choose another name');
  expect(readFileSync(dumpFile).equals(before)).toBe(true);
});

test('a target that cannot be written says why and leaves nothing', async ({ host, shell }) => {
  await shell.expectOpen('guest.qevm');
  await host.command('export');
  const dialog = shell.dialog('Export');
  await expect(dialog.getByRole('table', { name: 'Segments' })).toBeVisible();
  const target = join(host.folder, 'no-such-folder', 'out.vmcore');
  await exportTo(host, shell, target);
  await expect(dialog.getByRole('alert')).toContainText('The file cannot be written');
  expect(existsSync(target)).toBe(false);
});

test('a long one shows its progress, goes on behind other work, and cancelling it leaves nothing', async ({ host, shell }) => {
  await shell.expectOpen('guest.qevm');
  const large = join(host.folder, 'large.vmcore');
  // Looked at for zeros at some GB a second: long enough to be seen and cancelled, nothing is written.
  writeLargeVmcore(large, 200 * 1024 ** 3);
  await host.openFiles([large]);
  await shell.expectOpen('large.vmcore');
  await host.command('export');
  const dialog = shell.dialog('Export');
  await expect(dialog.getByRole('table', { name: 'Segments' })).toBeVisible();
  const target = join(host.folder, 'large-copy.vmcore');
  await exportTo(host, shell, target);
  await expect(dialog.getByRole('progressbar')).toBeVisible();
  await expect(dialog).toContainText(/[GM]B\/s/);
  await expect(dialog).toContainText(/left/);

  await dialog.getByRole('button', { name: 'Leave it running' }).click();
  await expect(dialog).toBeHidden();
  // The dump stays answerable meanwhile.
  await host.command('show-memory');
  await expect(shell.panel('Memory')).toBeVisible();
  await expect(shell.statusBar.getByRole('progressbar')).toBeVisible();
  await shell.statusBar.getByRole('button', { name: /Cancel/ }).click();
  await expect(shell.statusBar.getByRole('progressbar')).toBeHidden();
  expect(readdirSync(host.folder).filter((name) => name.startsWith('large-copy'))).toEqual([]);
});
