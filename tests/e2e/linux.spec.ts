/** What a Linux kernel tells, against the serial console of the guest (fixture `linux`); and dumps without a Linux kernel. */
import { readFileSync } from 'node:fs';
import { fixture } from '../fixtures/fixture.ts';
import { violations } from './harness/axe.ts';
import { expect, test } from './harness/test.ts';
import { LinuxPanel } from './pages/linux.ts';
import { LocationBar } from './pages/location-bar.ts';
import { MemoryView } from './pages/memory.ts';

const PANEL = '.panel-frame[aria-label="Linux"]';
const serial = (): string => readFileSync(fixture('linux/serial.log'), 'latin1').replaceAll('\r', '');

/** PID and virtual address of a page of its own that one of the guest's processes told of. */
function firstMark(): { pid: number; virtual: bigint } {
  const [, pid, virtual] = /^MARK pid=(\d+) small va=([0-9a-f]+) present=1/m.exec(serial())!;
  return { pid: Number(pid), virtual: BigInt(`0x${virtual!}`) };
}

test.describe('of a Linux guest', () => {
  test.use({ startFile: 'linux/stream.qevm' });
  test.beforeEach(({ shell }) => shell.expectOpen('stream.qevm'));

  test('the overview leads to it, and the log begins and ends as the serial console saw it', async ({ host, shell }) => {
    await shell
      .panel('Overview')
      .getByRole('button', { name: /kernel tells/ })
      .click();
    const linux = new LinuxPanel(host.page);
    const [, release] = /Linux version (\S+)/.exec(serial())!;
    await expect(linux.panel.getByRole('heading', { name: `Linux ${release} x86_64` })).toBeVisible();
    await expect(linux.activeLine).toContainText('TERM=linux');
    await linux.log.focus();
    await host.page.keyboard.press('Home');
    await expect(linux.activeLine).toContainText(`Linux version ${release}`);
  });

  test('the log leaves as dmesg prints it: every line of the console is in it', async ({ host }) => {
    await host.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const linux = new LinuxPanel(host.page);
    await linux.show();
    await expect(linux.log).toBeVisible();
    await linux.panel.getByRole('button', { name: 'Copy log' }).click();
    await host.page.getByRole('menuitem', { name: 'Copy all lines' }).click();
    const clipboard = () => host.page.evaluate(() => navigator.clipboard.readText());
    await expect.poll(clipboard).toContain('Linux version');
    const copied = new Set((await clipboard()).split('\n'));
    const printed = serial()
      .split('\n')
      .filter((line) => /^\[ +\d+\.\d{6}\] /.test(line));
    expect(printed.length).toBeGreaterThan(200);
    expect(printed.filter((line) => !copied.has(line))).toEqual([]);
  });

  test('lines are found by text and level, and Enter shows one among its neighbours', async ({ host }) => {
    const linux = new LinuxPanel(host.page);
    await linux.show();
    await expect(linux.log).toBeVisible();
    await host.page.keyboard.press('Control+f');
    await linux.panel.getByRole('tab', { name: 'Log' }).focus();
    await host.page.keyboard.press('Control+f');
    await expect(linux.filter).toBeFocused();
    await host.page.keyboard.type('e820: [mem');
    await expect(linux.count).toHaveText(/^\d+ of \d+ lines$/);
    await expect(linux.log.getByRole('row').first()).toContainText('BIOS-e820');
    await linux.log.focus();
    await host.page.keyboard.press('Home');
    await expect(linux.activeLine).toContainText('usable');
    await host.page.keyboard.press('Enter');
    await expect(linux.filter).toHaveValue('');
    await expect(linux.activeLine).toContainText('BIOS-e820');
    await expect(linux.log).toContainText('BIOS-provided physical RAM map');
    await linux.panel.getByRole('combobox', { name: 'Levels' }).selectOption('critical and worse');
    await expect(linux.panel.getByText('No line matches')).toBeVisible();
    await linux.panel.getByRole('button', { name: 'Clear the filter' }).click();
    await expect(linux.log).toBeVisible();
  });

  test('an address in a line leads to its bytes, by keyboard', async ({ host }) => {
    const linux = new LinuxPanel(host.page);
    await linux.show();
    await linux.filter.fill('e820: [mem 0x0000000000100000');
    await expect(linux.log.getByRole('row')).toHaveCount(1);
    await linux.log.focus();
    await host.page.keyboard.press('ArrowRight');
    await host.page.keyboard.press('Space');
    await expect(new LocationBar(host.page).here).toContainText('0000 0010 0000');
    await host.page.keyboard.press('ArrowLeft');
    await expect(linux.log).toBeFocused();
  });

  test('who wrote a line is looked for among the tasks', async ({ host }) => {
    const linux = new LinuxPanel(host.page);
    await linux.show();
    await expect(linux.activeLine).toContainText('TERM=linux');
    await linux.activeLine.getByRole('button', { name: 'T1', exact: true }).click();
    await expect(linux.count).toHaveText(/^1 of \d+ tasks$/);
    await expect(linux.tasks.getByRole('row').nth(1)).toContainText('init');
  });

  test('a process tells its command line, files and memory, which is read with its own page tables', async ({ host }) => {
    const linux = new LinuxPanel(host.page);
    const location = new LocationBar(host.page);
    const { pid, virtual } = firstMark();
    await linux.show();
    const task = await linux.openTask(pid);
    await expect(task.getByRole('heading', { name: 'marker' })).toBeVisible();
    await expect(task.getByRole('region', { name: 'Command line' })).toHaveText('/bin/marker');

    // Its program's first bytes are those of an ELF file.
    await task.getByRole('grid', { name: 'Memory areas' }).focus();
    await host.page.keyboard.press('Home');
    await host.page.keyboard.press('ArrowRight');
    await expect(host.page.getByRole('tooltip')).toContainText('present');
    await host.page.keyboard.press('Space');
    await expect(location.here).toContainText('0000 0000 0040 0000');
    await expect(location.rootPicker).toContainText('Root 0x');
    await expect(new MemoryView(host.page).row('0000 0000 0040 0000')).toContainText('.ELF');
    await expect(task.getByText('in use')).toBeVisible();

    // What it printed of its own page is there.
    const text = virtual.toString(16);
    await location.goTo(`gva:${text}`);
    const grouped = text.padStart(16, '0').replace(/(.{4})(?!$)/g, '$1 ');
    await expect(new MemoryView(host.page).row(grouped)).toContainText(`marker-${pid}-`);

    await task.getByRole('tab', { name: /^Files/ }).click();
    await expect(task.getByRole('grid', { name: 'Open files' })).toContainText('/dev/console');
    await host.page.keyboard.press('Escape');
    await expect(linux.tasks).toBeFocused();
    await location.back.click();
    await location.back.click();
    await expect(location.rootPicker).toContainText('CPU 0');
  });

  test('tasks are sorted and filtered, and their relatives are looked at in turn', async ({ host }) => {
    const linux = new LinuxPanel(host.page);
    await linux.show();
    await linux.tab('Tasks');
    const [, total] = /^(\d+) tasks$/.exec(await linux.count.innerText())!;
    await linux.panel.getByRole('checkbox', { name: 'kernel threads' }).uncheck();
    await expect(linux.count).toHaveText(new RegExp(`^\\d+ of ${total} tasks$`));
    await expect(linux.tasks.getByRole('row').nth(1)).toContainText('init');
    await expect(linux.tasks).not.toContainText('kthreadd');
    await linux.tasks.getByRole('button', { name: 'PID' }).click();
    await expect(linux.tasks.getByRole('columnheader', { name: 'PID' })).toHaveAttribute('aria-sort', 'descending');
    await expect(linux.tasks.getByRole('row').last()).toContainText('init');
    const init = await linux.openTask(1);
    await init.getByRole('tab', { name: /^Children/ }).click();
    const { pid } = firstMark();
    await init
      .getByRole('grid', { name: 'Children' })
      .getByRole('row', { name: `${pid} ` })
      .click();
    await linux.task(pid).getByRole('button', { name: 'init 1' }).click();
    await expect(linux.task(1)).toBeVisible();
  });

  test('the frame of the current address is what the kernel uses it as', async ({ host }) => {
    const linux = new LinuxPanel(host.page);
    const { pid, virtual } = firstMark();
    await linux.show();
    await linux.panel.getByRole('tab', { name: 'Page frame' }).click();
    await expect(linux.panel.getByText('No address yet')).toBeVisible();
    const task = await linux.openTask(pid);
    await task.getByRole('button', { name: 'Use its page tables' }).click();
    await new LocationBar(host.page).goTo(`gva:${virtual.toString(16)}`);
    await linux.panel.getByRole('tab', { name: 'Page frame' }).click();
    // The marker's own anonymous memory, in one page table.
    await expect(linux.panel.getByRole('definition').filter({ hasText: /^anonymous/ })).toBeVisible();
    await expect(linux.panel.getByText('1 page table entry')).toBeVisible();
    await expect(linux.panel.getByRole('definition').filter({ hasText: 'swapbacked' })).toBeVisible();
  });

  test('modules lead to their text', async ({ host }) => {
    const linux = new LinuxPanel(host.page);
    await linux.show();
    await linux.tab('Modules');
    await linux.filter.fill('qemu-fw');
    await expect(linux.modules.getByRole('row')).toHaveCount(2);
    await expect(linux.modules).toContainText('qemu_fw_cfg');
    await linux.modules.getByRole('button', { name: /^GVA/ }).click();
    await expect(new LocationBar(host.page).here).toContainText('ffff ffff c');
  });

  test.describe('on a small screen', () => {
    test.use({ viewport: { width: 1024, height: 640 } });

    test('nothing of it is cut off', async ({ host }) => {
      const linux = new LinuxPanel(host.page);
      await linux.show();
      for (const tab of ['Log', 'Tasks', 'Modules'] as const) {
        await linux.tab(tab);
        const [inside, room] = await linux.panel.locator('.linux').evaluate((element) => [element.scrollWidth, element.clientWidth] as const);
        expect(inside, tab).toBeLessThanOrEqual(room!);
        expect((await linux.panel.getByRole('grid', { name: tab }).boundingBox())!.height, tab).toBeGreaterThan(200);
      }
    });
  });

  test('is readable by axe’s measure', async ({ host }) => {
    test.slow();
    const linux = new LinuxPanel(host.page);
    await linux.show();
    const expectReadable = async (what: string): Promise<void> => expect(await violations(host.page, PANEL), what).toEqual([]);
    await expect(linux.log).toBeVisible();
    await linux.filter.fill('e820');
    await expect(linux.count).toHaveText(/ of /);
    await expectReadable('the log');
    await linux.tab('Tasks');
    await expectReadable('the tasks');
    await linux.openTask(1);
    await expectReadable('a task');
    await host.page.keyboard.press('Escape');
    await linux.tab('Modules');
    await expectReadable('the modules');
  });
});

test.describe('of a guest that is no Linux', () => {
  test.use({ startFile: 'sample' });
  test.beforeEach(({ shell }) => shell.expectOpen('guest.qevm'));

  test('it says so, looks for one, and opens the dump otherwise', async ({ host, shell }) => {
    await host.command('show-linux');
    const { panel } = new LinuxPanel(host.page);
    await expect(panel.getByText('No Linux kernel was found', { exact: true })).toBeVisible();
    await expect(panel).toContainText('VMCOREINFO');
    await expect(shell.panel('Overview').getByRole('button', { name: /kernel tells/ })).toHaveCount(0);
    await panel.getByRole('button', { name: /^Look for/ }).click();
    await expect(panel).toContainText('The search of all memory found none either');
    expect(await violations(host.page, PANEL)).toEqual([]);
    await panel.getByRole('button', { name: /^Open as/ }).click();
    await expect(shell.dialog('Open guest.qevm as').getByLabel('Debug symbols')).toBeVisible();
  });
});
