/** Device states, of the sample and of the q35 guest whose devices QEMU itself described (fixture `devices`). */
import { readFileSync } from 'node:fs';
import { fixture } from '../fixtures/fixture.ts';
import { violations } from './harness/axe.ts';
import { expect, test } from './harness/test.ts';
import { Devices } from './pages/devices.ts';
import { MemoryView } from './pages/memory.ts';

test.describe('of the sample', () => {
  test.use({ startFile: 'sample' });
  test.beforeEach(({ shell }) => shell.expectOpen('guest.qevm'));

  test('by keyboard: choose by letters and arrows, go to the fields, unfold, and on to the bytes', async ({ host }) => {
    const devices = new Devices(host.page);
    const { keyboard } = host.page;
    await devices.show();
    await devices.list.focus();
    await keyboard.type('local');
    await expect(devices.panel.getByRole('heading', { name: 'Local APIC of CPU 0' })).toBeVisible();
    await keyboard.press('Enter');
    await expect(devices.tree).toBeFocused();
    await keyboard.type('spur');
    await expect(devices.active).toContainText('spurious_vec');
    await expect(devices.active).toContainText('vector 0xff, APIC software-enabled');
    await keyboard.press('Home');
    await expect(devices.active).toContainText('boot CPU');
    await keyboard.type('isr');
    await expect(devices.active).toHaveAttribute('aria-expanded', 'false');
    await keyboard.press('ArrowRight');
    await expect(devices.active).toHaveAttribute('aria-expanded', 'true');
    await keyboard.press('ArrowRight');
    await expect(devices.active).toContainText('[0]');
    await keyboard.press('ArrowLeft');
    await expect(devices.active).toContainText('isr');
    await keyboard.press('Home');
    await keyboard.press('Enter');
    await host.page.getByRole('menuitem', { name: 'Show bytes' }).click();
    await expect(new MemoryView(host.page).grid).toBeVisible();
    await expect(new MemoryView(host.page).status).toContainText('FILE');
  });

  test('the menu shows it, and the run state is told in words', async ({ host }) => {
    await host.command('show-devices');
    const devices = new Devices(host.page);
    await devices.choose('Run state of the guest');
    await expect(devices.row('runstate')).toContainText('paused: stopped on request');
  });

  test('filters find devices and fields, and say when there is none', async ({ host }) => {
    const devices = new Devices(host.page);
    await devices.show();
    await devices.deviceFilter.fill('clocks');
    await expect(devices.list.getByRole('option')).toContainText(["QEMU's virtual clock", 'HPET', 'Real-time clock', 'Programmable interval timer']);
    await devices.choose('Programmable interval timer');
    await devices.fieldFilter.fill('rate generator');
    await expect(devices.tree.getByRole('rowheader')).toHaveText(['channels', '[0]', 'mode']);
    await devices.fieldFilter.fill('no such thing');
    await expect(devices.panel.getByText('No field matches')).toBeVisible();
    await devices.panel.getByRole('button', { name: 'Clear the filter' }).click();
    await expect(devices.row('channels')).toBeVisible();
    await devices.deviceFilter.fill('no such thing');
    await expect(devices.panel.getByText('No device matches')).toBeVisible();
  });

  test('a long buffer unfolds into its bytes, which lead to the file', async ({ host }) => {
    const devices = new Devices(host.page);
    await devices.show();
    await devices.choose('PS/2 keyboard');
    await devices.row('queue.data').getByRole('rowheader').click();
    const line = devices.tree
      .getByRole('row')
      .filter({ hasText: /([0-9a-f]{2} ){15}[0-9a-f]{2}/ })
      .first();
    await line.getByRole('button', { name: /FILE/ }).click();
    await expect(new MemoryView(host.page).status).toContainText('FILE');
  });

  test('a device leaves as text and as JSON', async ({ host }) => {
    test.skip(host.kind === 'desktop', 'the stand-in has no clipboard of its own');
    await host.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const devices = new Devices(host.page);
    await devices.show();
    await devices.choose('Local APIC of CPU 1');
    const copy = async (item: string): Promise<void> => {
      await devices.panel.getByRole('button', { name: 'Copy device' }).click();
      await host.page.getByRole('menuitem', { name: item }).click();
    };
    const clipboard = () => host.page.evaluate(() => navigator.clipboard.readText());
    await copy('Copy as text');
    await expect.poll(clipboard).toContain('apic, instance 1, version 3: Local APIC of CPU 1\n');
    await copy('Copy as JSON');
    await expect.poll(clipboard).toContain('"words": "xAPIC at 0xfee00000"');
  });

  test('is readable by axe’s measure', async ({ host }) => {
    const devices = new Devices(host.page);
    await devices.show();
    await devices.choose('Real-time clock');
    await devices.tree.focus();
    expect(await violations(host.page, '.panel-frame[aria-label="Devices"]')).toEqual([]);
  });
});

test.describe('of a guest that QEMU was asked about', () => {
  test.use({ startFile: 'devices/stream.qevm' });
  test.beforeEach(({ shell }) => shell.expectOpen('stream.qevm'));

  test('the clock, an interrupt mask and a PCI address are QEMU’s', async ({ host }) => {
    const answers = JSON.parse(readFileSync(fixture('devices/answers.json'), 'utf8')) as { pci: string; pic: string };
    const devices = new Devices(host.page);
    await devices.show();
    await devices.choose('Real-time clock');
    await expect(devices.row('cmos_data')).toContainText('2026-02-28 23:59:5');
    const [, base] = /^pic1:.* irq_base=(..)/m.exec(answers.pic)!;
    await devices.choose('Interrupt controller (8259) of IRQ 8 to 15');
    await expect(devices.row('irq_base')).toContainText(base!);
    const [, address] = /1af4:1041(?:.|\n)*?BAR1: 32 bit memory at (0x[0-9a-f]+) /.exec(answers.pci)!;
    await devices.choose('Virtio network card');
    await expect(devices.row('BAR 1')).toContainText(`memory at ${address}`);
  });
});

test.describe('of a vmcore', () => {
  test.use({ startFile: 'tiny/filtered.elf' });
  test.beforeEach(({ shell }) => shell.expectOpen('filtered.elf'));

  test('there are none, and the panel says why', async ({ host }) => {
    await host.command('show-devices');
    const panel = new Devices(host.page).panel;
    await expect(panel.getByText('No device states in this dump')).toBeVisible();
    await expect(panel).toContainText('ELF');
  });
});
