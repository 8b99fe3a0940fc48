/** The hex view on the tiny guest, whose tables hold every kind of hole (shared/lab, guests/tiny.S): by keyboard first, by mouse where it differs. */
import { violations } from './harness/axe.ts';
import { expect, test } from './harness/test.ts';
import { MemoryView } from './pages/memory.ts';

test.use({ startFile: 'sample' });
test.beforeEach(({ shell }) => shell.expectOpen('guest.qevm'));

test('shows the bytes at an address, and where it leads', async ({ host }) => {
  const memory = new MemoryView(host.page);
  await memory.goTo('150000', '0000 0000 0015 0000');
  await expect(memory.row('0000 0000 0015 0000')).toContainText('tiny gue');
  await expect(memory.active).toHaveText('74');
  await expect(memory.status).toContainText('0000 0030 0000');
  await expect(memory.status).toContainText('pc.ram + 0x300000');
  await expect(memory.status).toContainText('present');
});

test('a hole is one row that says why', async ({ host }) => {
  const memory = new MemoryView(host.page);
  for (const [address, arrived, words] of [
    ['155000', '0000 0000 0015 5000', '0x1000 bytes (4 KiB) not mapped: PT[341] not present'],
    ['ffffffff40000000', 'ffff ffff 4000 0000', '0x40000000 bytes (1 GiB) not in the dump: the PD at GPA 0000 4000 0000 is not in the dump'],
    ['156000', '0000 0000 0015 6000', '0x1000 bytes (4 KiB) not in the dump: mapped to GPA 0000 0800 0000, outside every region of the memory map'],
  ] as const)
    await test.step(address, async () => {
      await memory.goTo(address, arrived);
      await expect(memory.active).toContainText(words);
    });
});

test('Enter opens a hole into rows that are not zero, and closes it again', async ({ host }) => {
  const memory = new MemoryView(host.page);
  await memory.goTo('155123', '0000 0000 0015 5123');
  await memory.showInspector();
  // Before the tables around it are listed, Enter asks for that instead.
  await expect(memory.active).toContainText('0x1000 bytes (4 KiB) not mapped');
  await host.page.keyboard.press('Enter');
  await expect(memory.active).toHaveText('··');
  await expect(memory.active).toHaveAccessibleName('unmapped');
  await expect(memory.inspector).toContainText('no byte can be read here');
  await host.page.keyboard.press('Enter');
  await expect(memory.active).toContainText('0x1000 bytes');
  await memory.expectCursor('0000 0000 0015 5123');
});

test('zero pages, absent memory and zero bytes are told apart in words', async ({ host }) => {
  const memory = new MemoryView(host.page);
  await memory.goTo('gpa:400000', '0000 0040 0000');
  await expect(memory.row('0000 0040 0000').getByText('zero', { exact: true })).toBeAttached();
  await expect(memory.status).toContainText('zero');
  await memory.goTo('gpa:800000', '0000 0080 0000');
  await expect(memory.active).toContainText('not in the dump: outside every region of the memory map');
  await host.page.keyboard.press('Enter');
  await expect(memory.active).toHaveText('--');
});

test('arrows, pages and ends move through all 2^64 addresses', async ({ host }) => {
  const memory = new MemoryView(host.page);
  await memory.goTo('150000', '0000 0000 0015 0000');
  for (const [key, address] of [
    ['ArrowRight', '0000 0000 0015 0001'],
    ['End', /0000 0000 0015 00(0|1)[7f]/],
    ['Home', '0000 0000 0015 0000'],
    ['ArrowLeft', '0000 0000 0014 ffff'],
    ['Control+Home', '0000 0000 0000 0000'],
    ['ArrowDown', '0000 0000 0000 1000'],
    ['Control+End', 'ffff ffff ffff ffff'],
    ['ArrowUp', /ffff ffff 807f fff/],
  ] as const) {
    await host.page.keyboard.press(key);
    await expect(memory.status.locator('.address-chip').first(), key).toContainText(address);
    await expect(memory.grid, `focus after ${key}`).toBeFocused();
    await expect(memory.active).toBeAttached();
  }
});

test('Shift selects, and a selection leaves in many forms', async ({ host }) => {
  test.skip(host.kind === 'desktop', 'the stand-in has no clipboard of its own');
  await host.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const clipboard = () => host.page.evaluate(() => navigator.clipboard.readText());
  const memory = new MemoryView(host.page);
  await memory.goTo('150000', '0000 0000 0015 0000');
  for (let step = 0; step < 9; step++) await host.page.keyboard.press('Shift+ArrowRight');
  await expect(memory.status).toContainText('10 bytes (0xa) selected');
  await host.page.keyboard.press('Control+c');
  await expect(memory.status).toContainText('Copied 10 bytes as hexdump.');
  await expect.poll(clipboard).toMatch(/^00150000 {2}74 69 6e 79 20 67 75 65 {2}73 74 .*\|tiny guest\|$/);
  await memory.copy('Python bytes');
  await expect.poll(clipboard).toBe('b"tiny guest"');
  await memory.copy('C array');
  await expect.poll(clipboard).toContain('const unsigned char data[10] = {\n  0x74, 0x69,');
});

test('a selection with a hole is never copied as if it were there', async ({ host }) => {
  test.skip(host.kind === 'desktop', 'the stand-in has no clipboard of its own');
  await host.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const memory = new MemoryView(host.page);
  await memory.goTo('154ffe', '0000 0000 0015 4ffe');
  await host.page.keyboard.press('Shift+ArrowRight');
  await host.page.keyboard.press('Shift+ArrowRight');
  await expect(memory.status).toContainText('0x1002 bytes');
  await memory.copy('C array');
  await expect(memory.status).toContainText('Not copied: 4096 of 4098 bytes are missing');
  await memory.copy('Hexdump');
  await expect.poll(() => host.page.evaluate(() => navigator.clipboard.readText())).toContain('·· ·· ·· ··');
});

test('a drag selects, and the inspector reads the selection', async ({ host }) => {
  const memory = new MemoryView(host.page);
  await memory.goTo('150000', '0000 0000 0015 0000');
  await memory.showInspector();
  const bytes = memory.row('0000 0000 0015 0000').getByRole('gridcell');
  await bytes.nth(1).hover();
  await host.page.mouse.down();
  await bytes.nth(4).hover();
  await host.page.mouse.up();
  await expect(memory.status).toContainText('4 bytes (0x4) selected');
  await expect(memory.inspector).toContainText('0000 0000 0015 0001');
  // "iny " in little-endian order, then in the other.
  await expect(memory.inspector).toContainText(String(0x20796e69));
  await memory.inspector.getByRole('radio', { name: 'BE' }).check();
  await expect(memory.inspector).toContainText(String(0x696e7920));
});

test('F12 follows the pointer under the cursor, Alt+Left comes back', async ({ host }) => {
  const memory = new MemoryView(host.page);
  // PML4[0] of the guest's tables; as a pointer it is 201027.
  await memory.goTo('gpa:200000', '0000 0020 0000');
  await memory.showInspector();
  await expect(memory.inspector.getByRole('button', { name: /GVA/ })).toContainText('0000 0000 0020 1027');
  await host.page.keyboard.press('F12');
  await memory.expectCursor('0000 0000 0020 1027');
  await host.page.keyboard.press('Alt+ArrowLeft');
  await memory.expectCursor('0000 0020 0000');
});

test('another space shows the same byte', async ({ host }) => {
  const memory = new MemoryView(host.page);
  await memory.goTo('ffff800000300005', 'ffff 8000 0030 0005');
  await memory.space('GPA');
  await memory.expectCursor('0000 0030 0005');
  await expect(memory.row('0000 0030 0000')).toContainText('tiny gue');
  await memory.space('GVA');
  await memory.expectCursor('ffff 8000 0030 0005');
  await memory.space('FILE');
  await expect(memory.grid).toContainText('ny guest');
  await memory.space('GPA');
  await memory.expectCursor('0000 0030 0005');
});

test('a byte of the file that is no memory leads to no other space, and the view says so', async ({ host }) => {
  const memory = new MemoryView(host.page);
  // The stream's own header.
  await memory.goTo('file:0', '0000 0000');
  await memory.space('GPA');
  await expect(memory.status.getByRole('status')).toContainText('That byte has no physical address');
});

test('the jump field takes what Ctrl+G takes, and says when it leads nowhere', async ({ host }) => {
  const memory = new MemoryView(host.page);
  await memory.show();
  await memory.jumpField.fill('pc.ram+0x300000');
  await memory.jumpField.press('Enter');
  await memory.expectCursor('0000 0030 0000');
  await memory.jumpField.fill('no such place');
  await memory.jumpField.press('Enter');
  await expect(memory.status.getByRole('status')).toContainText('leads nowhere in this dump');
});

test('a pinned view stays where it is', async ({ host }) => {
  const memory = new MemoryView(host.page);
  await memory.goTo('150000', '0000 0000 0015 0000');
  await memory.panel.getByRole('button', { name: /^Pin/ }).click();
  await memory.goTo('gpa:400000', '0000 0000 0015 0000');
  await memory.panel.getByRole('button', { name: /^Pinned/ }).click();
  await memory.expectCursor('0000 0040 0000');
});

test('wheel and scrollbar reach both ends', async ({ host }) => {
  const memory = new MemoryView(host.page);
  await memory.goTo('gpa:0', '0000 0000 0000');
  await memory.grid.hover();
  await host.page.mouse.wheel(0, 200);
  await expect(memory.row('0000 0000 0000')).toHaveCount(0);
  await host.page.mouse.wheel(0, -2000);
  await expect(memory.row('0000 0000 0000')).toHaveCount(1);
  const box = (await memory.scrollbar.boundingBox())!;
  await host.page.mouse.move(box.x + box.width / 2, box.y + 4);
  await host.page.mouse.down();
  await host.page.mouse.move(box.x + box.width / 2, box.y + box.height + 50, { steps: 5 });
  await host.page.mouse.up();
  await expect(memory.scrollbar).toHaveAttribute('aria-valuenow', '100');
  await expect(memory.grid.getByRole('row').last()).toContainText('not in the dump');
});

test('only the rows in view exist', async ({ host }) => {
  const memory = new MemoryView(host.page);
  await memory.goTo('gpa:0', '0000 0000 0000');
  expect(await memory.grid.getByRole('row').count()).toBeLessThan(80);
  const rows = Number(await memory.grid.getAttribute('aria-rowcount'));
  expect(rows).toBeGreaterThan(500_000);
});

test('is readable by axe’s measure', async ({ host }) => {
  const memory = new MemoryView(host.page);
  await memory.goTo('155000', '0000 0000 0015 5000');
  await host.page.keyboard.press('ArrowUp');
  await host.page.keyboard.press('Shift+ArrowUp');
  await expect(memory.status).toContainText('selected');
  expect(await violations(host.page, '.panel-frame[aria-label="Memory"]')).toEqual([]);
});
