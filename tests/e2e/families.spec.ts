/** Dumps of a CPU that is not x86: bare-metal RISC-V guests (tests/fixtures/riscv64), one of them a guest of its own hypervisor, with two stages of translation. */
import { violations } from './harness/axe.ts';
import { expect, test } from './harness/test.ts';
import { LocationBar } from './pages/location-bar.ts';
import { PageWalk } from './pages/page-walk.ts';
import { Registers } from './pages/registers.ts';

test.describe('two stages', () => {
  test.use({ startFile: 'riscv64/sv48-sv48x4/stream.qevm' });
  test.beforeEach(({ shell }) => shell.expectOpen('stream.qevm'));

  test('no word of x86 is said', async ({ host, shell }) => {
    await new LocationBar(host.page).goTo('pc');
    await new PageWalk(host.page).walk('80000140');
    await new Registers(host.page).show();
    for (const name of ['Overview', 'Registers', 'Page walk']) {
      await host.page.getByRole('tab', { name }).click();
      await expect(shell.panel(name)).not.toContainText(/\b(CR3|RIP|EIP|PML4|PCID|x86)\b/);
    }
    await expect(new LocationBar(host.page).topTable).toContainText('vsatp');
  });

  test('registers show every regime, and lead to a walk through it', async ({ host }) => {
    const registers = new Registers(host.page);
    await registers.show();
    const regimes = registers.panel.getByRole('list', { name: 'Page tables of CPU 0' });
    await expect(regimes.getByRole('listitem')).toHaveCount(3);
    await expect(regimes).toContainText('hgatp');
    await expect(registers.panel.getByRole('heading', { name: 'Segments' })).toHaveCount(0);
    await regimes.getByRole('button', { name: /^Walk through G: Sv48x4/ }).click();
    const bar = new LocationBar(host.page);
    await expect(bar.rootPicker).toContainText('CPU 0 · g');
    await expect(bar.topTable).toContainText('8020 8000');
    await host.page.keyboard.press('Alt+ArrowLeft');
    await expect(bar.rootPicker).toHaveText(/CPU 0\s*$/);
  });

  test('a page of 4 KiB takes 24 accesses, one after the other by the keyboard', async ({ host }) => {
    const walk = new PageWalk(host.page);
    await walk.walk('40003123');
    const grid = walk.panel.getByRole('region', { name: 'Accesses of both stages' });
    await expect(grid).toContainText('24 accesses');
    await expect(grid.getByRole('row')).toHaveCount(6);
    await grid.getByRole('button', { name: 'Access 1: L3[0] for L3[0]' }).focus();
    const current = grid.locator('[aria-current=step]');
    // Four of the second stage, then the entry of the first.
    for (let step = 0; step < 4; step++) await host.page.keyboard.press('ArrowRight');
    await expect(current).toHaveAccessibleName('Access 5: L3[0]');
    await expect(walk.detail('L3[0]')).toContainText('by the second stage');
    await host.page.keyboard.press('ArrowDown');
    await expect(current).toHaveAccessibleName('Access 10: L2[1]');
    await expect(current).toBeFocused();
    await host.page.keyboard.press('ArrowLeft');
    await expect(current).toHaveAccessibleName('Access 9: L0[2] for L2[1]');
    await expect(walk.detail('L0[2]')).toContainText('Second stage, for the entry L2[1] at 0x80202008');
    await host.page.keyboard.press('End');
    await expect(current).toHaveAccessibleName('Outcome');
    await expect(walk.detail('Outcome')).toContainText('8040 2123');
    await expect(walk.spoken).toContainText('Step 25 of 25');
  });

  test('the modes of a typed root are those of the family', async ({ host }) => {
    const walk = new PageWalk(host.page);
    await walk.walk('80000140');
    await walk.panel.getByRole('combobox', { name: 'Translation root' }).selectOption('typed in …');
    const mode = walk.panel.getByRole('combobox', { name: 'Paging mode of the typed root' });
    await expect(mode.getByRole('option')).toHaveText([/^Sv39/, /^Sv48/, /^Sv57/, /^Sv39x4/, /^Sv48x4/, /^Sv57x4/]);
  });

  test('it is copied as text, and not as crash would print x86', async ({ host }) => {
    const walk = new PageWalk(host.page);
    await walk.walk('80000140');
    await walk.panel.getByRole('button', { name: 'Copy or save the walk' }).click();
    await expect(host.page.locator('.menu').getByRole('menuitem')).toHaveText(['Copy as text', 'Copy as sentences', 'Save as SVG', 'Save as PNG']);
    await host.page.keyboard.press('Escape');
    const registers = new Registers(host.page);
    await registers.show();
    await registers.panel.getByRole('button', { name: 'Copy registers' }).click();
    await expect(host.page.getByRole('menuitem', { name: /^Copy as gdb commands/ })).toContainText('set $ra = …');
    await expect(host.page.getByRole('menuitem', { name: /crash/ })).toHaveCount(0);
  });

  test('is readable by axe’s measure', async ({ host, shell }) => {
    test.slow();
    await new Registers(host.page).show();
    await new PageWalk(host.page).walk('40003123');
    await expect(shell.panel('Page walk').getByRole('region', { name: 'Accesses of both stages' })).toBeVisible();
    const parts = ['.location-bar', '.panel-frame[aria-label="Registers"]', '.panel-frame[aria-label="Page walk"]'];
    expect(await violations(host.page, ...parts)).toEqual([]);
  });
});

test.describe('a vmcore whose notes name no page tables', () => {
  test.use({ startFile: 'riscv64/sv48-sv48x4/paging-off.elf' });

  test('says which register is missing, and looks for tables', async ({ host, shell }) => {
    await shell.expectOpen('paging-off.elf');
    const walk = new PageWalk(host.page);
    await host.page.keyboard.press('Alt+4');
    await walk.address.fill('80000140');
    await walk.address.press('Enter');
    await expect(walk.panel).toContainText('satp is not in the dump');
    expect(await violations(host.page, '.panel-frame[aria-label="Page walk"]')).toEqual([]);
    await walk.panel.getByRole('button', { name: /^Look for the kernel/ }).click();
    await expect(walk.panel.getByRole('table', { name: 'Page tables that were found' })).toContainText('guessed');
    await walk.panel.getByRole('button', { name: 'Use Page tables found at 0x80208000' }).click();
    await expect(walk.steps).toContainText('L3[0]');
    await expect(new LocationBar(host.page).rootPicker).toContainText('Root 0x80208000');
  });
});

test.describe('the core of a QEMU process', () => {
  test.use({ startFile: 'qemu-core/tiny-7.2.core' });
  test.beforeEach(({ shell }) => shell.expectOpen('tiny-7.2.core'));

  test('opens as its guest, with the host addresses of its memory', async ({ host, shell }) => {
    const blocks = shell.panel('Overview').getByRole('table', { name: 'RAM blocks in the process' });
    await expect(blocks.getByRole('row', { name: /pc\.ram/ }).locator('[data-space=hva]')).toBeVisible();
    const walk = new PageWalk(host.page);
    await walk.walk('rip');
    await walk.focusSteps();
    await host.page.keyboard.press('End');
    await expect(walk.detail('Outcome')).toContainText('in the QEMU process (pc.ram)');
    await walk.detail('Outcome').locator('[data-space=hva]').click();
    await expect(new LocationBar(host.page).here).toContainText('HVA');
    await expect(shell.panel('Memory').getByRole('radio', { name: 'HVA' })).toBeChecked();
    expect(await violations(host.page, '.panel-frame[aria-label="Page walk"]')).toEqual([]);
  });

  test('shows the process, takes an executable and debug files in Open as…, and shows the guest again', async ({ host, shell }) => {
    const overview = shell.panel('Overview');
    await overview.getByRole('button', { name: 'Show the QEMU process' }).click();
    await expect(overview.getByRole('table', { name: 'Threads' })).toBeVisible();
    await expect(overview).toContainText('Opened the process, not its guest');
    expect(await violations(host.page, '.overview')).toEqual([]);
    await host.page.keyboard.press('Alt+4');
    await expect(shell.panel('Page walk')).toContainText('A process has no page tables in its core');
    await host.page.keyboard.press('Alt+5');
    await expect(shell.panel('Memory').getByRole('radio')).toHaveCount(2);
    await host.page.keyboard.press('Alt+1');
    await overview.getByRole('button', { name: 'Open as…' }).click();
    const dialog = shell.dialog(/ as$/);
    await dialog.getByRole('textbox', { name: 'Executable' }).fill('/nowhere/qemu');
    await expect(dialog.getByRole('textbox', { name: 'Debug symbols' })).toBeVisible();
    expect(await violations(host.page, '[role=dialog]')).toEqual([]);
    await host.page.keyboard.press('Escape');
    await expect(dialog).toHaveCount(0);
    await overview.getByRole('button', { name: 'Show the guest' }).click();
    await expect(overview.getByRole('table', { name: 'CPUs' })).toBeVisible();
  });
});
