/** A dump of qemu-system-i386 (firmware of our own, stopped in real mode: tests/fixtures/qemu-streams): everything is half as wide. */
import { violations } from './harness/axe.ts';
import { expect, test } from './harness/test.ts';
import { LocationBar } from './pages/location-bar.ts';
import { MemoryView } from './pages/memory.ts';
import { PageWalk } from './pages/page-walk.ts';
import { Registers } from './pages/registers.ts';

test.use({ startFile: 'qemu-streams/i386/stream.qevm' });
test.beforeEach(({ shell }) => shell.expectOpen('stream.qevm'));

test('registers have their short names and eight digits', async ({ host }) => {
  const registers = new Registers(host.page);
  await registers.show();
  await expect(registers.row('EAX')).toContainText('1a1a 1a1a');
  await expect(registers.row('EAX')).not.toContainText('0000 1a1a');
  await expect(registers.row('EIP')).toContainText('0000 0065');
  await expect(registers.row('RAX')).toHaveCount(0);
});

test('the virtual space ends at 4 GiB, and a pointer is four bytes', async ({ host }) => {
  const memory = new MemoryView(host.page);
  await memory.goTo('rip', '0000 0065');
  await host.page.keyboard.press('Control+End');
  await memory.expectCursor('ffff ffff');
  await expect(memory.status.locator('.address-chip').first()).not.toContainText('ffff ffff ffff');
  await expect(memory.row('ffff fff0')).toBeVisible();
  // Four bytes of the firmware: any that are not zero are an address.
  await memory.goTo('gva:f0000', '000f 0000');
  await memory.showInspector();
  await expect(memory.inspector.locator('.address-chip')).toHaveAttribute('data-space', 'gva');
  await expect(memory.inspector.locator('.address-chip')).toHaveText(/^\s*GVA\s*[0-9a-f]{4} [0-9a-f]{4}\s*$/);
});

test('a typed root is walked in two levels or three', async ({ host }) => {
  const walk = new PageWalk(host.page);
  await walk.walk('c0005123');
  const picker = walk.panel.getByRole('combobox', { name: 'Translation root' });
  await picker.selectOption('typed in …');
  const mode = walk.panel.getByRole('combobox', { name: 'Paging mode of the typed root' });
  await expect(mode.getByRole('option')).toHaveText(['PAE paging (32-bit), 3 levels', '32-bit paging, 2 levels']);
  const root = walk.panel.getByRole('textbox', { name: 'Physical address of the top table' });
  await root.fill('200020');
  await root.press('Enter');
  // Zero pages: nothing is present, and the top table has its four entries.
  await expect(walk.steps).toContainText('PDPT[3]');
  await expect(walk.table('PDPT').getByRole('option')).toHaveCount(4);
  await root.fill('200000');
  await root.press('Enter');
  await mode.selectOption('32-bit paging, 2 levels');
  await expect(walk.steps).toContainText('PD[768]');
  await expect(walk.fields.getByRole('button', { name: /^PD index 768, bits 31 to 22, binary 1100000000/ })).toBeVisible();
  await expect(walk.address).toHaveValue('c000 5123');
  await walk.steps.getByRole('button', { name: /PD\[768\]/ }).click();
  await expect(walk.detail('PD[768]')).toContainText('768 × 4');
  await root.fill('200020');
  await root.press('Enter');
  await expect(walk.panel.getByRole('alert')).toContainText('multiple of 0x1000');
  expect(await violations(host.page, '.panel-frame[aria-label="Page walk"]')).toEqual([]);
});

test('the bar offers the same modes', async ({ host }) => {
  await new LocationBar(host.page).rootPicker.click();
  const modes = host.page.getByRole('combobox', { name: 'Paging mode' });
  await expect(modes.getByRole('option')).toHaveText(['as CPU 0', 'PAE paging (32-bit), 3 levels', '32-bit paging, 2 levels']);
});
