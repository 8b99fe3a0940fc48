/** Export: what will be in the file, writing it, and what is left behind when it is cancelled or cannot be written. */
import { existsSync, openSync, readSync, closeSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeLargeVmcore } from '../hosts/large-vmcore.ts';
import type { Host } from './harness/host.ts';
import { expect, test } from './harness/test.ts';
import type { Shell } from './pages/shell.ts';

test.use({ startFile: 'sample' });

/** Chooses the target as this host does it and starts. */
async function exportTo(host: Host, shell: Shell, target: string): Promise<void> {
  const dialog = shell.dialog('Export');
  if (host.kind === 'desktop') {
    await host.desktop?.answerDialog('showSaveDialog', { canceled: false, filePath: target });
    await dialog.getByRole('button', { name: 'Choose where…' }).click();
  } else {
    await dialog.getByRole('textbox').fill(target);
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

  const head = new Uint8Array(20);
  const file = openSync(target, 'r');
  readSync(file, head, 0, head.length, 0);
  closeSync(file);
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
  await expect(dialog.getByRole('table', { name: 'Segments' })).toBeVisible();
  await dialog.getByRole('radio', { name: /As QEMU writes it/ }).check();
  await expect(dialog.getByRole('table', { name: 'Segments' })).toBeVisible();
  await expect(dialog.getByRole('radio', { name: /As QEMU writes it/ })).toBeChecked();
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
