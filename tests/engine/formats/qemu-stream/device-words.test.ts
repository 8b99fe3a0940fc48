/** Values in words, against what QEMU itself said of the same devices (fixture `devices`: monitor commands, QOM and virtio queries of the stopped guest). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { listDevices } from '#engine/formats/qemu-stream/device-tree.ts';
import { deviceTitle } from '#engine/formats/qemu-stream/device-words/device-titles.ts';
import { durationWords } from '#engine/formats/qemu-stream/device-words/durations.ts';
import { listCapabilities } from '#engine/formats/qemu-stream/device-words/pci-capabilities.ts';
import { clockTime } from '#engine/formats/qemu-stream/device-words/real-time-clock.ts';
import { fixture } from '../../../fixtures/fixture.ts';
import { deviceNamed, fieldAt, openStream } from './device-rows.ts';

interface Queue {
  'vring-num': number;
  'vring-desc': number;
  'vring-avail': number;
  'vring-used': number;
  'last-avail-idx': number;
}
interface Answers {
  pic: string;
  lapic: string[];
  pci: string;
  rtc: Record<'tm_year' | 'tm_mon' | 'tm_mday' | 'tm_hour' | 'tm_min' | 'tm_sec', number>;
  status: { status: string };
  queues: Record<'blk' | 'net', Queue[]>;
}

const stream = openStream('devices/stream.qevm');
const answers = JSON.parse(readFileSync(fixture('devices/answers.json'), 'utf8')) as Answers;
const words = (device: string, path: string, instance = 0) => fieldAt(deviceNamed(stream, device, instance), path).words;

describe('interrupt controllers say what QEMU said', () => {
  it.each([0, 1])('i8259 %i: requests, masks and the first vector', (instance) => {
    const answer = new RegExp(`^pic${instance}: irr=(..) imr=(..) isr=(..) .* irq_base=(..) .* elcr=(..)`, 'm').exec(answers.pic);
    const lines = (hex: string | undefined) =>
      [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => (Number.parseInt(hex!, 16) >> bit) & 1).map((bit) => bit + 8 * instance);
    const listed = (text: string | undefined) =>
      [...(text ?? '').matchAll(/(\d+)(?: to (\d+))?/g)].flatMap(([, first, last]) => {
        return Array.from({ length: Number(last ?? first) - Number(first) + 1 }, (_, at) => Number(first) + at);
      });
    expect(answer).not.toBeNull();
    const told = ['irr', 'imr', 'isr', 'elcr'].map((field) => listed(words('i8259', field, instance)));
    expect(told).toEqual([answer![1], answer![2], answer![3], answer![5]].map(lines));
    expect(words('i8259', 'irq_base', instance)).toContain(`raises vectors 0x${answer![4]}`);
  });

  it.each([0, 1])('local APIC %i: every entry of the vector table', (cpu) => {
    const names = { LVTT: 0, LVTTHMR: 1, LVTPC: 2, LVT0: 3, LVT1: 4, LVTERR: 5 };
    for (const [name, index] of Object.entries(names)) {
      const [, value, rest] = new RegExp(`^${name}\\t (0x[0-9a-f]{8}) (.*)$`, 'm').exec(answers.lapic[cpu]!)!;
      const field = fieldAt(deviceNamed(stream, 'apic', cpu), `lvt / [${index}]`);
      expect(field.value, name).toBe(BigInt(value!));
      expect(field.words!.includes('masked'), name).toBe(rest!.includes('masked'));
      for (const mode of ['NMI', 'ExtINT', 'one-shot']) expect(field.words!.includes(mode), `${name} ${mode}`).toBe(rest!.includes(mode));
    }
    expect(words('apic', 'spurious_vec', cpu)).toBe(
      `vector 0xff, APIC software-${/SPIV.*APIC enabled/.test(answers.lapic[cpu]!) ? 'enabled' : 'disabled'}`,
    );
    expect([words('apic', 'isr', cpu), words('apic', 'irr', cpu)]).toEqual(['no vector in service', 'no vector pending']);
  });

  it('the boot CPU is the first, and only it', () => {
    expect(words('apic', 'apicbase', 0)).toBe('xAPIC at 0xfee00000, boot CPU');
    expect(words('apic', 'apicbase', 1)).toBe('xAPIC at 0xfee00000');
  });
});

describe('clocks', () => {
  it("the real-time clock shows QEMU's own date and time", () => {
    const { tm_year, tm_mon, tm_mday, tm_hour, tm_min, tm_sec } = answers.rtc;
    const two = (number: number) => String(number).padStart(2, '0');
    const expected = `${1900 + tm_year}-${two(tm_mon + 1)}-${two(tm_mday)} ${two(tm_hour)}:${two(tm_min)}:${two(tm_sec)} by the guest's clock`;
    expect(words('mc146818rtc', 'cmos_data')).toBe(expected);
  });

  it('hours of twelve and binary registers are read as the guest set them', () => {
    const cmos = new Uint8Array(128);
    const set = (values: Record<number, number>) => Object.entries(values).forEach(([at, value]) => (cmos[Number(at)] = value));
    set({ 0: 0x30, 2: 0x15, 4: 0x81, 7: 0x24, 8: 0x12, 9: 0x26, 0x32: 0x20, 0x0b: 0 });
    expect(clockTime(cmos)).toBe('2026-12-24 13:15:30');
    set({ 4: 0x12 });
    expect(clockTime(cmos)).toBe('2026-12-24 00:15:30');
    set({ 0: 30, 2: 15, 4: 23, 7: 24, 8: 12, 9: 26, 0x32: 20, 0x0b: 6 });
    expect(clockTime(cmos)).toBe('2026-12-24 23:15:30');
    set({ 8: 13 });
    expect(clockTime(cmos)).toBeUndefined();
  });

  it.each([
    [999n, '999 ns'],
    [1500n, '1.5 µs'],
    [-2_000_000n, '-2 ms'],
    [8_384_901_943n, '8.384 s'],
    [93_784_000_000_000n, '1 d 2 h 3 min 4 s'],
  ])('%i ns is %s', (nanoseconds, text) => expect(durationWords(nanoseconds)).toBe(text));
});

describe('PCI configuration', () => {
  /** Address, ids, IRQ and base addresses of every function in `info pci`. */
  const functions = answers.pci
    .split(/^ {2}Bus/m)
    .slice(1)
    .map((text) => {
      const [, bus, device, fn] = /^ *(\d+), device *(\d+), function (\d+)/.exec(text)!;
      return {
        bus: Number(bus),
        slot: `${Number(device).toString(16).padStart(2, '0')}.${fn}`,
        ids: /PCI device ([0-9a-f]{4}:[0-9a-f]{4})/.exec(text)![1]!,
        irq: /IRQ (\d+)/.exec(text)?.[1],
        bars: [...text.matchAll(/BAR(\d): (32 bit|64 bit|I\/O)(?: (prefetchable))?.* at (0x[0-9a-f]+) /g)].map(
          ([, bar, kind, prefetchable, address]) => {
            const place = kind === 'I/O' ? `I/O ports at 0x${Number(address).toString(16)}` : `memory at ${address}`;
            return [`BAR ${bar}`, `${place}${kind === '64 bit' ? ', 64-bit' : ''}${prefetchable ? ', prefetchable' : ''}`];
          },
        ),
      };
    });
  const parents: Record<number, string> = { 0: '', 1: '03.0:', 2: '08.0:' };
  const devices = listDevices(stream.source, stream.devices);
  it('QEMU listed every function that is looked at', () => expect(functions).toHaveLength(12));

  it.each(functions)('of bus $bus slot $slot ($ids) says its addresses', ({ bus, slot, ids, irq, bars }) => {
    const found = devices.find(({ name }) => name.startsWith(`0000:00:${parents[bus]}${slot}/`) && !name.includes('/1/'));
    const device = deviceNamed(stream, found!.name);
    const isConfig = ({ type }: { type: string }) => type === 'pci config';
    const search = (rows: typeof device.fields): (typeof rows)[number] | undefined =>
      rows.find(isConfig) ?? rows.map(({ children }) => search(children ?? [])).find(Boolean);
    const config = search(device.fields)!;
    expect(config.words).toContain(`(${ids})`);
    const named = Object.fromEntries((config.children ?? []).map(({ name, words: said }) => [name, said]));
    expect(named).toMatchObject(Object.fromEntries(bars));
    if (irq) expect(named['interrupt line']).toBe(`IRQ ${irq}`);
  });

  it('a list of capabilities that runs in a circle ends', () => {
    const config = new Uint8Array(256);
    config.set([0x10], 6);
    config.set([0x40], 0x34);
    config.set([0x05, 0x40], 0x40);
    expect(listCapabilities(config).length).toBeLessThanOrEqual(48);
  });

  it('an express function has its 4096 bytes', () => {
    expect(fieldAt(deviceNamed(stream, '0000:00:03.0:00.0/virtio-net'), 'virtio / pci / config').size).toBe(4096);
  });
});

describe('virtio devices', () => {
  it.each([
    ['0000:00:06.0/virtio-blk', 'blk'],
    ['0000:00:03.0:00.0/virtio-net', 'net'],
  ] as const)("%s: queues as QEMU's query told them", (name, id) => {
    const device = deviceNamed(stream, name);
    for (const [index, queue] of answers.queues[id].entries()) {
      const field = (path: string) => Number(fieldAt(device, `virtio / vq / [${index}] / ${path}`).value);
      const address = (path: string) => Number(fieldAt(device, `virtio / virtio/virtqueues / vq / [${index}] / ${path}`).value);
      expect([field('num'), field('desc'), field('last_avail_idx')]).toEqual([queue['vring-num'], queue['vring-desc'], queue['last-avail-idx']]);
      expect([address('avail'), address('used')]).toEqual([queue['vring-avail'], queue['vring-used']]);
    }
  });
});

describe('the machine', () => {
  it('says how the guest stood', () => {
    expect(words('globalstate', 'runstate')).toBe(`${answers.status.status}: stopped on request`);
  });

  it('titles every device of the fixture', () => {
    expect(listDevices(stream.source, stream.devices).filter(({ title }) => title === undefined)).toEqual([]);
  });

  it.each([
    ['0000:00:02.0:00.0/virtio-net', 0, 'Virtio network card at 00:02.0 → 00.0', 'network'],
    ['0001:00:1f.2/ich9_ahci', 0, 'AHCI SATA controller at 0001:00:1f.2', 'storage'],
    ['0000:00:09.0/no-such', 0, 'PCI device at 00:09.0', 'pci'],
    ['0000:00:05.0/1/usb-ptr', 0, 'USB input device at 00:05.0', 'input-output'],
    ['spapr/rtc', 0, 'Real-time clock of a pseries machine', 'clocks'],
    ['nvram@71000001/spapr_nvram', 0, 'NVRAM', 'machine'],
    ['no-such', 3, undefined, 'other'],
    ['constructor', 0, undefined, 'other'],
  ])('%s is %s', (name, instance, title, group) => {
    expect(deviceTitle({ name, instance }, undefined)).toEqual({ ...(title === undefined ? {} : { title }), group });
  });

  it('a local APIC belongs to the CPU it stands with, whatever its APIC id', () => {
    const section = (name: string, instance: number) => ({ id: 0, name, instance, version: 3, kind: 4, start: 0, end: 0 });
    const sections = [section('cpu', 0), section('apic', 0), section('cpu', 1), section('apic', 4)];
    expect(listDevices(stream.source, { sections }).map(({ title }) => title)).toEqual([
      'CPU 0: registers',
      'Local APIC of CPU 0',
      'CPU 1: registers',
      'Local APIC of CPU 1',
    ]);
  });
});
