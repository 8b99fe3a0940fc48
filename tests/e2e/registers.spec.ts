/** Registers of the tiny guest, whose general registers hold their own names; CPU 1 was never started and halts in the firmware. */
import { violations } from './harness/axe.ts';
import { expect, test } from './harness/test.ts';
import { PageWalk } from './pages/page-walk.ts';
import { Registers } from './pages/registers.ts';

test.use({ startFile: 'sample' });
test.beforeEach(({ shell }) => shell.expectOpen('guest.qevm'));

test('values are QEMU’s, and control registers name their set bits', async ({ host }) => {
  const registers = new Registers(host.page);
  await registers.show();
  await expect(registers.row('RAX')).toContainText('2d72 6178 2072 6178');
  await expect(registers.row('CR0')).toContainText('PG WP NE ET MP PE');
  await expect(registers.row('EFER')).toContainText('NXE LMA LME SCE');
  await expect(registers.row('CS')).toContainText('64-bit code, DPL 0');
  await expect(registers.row('GS_BASE')).toContainText('0000 6773 6261 7365');
});

test('every control register, RFLAGS, EFER and segment unfolds bit by bit', async ({ host }) => {
  const registers = new Registers(host.page);
  await registers.show();
  for (const name of ['RFLAGS', 'CR0', 'CR3', 'CR4', 'EFER', 'CS', 'SS', 'TR']) {
    await registers.unfold(name);
    await expect(registers.fields(name).getByRole('row').nth(1), name).toBeVisible();
  }
  await expect(registers.fields('CR0').getByRole('row', { name: /^31 PG 1/ })).toContainText('Paging');
  await expect(registers.fields('EFER').getByRole('row', { name: /^11 NXE 1/ })).toBeVisible();
});

test('by keyboard: one tab stop, arrows move, Enter unfolds, the source is told', async ({ host }) => {
  const registers = new Registers(host.page);
  await registers.show();
  await registers.row('RAX').focus();
  await host.page.keyboard.press('ArrowDown');
  await expect(registers.row('RBX')).toBeFocused();
  await host.page.keyboard.press('Enter');
  await expect(registers.row('RBX')).toHaveAttribute('aria-expanded', 'true');
  await expect(registers.panel.getByText(/How this is known:.*section cpu/)).toBeVisible();
  await host.page.keyboard.press('ArrowLeft');
  await expect(registers.row('RBX')).toHaveAttribute('aria-expanded', 'false');
  await host.page.keyboard.press('Home');
  await expect(registers.row('RAX')).toBeFocused();
  await expect(registers.panel.locator('.row[tabindex="0"]')).toHaveCount(1);
});

test('a register that holds an address leads to its walk', async ({ host }) => {
  const registers = new Registers(host.page);
  await registers.show();
  await registers.row('RSP').getByRole('button', { name: /GVA/ }).click({ button: 'right' });
  await host.page.getByRole('menuitem', { name: 'Walk it' }).click();
  await expect(new PageWalk(host.page).address).toHaveValue('ffff ffff 8028 0000');
});

test('the filter finds names, bits and values', async ({ host }) => {
  const registers = new Registers(host.page);
  await registers.show();
  await registers.filter.fill('write protect');
  await expect(registers.row('CR0')).toBeVisible();
  await expect(registers.row('RAX')).toHaveCount(0);
  await registers.filter.fill('0x2d72617820726178');
  await expect(registers.panel.getByRole('rowheader')).toHaveText(['RAX']);
  await registers.filter.fill('no such thing');
  await expect(registers.panel.getByText('No register matches')).toBeVisible();
  await registers.panel.getByRole('button', { name: 'Clear the filter' }).click();
  await expect(registers.row('RAX')).toBeVisible();
});

test('all CPUs side by side, differences marked in words', async ({ host }) => {
  const registers = new Registers(host.page);
  await registers.show();
  await registers.panel.getByRole('button', { name: 'Compare all CPUs' }).click();
  const table = registers.panel.getByRole('table', { name: 'Registers of all CPUs' });
  await expect(table.getByRole('columnheader')).toContainText(['Register', 'CPU 0', 'CPU 1']);
  await expect(table.getByRole('row', { name: /differs: CR0/ })).toContainText('PG WP NE MP');
  await expect(table.getByRole('row', { name: /MXCSR/ })).toHaveCount(0);
  await registers.panel.getByRole('checkbox', { name: 'only differences' }).uncheck();
  await expect(table.getByRole('row', { name: /same: MXCSR/ })).toBeVisible();
});

test('another CPU is another root for every panel', async ({ host }) => {
  const registers = new Registers(host.page);
  await registers.show();
  await registers.panel.getByRole('combobox', { name: 'CPU' }).selectOption('1');
  await expect(registers.row('CR0')).not.toContainText('PG');
  await expect(host.page.getByRole('button', { name: 'CPU or root' })).toContainText('CPU 1');
});

test('registers leave in the forms of gdb and crash', async ({ host }) => {
  test.skip(host.kind === 'desktop', 'the stand-in has no clipboard of its own');
  await host.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const registers = new Registers(host.page);
  await registers.show();
  const clipboard = () => host.page.evaluate(() => navigator.clipboard.readText());
  await registers.copy(/^Copy as gdb commands/);
  await expect.poll(clipboard).toContain('set $rax = 0x2d72617820726178\n');
  await registers.copy(/^Copy as gdb.*info registers/);
  await expect.poll(clipboard).toContain('rbp            0x2d72627020726270  0x2d72627020726270\n');
  await registers.copy(/^Copy as crash/);
  await expect.poll(clipboard).toContain('    RIP: ffffffff8010032a  RSP: ffffffff80280000  RFLAGS: 00000046\n');
  await registers.copy('Copy all CPUs as JSON');
  await expect.poll(clipboard).toContain('"rax": "0x2d72617820726178"');
});

test('is readable by axe’s measure', async ({ host }) => {
  test.slow();
  const registers = new Registers(host.page);
  await registers.show();
  // A hundred rows are alike: axe takes long for each.
  await registers.filter.fill('control');
  await registers.unfold('CR4');
  await expect(registers.fields('CR4')).toBeVisible();
  expect(await violations(host.page, '.panel-frame[aria-label="Registers"]')).toEqual([]);
  await registers.panel.getByRole('button', { name: 'Compare all CPUs' }).click();
  await expect(registers.panel.getByRole('table', { name: 'Registers of all CPUs' })).toBeVisible();
  expect(await violations(host.page, '.panel-frame[aria-label="Registers"]')).toEqual([]);
});
