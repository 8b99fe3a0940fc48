/** What stands around memory and devices in a stream, in every form, written here around a real guest's device states. */
import { describe, expect, it } from 'vitest';
import { openBytes, openFixture } from '../open-bytes.ts';
import { END, EOS, FULL, MEM_SIZE, PAGE, PART, payloadOf, ramOf, START, StreamWriter } from './stream-writer.ts';

const guest = openFixture('tiny/stream.qevm');
const RAM = 2;
const PACKAGED = 7;
const RAM_DISCARD = 6;
const codes = (dump: { diagnostics: { code: string }[] }) => dump.diagnostics.map(({ code }) => code);
const factOf = (dump: { facts: { label: string; value: string }[] }, label: string) => dump.facts.find((fact) => fact.label === label)?.value;
const sectionsOf = (dump: { devices?: { sections: { name: string }[] } }) => dump.devices!.sections.map(({ name }) => name);

/** Two pages of RAM, the second of them ones. */
function ram(writer: StreamWriter, footers: boolean): StreamWriter {
  writer
    .section(START, RAM, 'ram', 4)
    .u64(2 * PAGE + MEM_SIZE)
    .name('pc.ram')
    .u64(2 * PAGE);
  writer
    .u64(0x02)
    .name('pc.ram')
    .u8(0)
    .u64(PAGE + 0x22)
    .u8(1)
    .u64(EOS);
  if (footers) writer.footer(RAM);
  writer.part(END, RAM).u64(EOS);
  return footers ? writer.footer(RAM) : writer;
}

function device(writer: StreamWriter, id: number, name: string, version: number, footers: boolean, payload = payloadOf(guest, name)): StreamWriter {
  writer.section(FULL, id, name, version).raw(payload);
  return footers ? writer.footer(id) : writer;
}

/** The sections of one CPU. */
function cpu(writer: StreamWriter, footers: boolean): StreamWriter {
  device(writer, 10, 'timer', 2, footers);
  device(writer, 11, 'cpu_common', 1, footers);
  device(writer, 12, 'cpu', 12, footers);
  return device(writer, 13, 'apic', 3, footers);
}
const CPU = ['timer', 'cpu_common', 'cpu', 'apic'];
const configured = () => new StreamWriter().header().configuration('pc-i440fx-7.2');

describe('sections before RAM (early_setup, QEMU 8.0)', () => {
  it('of a device that nothing describes are passed by their footers', () => {
    const writer = configured();
    device(
      writer,
      0,
      '0000:00:05.0/virtio-mem-early',
      1,
      true,
      Uint8Array.from({ length: 100 }, (_, at) => at),
    );
    device(writer, 1, 'virtio-mem-device-early', 1, true, new Uint8Array(9));
    const opened = openBytes(cpu(ram(writer, true), true).eof().bytes());
    const { dump } = opened;
    expect(sectionsOf(dump)).toEqual(['0000:00:05.0/virtio-mem-early', 'virtio-mem-device-early', ...CPU]);
    expect(dump.devices!.sections[0]!.end - dump.devices!.sections[0]!.start).toBe(100);
    expect(ramOf(opened).readExact(PAGE, 1)[0]).toBe(1);
    expect(dump.cpus[0]!.registers.rip!.value).toBe(guest.dump.cpus[0]!.registers.rip!.value);
  });
});

describe('configuration', () => {
  it('an unknown subsection is passed and named, wherever it stands', () => {
    const writer = configured();
    writer.subsection('configuration/new-thing').u32(7).text('whatever it holds').subsection('configuration/uuid').raw(new Uint8Array(16).fill(0xab));
    writer.subsection('configuration/newer-thing').u64(9);
    const { dump } = openBytes(cpu(ram(writer, true), true).eof().bytes());
    expect(factOf(dump, 'UUID')).toBe('abababab-abab-abab-abab-abababababab');
    expect(factOf(dump, 'Not read of the configuration')).toBe('configuration/new-thing, configuration/newer-thing');
    expect(sectionsOf(dump)).toEqual(CPU);
  });

  it('a subsection of something else is refused by name', () => {
    const writer = configured().subsection('elsewhere/thing').u32(1);
    expect(() => openBytes(ram(writer, true).eof().bytes())).toThrow('found "elsewhere/thing"');
  });

  it('footers may be switched off all the same', () => {
    const { dump } = openBytes(cpu(ram(configured(), false), false).eof().bytes());
    expect([sectionsOf(dump), codes(dump)]).toEqual([CPU, expect.not.arrayContaining(['stream-damaged'])]);
  });
});

describe('commands', () => {
  it('are passed by their length, known or not, and told', () => {
    const writer = configured().command(1).command(2, [0, 0, 0, 1]).command(30, [1, 2, 3, 4, 5]);
    ram(writer, true).command(11).command(2, [0, 0, 0, 2]);
    const { dump } = openBytes(cpu(writer, true).eof().bytes());
    expect(factOf(dump, 'Commands')).toBe('open return path, ping (2), number 30, switchover start');
    expect(sectionsOf(dump)).toEqual(CPU);
  });

  it.each([
    ['as QEMU writes it: sections alone', (inner: StreamWriter) => cpu(inner, true)],
    ['with a header of its own', (inner: StreamWriter) => cpu(inner.header(), true)],
    ['with a header, a configuration and an end', (inner: StreamWriter) => cpu(inner.header().configuration('pc-i440fx-7.2'), true).eof()],
  ])('a package (%s) is read in place, and the stream goes on after it', (_, fill) => {
    const inner = fill(new StreamWriter()).bytes();
    const writer = ram(configured(), true)
      .command(PACKAGED, [0, 0, inner.length >> 8, inner.length & 0xff])
      .raw(inner);
    writer
      .part(PART, RAM)
      .u64(PAGE + 0x02)
      .name('pc.ram')
      .u8(0x55)
      .u64(EOS)
      .footer(RAM);
    const opened = openBytes(writer.eof().bytes());
    const { dump } = opened;
    expect(sectionsOf(dump)).toEqual(CPU);
    expect(ramOf(opened).readExact(PAGE, 1)[0]).toBe(0x55);
    expect(dump.diagnostics.filter(({ severity }) => severity === 'data-loss')).toEqual([]);
  });

  it('pages that postcopy calls outdated are not shown as they were, unless they come again', () => {
    const discard = new StreamWriter()
      .u8(0)
      .name('pc.ram')
      .u8(0)
      .u64(0)
      .u64(2 * PAGE)
      .bytes();
    const writer = ram(configured(), true).command(RAM_DISCARD, discard);
    writer
      .part(PART, RAM)
      .u64(PAGE + 0x02)
      .name('pc.ram')
      .u8(0x55)
      .u64(EOS)
      .footer(RAM);
    const opened = openBytes(cpu(writer, true).eof().bytes());
    expect([ramOf(opened).stateAt(0), ramOf(opened).readExact(PAGE, 1)[0]]).toEqual(['corrupt', 0x55]);
  });
});

describe('streams without footers', () => {
  const old = () => new StreamWriter().header();

  it("RHEL 5's mark and an idle disk section are passed", () => {
    const writer = device(old(), 0, '__rhel5', 1, false, new Uint8Array(0));
    writer.section(START, 1, 'block', 1).u64(2);
    ram(writer, false).part(END, 1).u64(2);
    const { dump } = openBytes(cpu(writer, false).eof().bytes());
    expect(sectionsOf(dump)).toEqual(['__rhel5', 'block', 'block', ...CPU]);
    expect(dump.cpus).toHaveLength(1);
  });

  it('an unknown section ends where the next header starts, and the user is told that this is a guess', () => {
    const writer = ram(old(), false);
    device(
      writer,
      3,
      'mystery',
      4,
      false,
      Uint8Array.from({ length: 5000 }, (_, at) => (at % 251) ^ 4),
    );
    const { dump } = openBytes(cpu(writer, false).eof().bytes());
    expect(sectionsOf(dump)).toEqual(['mystery', ...CPU]);
    expect(dump.devices!.sections[0]!.end - dump.devices!.sections[0]!.start).toBe(5000);
    expect(codes(dump)).toContain('sections-guessed');
  });

  it('an unknown section at the end stops the reading there, with memory and CPUs shown', () => {
    const writer = cpu(ram(old(), false), false);
    device(writer, 20, 'mystery', 4, false, new Uint8Array(5000).fill(9));
    const opened = openBytes(writer.eof().bytes());
    const { dump } = opened;
    expect(sectionsOf(dump)).toEqual(CPU);
    const told = dump.diagnostics.find(({ code }) => code === 'section-unknown');
    expect(told?.message).toContain('section mystery (instance 0, version 4)');
    expect(told?.consequence).toBe('Memory and the 4 device sections before it are shown; what comes after it is missing.');
    expect(ramOf(opened).readExact(PAGE, 1)[0]).toBe(1);
  });

  it('an unknown section that saves in steps is never passed over by guess: RAM may follow', () => {
    const writer = old().section(START, 1, 'mystery', 1).raw(new Uint8Array(50).fill(3));
    expect(() => openBytes(cpu(ram(writer, false), false).eof().bytes())).toThrow('START section mystery');
  });
});

describe('captures of a multifd connection', () => {
  it('are known by name and refused with a hint', () => {
    const bytes = new StreamWriter().u32(0x11223344, 1).raw(new Uint8Array(56)).bytes();
    expect(() => openBytes(bytes, 'capture.bin')).toThrow('capture.bin: this is one of the connections of a multifd migration');
  });
});
