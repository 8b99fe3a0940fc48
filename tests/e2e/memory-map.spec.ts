/** The memory map of the tiny guest (pc-i440fx, 8 MiB): what lies where and why, and what a user may say against it. */
import { existsSync, readFileSync } from 'node:fs';
import { violations } from './harness/axe.ts';
import { expect, test } from './harness/test.ts';
import { LocationBar } from './pages/location-bar.ts';
import { MemoryMapView } from './pages/memory-map.ts';

test.use({ startFile: 'sample' });
test.beforeEach(({ shell }) => shell.expectOpen('guest.qevm'));

test('regions tell where they lie, what they hold, and why', async ({ host }) => {
  const map = new MemoryMapView(host.page);
  await map.show();
  await expect(map.rows).toHaveCount(2);
  await expect(map.rows.first()).toContainText('8 MiB');
  await expect(map.rows.first()).toContainText('pc.ram');
  await map.button(/^Evidence for pc.ram at/).click();
  await expect(map.regions).toContainText('i440fx keeps all memory below 4 GiB when it is less than 3.5 GiB');
  await expect(map.rows.nth(1)).toContainText('pc.bios');
});

test('RAM blocks tell their role, and which are not mapped', async ({ host }) => {
  const map = new MemoryMapView(host.page);
  await map.show();
  await map.showBlocks();
  await expect(map.blocks.getByRole('row', { name: /^pc.ram 8 MiB main memory/ })).toBeVisible();
  await expect(map.blocks.getByRole('row', { name: /^\/rom@etc\/acpi\/tables/ })).toContainText('not mapped');
});

test('the strip is walked by keyboard, names its gaps, and leads to what it shows', async ({ host }) => {
  const map = new MemoryMapView(host.page);
  await map.show();
  await expect(map.strip.getByRole('option')).toHaveCount(3);
  await map.strip.focus();
  await host.page.keyboard.press('Home');
  await host.page.keyboard.press('ArrowRight');
  await expect(map.strip.getByRole('option', { selected: true })).toHaveAccessibleName(/^PCI hole, 0000 0080 0000 – 0000 fffb ffff/);
  await host.page.keyboard.press('End');
  await host.page.keyboard.press('Enter');
  await expect(new LocationBar(host.page).here).toContainText('0000 fffc 0000');
  await expect(map.rows.nth(1)).toHaveAttribute('aria-current', 'location');
});

test('a virtual address is marked where its page lies', async ({ host }) => {
  const map = new MemoryMapView(host.page);
  await map.show();
  await new LocationBar(host.page).goTo('ffff800000300000');
  await map.show();
  await expect(map.rows.first()).toHaveAttribute('aria-current', 'location');
  await new LocationBar(host.page).goTo('155000');
  await map.show();
  await expect(map.regions.locator('[aria-current]')).toHaveCount(0);
});

test('filter and sort', async ({ host }) => {
  const map = new MemoryMapView(host.page);
  await map.show();
  await map.filter.fill('0xfffffff0');
  await expect(map.rows).toHaveCount(1);
  await expect(map.rows.first()).toContainText('pc.bios');
  await map.filter.fill('no such thing');
  await expect(map.panel.getByText('No region matches')).toBeVisible();
  await map.filter.fill('');
  await map.regions.getByRole('button', { name: 'Size' }).click();
  await expect(map.rows.first()).toContainText('pc.bios');
  await expect(map.regions.getByRole('columnheader', { name: 'Size' })).toHaveAttribute('aria-sort', 'ascending');
});

test('a correction is checked, previewed, kept beside the dump, undone and done again', async ({ host, dumpFile }) => {
  const project = `${dumpFile}.workbench.json`;
  const map = new MemoryMapView(host.page);
  await map.show();
  await map.button('Add region').click();
  const add = map.dialog.getByRole('button', { name: 'Add', exact: true });
  await map.field('Start').fill('700001');
  await map.field('Last').fill('8fffff');
  await expect(map.dialog).toContainText('Not page-aligned');
  await map.field('Start').fill('700000');
  await expect(map.dialog).toContainText('Overlaps pc.ram at 0000 0000 0000 – 0000 007f ffff');
  await expect(add).toBeDisabled();
  await map.field('Start').fill('1000000');
  await map.field('Last').fill('1ffffff');
  await expect(map.dialog).toContainText('beyond the block’s end'.replace('’', "'"));
  await map.field('Last').fill('10fffff');
  await expect(map.dialog).toContainText('pc.ram + 0000 0000 (1 MiB) appears at 0000 0100 0000 – 0000 010f ffff.');
  await map.field('Last').press('Enter');
  await expect(map.dialog).toHaveCount(0);
  await expect(map.rows).toHaveCount(3);
  await expect(map.rows.nth(1)).toContainText('user');
  await expect(map.panel).toContainText(`1 correction, kept in ${project}`);
  expect(JSON.parse(readFileSync(project, 'utf8'))).toMatchObject({
    memoryMap: [{ start: 0x100_0000, last: 0x10f_ffff, block: 'pc.ram', blockOffset: 0 }],
  });

  await map.button('Undo correction').click();
  await expect(map.rows).toHaveCount(2);
  await expect.poll(() => existsSync(project)).toBe(false);
  await map.button('Redo correction').click();
  await expect(map.rows).toHaveCount(3);
  await map.button('Back to what the dump proves').click();
  await expect(map.rows).toHaveCount(2);
  await map.button('Undo correction').click();
  await expect(map.rows).toHaveCount(3);
});

test('a region is moved, removed, and its correction taken back', async ({ host }) => {
  const map = new MemoryMapView(host.page);
  await map.show();
  await map.button('Change pc.bios at 0000 fffc 0000').click();
  await map.field('Start').fill('fff80000');
  await map.field('Last').fill('fffbffff');
  await expect(map.dialog).toContainText('pc.bios at 0000 fffc 0000 – 0000 ffff ffff goes away.');
  await map.dialog.getByRole('button', { name: 'Change', exact: true }).click();
  await expect(map.rows.nth(1)).toContainText('0000 fff8 0000');
  await map.button('Evidence for pc.bios at 0000 fff8 0000').click();
  await map.button('Take this correction back').click();
  await expect(map.rows).toHaveCount(1);
  await map.button('Undo correction').click();
  await map.button('Undo correction').click();
  await expect(map.rows.nth(1)).toContainText('0000 fffc 0000');
  await map.button('Remove pc.bios at 0000 fffc 0000').click();
  await expect(map.rows).toHaveCount(1);
  await expect(map.message).toContainText('Region removed.');
});

test('by keyboard alone: down the rows, why, and to the address', async ({ host }) => {
  const map = new MemoryMapView(host.page);
  await map.show();
  await map.rows.first().getByRole('button').first().focus();
  await host.page.keyboard.press('ArrowDown');
  await expect(map.rows.nth(1).getByRole('button').first()).toBeFocused();
  await host.page.keyboard.press('Space');
  await expect(new LocationBar(host.page).here).toContainText('0000 fffc 0000');
});

test('is readable by axe’s measure', async ({ host }) => {
  const map = new MemoryMapView(host.page);
  await map.show();
  await map.button(/^Evidence for pc.ram at/).click();
  expect(await violations(host.page, '.panel-frame[aria-label="Memory map"]')).toEqual([]);
  await map.button('Add region').click();
  await expect(map.dialog).toBeVisible();
  expect(await violations(host.page, '.dialog')).toEqual([]);
});
