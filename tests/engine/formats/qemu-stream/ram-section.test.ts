/** RAM sections of every form, written here from a real guest's memory. */
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '#shared/model/diagnostic.ts';
import { differencesFromElf, fixtureBytes, openBytes, openFixture } from '../open-bytes.ts';
import { blocksOf, END, EOS, FULL, MEM_SIZE, PAGE, START, StreamWriter, writeBlockList, writePages, type SourceBlock } from './stream-writer.ts';

const tiny = openFixture('tiny/stream.qevm');
const blocks = blocksOf(tiny);
const main = blocks.find(({ name }) => name === 'pc.ram')!;
const codes = (dump: { diagnostics: { code: string }[] }) => dump.diagnostics.map(({ code }) => code);
const recordsOf = (dump: { facts: { label: string; value: string }[] }) => dump.facts.find(({ label }) => label === 'RAM records')?.value;

/** What is lost of memory; these streams hold no CPUs. */
const lossesOf = (dump: { diagnostics: Diagnostic[] }) =>
  dump.diagnostics.filter(({ severity, code }) => severity === 'data-loss' && code !== 'no-cpus');

/** A block of `pages` pages, each with its number all over. */
function numbered(name: string, pages: number): SourceBlock {
  const bytes = new Uint8Array(pages * PAGE).map((_, at) => (at % PAGE === 0 ? 0xee : Math.floor(at / PAGE)));
  return { name, length: bytes.length, bytes };
}

/** A stream of one RAM section and nothing else, up to its end. */
function ramStream(write: (writer: StreamWriter) => void, version = 4): StreamWriter {
  const writer = new StreamWriter().header().section(START, 2, 'ram', version);
  write(writer);
  return writer.u64(EOS).part(END, 2).u64(EOS).eof();
}

describe('version 3 (QEMU up to 0.12): flat addresses, no blocks', () => {
  const total = blocks.reduce((sum, { length }) => sum + length, 0);
  const stream = () =>
    ramStream((writer) => {
      writer.u64(total + MEM_SIZE);
      let at = 0;
      for (const block of [main, ...blocks.filter((each) => each !== main)]) {
        writePages(writer, block, at);
        at += block.length;
      }
    }, 3);

  it('memory below the ROMs is that of the guest, byte for byte', () => {
    const { memory, dump } = openBytes(stream().bytes());
    expect(Buffer.compare(memory.readExact(0, main.length), main.bytes)).toBe(0);
    expect(dump.blocks).toMatchObject([{ name: 'RAM (flat)', length: total }]);
    expect(codes(dump)).toContain('unknown-machine');
    expect(dump.regions.every(({ evidence }) => evidence.strength === 'guessed')).toBe(true);
  });

  it('pages of one byte value throughout are that value, not zero', () => {
    const bytes = ramStream(
      (writer) =>
        writer
          .u64(4 * PAGE + MEM_SIZE)
          .u64(0x02)
          .u8(0xcc)
          .u64(PAGE + 0x02)
          .u8(0xcc)
          .u64(2 * PAGE + 0x02)
          .u8(0),
      3,
    ).bytes();
    const { memory, dump } = openBytes(bytes);
    expect([memory.stateAt(0), memory.stateAt(PAGE), memory.stateAt(2 * PAGE), memory.stateAt(3 * PAGE)]).toEqual([
      'present',
      'present',
      'zero',
      'absent',
    ]);
    expect(memory.readExact(PAGE, 4)).toEqual(Uint8Array.of(0xcc, 0xcc, 0xcc, 0xcc));
    expect(recordsOf(dump)).toBe('3 zero');
  });

  it('memory above 3.5 GiB goes on at 4 GiB', () => {
    const { memory, dump } = openBytes(
      ramStream(
        (writer) =>
          writer
            .u64(2 ** 32 + MEM_SIZE)
            .u64(0xe000_0000 + 0x02)
            .u8(7),
        3,
      ).bytes(),
    );
    expect(dump.regions.map(({ start, last }) => [start, last])).toEqual([
      [0, 0xdfff_ffff],
      [2 ** 32, 2 ** 32 + 0x1fff_ffff],
    ]);
    expect(memory.readExact(2 ** 32, 1)[0]).toBe(7);
  });

  it('a page before the size of RAM, and version 5, are refused', () => {
    expect(() => openBytes(ramStream((writer) => writer.u64(0x02).u8(0), 3).bytes())).toThrow('expected the size of RAM before the first page');
    expect(() => openBytes(ramStream(() => undefined, 5).bytes())).toThrow('RAM section version');
  });
});

describe('the record FULL of 2009: all of RAM as one zlib stream', () => {
  it('is passed over: what follows is right, the rest corrupt, and the user told', () => {
    const zlib = deflateSync(Buffer.alloc(50_000, 'x').map((_, at) => at * at));
    const bytes = ramStream((writer) => {
      writer.u64(4 * PAGE + MEM_SIZE).u64(0x01);
      for (let at = 0; at < zlib.length; at += 4096)
        writer
          .u16(0xfabe)
          .u16(zlib.subarray(at, at + 4096).length)
          .raw(zlib.subarray(at, at + 4096));
      writer.u64(PAGE + 0x02).u8(3);
    }, 3).bytes();
    const { memory, dump } = openBytes(bytes);
    expect([0, 1, 2, 3].map((page) => memory.stateAt(page * PAGE))).toEqual(['corrupt', 'present', 'corrupt', 'corrupt']);
    expect(codes(dump)).toContain('ram-record-full');
  });
});

describe('lists of blocks (version 4)', () => {
  const node0 = numbered('ram-node0', 512);
  const node1 = numbered('ram-node1', 16);
  const all = [node0, node1, numbered('pc.bios', 32)];
  const huge = (sizes: Record<string, number>) =>
    ramStream((writer) => {
      writeBlockList(writer, all, (into, { name }) => sizes[name] !== undefined && into.u64(sizes[name]));
      for (const block of all) writePages(writer, block);
    }).bytes();

  function expectAll(bytes: Uint8Array): void {
    const opened = openBytes(bytes);
    expect(lossesOf(opened.dump)).toEqual([]);
    expect(
      blocksOf(opened).map(({ name, length, bytes: held }) => [name, length, Buffer.compare(held, all.find((each) => each.name === name)!.bytes)]),
    ).toEqual(all.map(({ name, length }) => [name, length, 0]));
  }

  it('blocks in any number are read in order', () => expectAll(huge({})));

  it.each([65536, 2 ** 21, 2 ** 30, 2 ** 34])('page sizes (postcopy) of some blocks or all are told from what follows: %d', (size) => {
    expectAll(huge({ 'ram-node0': size }));
    expectAll(huge({ 'ram-node1': size }));
    expectAll(huge({ 'pc.bios': size }));
    expectAll(huge({ 'ram-node0': size, 'ram-node1': size, 'pc.bios': size }));
  });

  /** The same with x-ignore-shared, whose addresses may be powers of two as well. */
  const withAddresses = (address: number, sizes: Record<string, number>) => {
    const writer = new StreamWriter().header().configuration('pc-i440fx-7.2');
    writer.subsection('configuration/capabilities').u32(1).name('x-ignore-shared');
    writer.section(START, 2, 'ram', 4);
    writeBlockList(writer, all, (into, { name }) => {
      if (sizes[name] !== undefined) into.u64(sizes[name]);
      into.u64(address);
    });
    for (const block of all) writePages(writer, block);
    return writer.u64(EOS).footer(2).part(END, 2).u64(EOS).footer(2).eof().bytes();
  };

  it.each([0, 0x4000_0000, 2 ** 21, 0xfffc_0000, 2 ** 40])('addresses (x-ignore-shared) with page sizes or without are told apart: %d', (address) => {
    expectAll(withAddresses(address, {}));
    expectAll(withAddresses(address, { 'ram-node1': 2 ** 21 }));
    expectAll(withAddresses(address, { 'ram-node0': 2 ** 21, 'pc.bios': 2 ** 30 }));
  });

  it.each([
    [
      'a block without a name',
      (writer: StreamWriter) =>
        writer
          .u64(PAGE + MEM_SIZE)
          .name('')
          .u64(PAGE),
      'block name',
    ],
    [
      'a block of no length',
      (writer: StreamWriter) =>
        writer
          .u64(PAGE + MEM_SIZE)
          .name('a')
          .u64(0),
      'length of block "a"',
    ],
    [
      'a block longer than all',
      (writer: StreamWriter) =>
        writer
          .u64(PAGE + MEM_SIZE)
          .name('a')
          .u64(2 * PAGE),
      'length of block "a"',
    ],
    [
      'a page beyond its block',
      (writer: StreamWriter) =>
        writer
          .u64(PAGE + MEM_SIZE)
          .name('a')
          .u64(PAGE)
          .u64(PAGE + 8)
          .name('a'),
      'page address',
    ],
    [
      'a page of a block that is not listed',
      (writer: StreamWriter) =>
        writer
          .u64(PAGE + MEM_SIZE)
          .name('a')
          .u64(PAGE)
          .u64(8)
          .name('b'),
      'block name',
    ],
    [
      'a CONTINUE before any name',
      (writer: StreamWriter) =>
        writer
          .u64(PAGE + MEM_SIZE)
          .name('a')
          .u64(PAGE)
          .u64(0x28),
      'record flags',
    ],
    [
      'two flags at once',
      (writer: StreamWriter) =>
        writer
          .u64(PAGE + MEM_SIZE)
          .name('a')
          .u64(PAGE)
          .u64(0x0a)
          .name('a'),
      'record flags',
    ],
  ])('%s is damage that is named', (_, write, field) => {
    let message: string;
    try {
      message = openBytes(ramStream((writer) => void write(writer)).bytes())
        .dump.diagnostics.map((diagnostic) => diagnostic.message)
        .join('\n');
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain(field);
  });
});

describe('several passes', () => {
  const block = numbered('pc.ram', 64);
  const stream = (...passes: ((writer: StreamWriter) => void)[]) =>
    ramStream((writer) => {
      writeBlockList(writer, [block]);
      writePages(writer, block);
      for (const pass of passes) pass(writer);
    }).bytes();
  const delta =
    (page: number, ...bytes: number[]) =>
    (writer: StreamWriter) => {
      writer
        .u64(page * PAGE + 0x40)
        .name('pc.ram')
        .u8(1)
        .u16(bytes.length)
        .raw(bytes);
    };

  it('later copies win, whatever their form; deltas apply to the copy before', () => {
    const compressed = deflateSync(Buffer.alloc(PAGE, 0x77));
    const { memory, dump } = openBytes(
      stream(
        (writer) =>
          writer
            .u64(5 * PAGE + 0x02)
            .name('pc.ram')
            .u8(0x11),
        (writer) =>
          writer
            .u64(6 * PAGE + 0x100 + 0x20)
            .u32(compressed.length)
            .raw(compressed),
        delta(7, 2, 1, 0x99),
        delta(5, 0, 1, 0x22),
        delta(5, 3, 1, 0x33),
      ),
    );
    expect(memory.readExact(5 * PAGE, 5)).toEqual(Uint8Array.of(0x22, 0x11, 0x11, 0x33, 0x11));
    expect(memory.readExact(6 * PAGE, 2)).toEqual(Uint8Array.of(0x77, 0x77));
    expect(memory.readExact(7 * PAGE, 4)).toEqual(Uint8Array.of(0xee, 7, 0x99, 7));
    expect(recordsOf(dump)).toBe('64 page, 1 zero, 3 xbzrle, 1 compressed');
  });

  it.each([
    ['runs beyond the page', [0xff, 0x7f, 1, 0]],
    ['of a run of no new bytes', [1, 0]],
    ['that ends inside a run', [0, 5, 1, 2]],
  ])('a malformed delta (%s) makes its page corrupt, not stale, until a later copy', (_, bytes) => {
    const { memory, dump } = openBytes(stream(delta(5, ...bytes), delta(6, ...bytes), (writer) => writer.u64(6 * PAGE + 0x22).u8(0)));
    expect([memory.stateAt(5 * PAGE), memory.stateAt(6 * PAGE), memory.stateAt(7 * PAGE)]).toEqual(['corrupt', 'zero', 'present']);
    expect(codes(dump)).toContain('deltas-malformed');
  });

  it('a delta upon a malformed one is corrupt as well', () => {
    const { memory } = openBytes(stream(delta(5, 1, 0), delta(5, 0, 1, 0x22)));
    expect(memory.stateAt(5 * PAGE)).toBe('corrupt');
  });

  it('RDMA and multifd marks hold no pages', () => {
    const { dump, memory } = openBytes(stream((writer) => writer.u64(0x80).u64(0x200)));
    expect(memory.readExact(PAGE, 2)).toEqual(Uint8Array.of(0xee, 1));
    expect(lossesOf(dump)).toEqual([]);
  });

  it('memory that went over connections of its own is absent, with the reason', () => {
    const { dump } = openBytes(ramStream((writer) => (writeBlockList(writer, [block]), writer.u64(0x200))).bytes());
    expect(dump.diagnostics.find(({ code }) => code === 'block-incomplete')?.consequence).toContain('multifd');
  });
});

describe('mapped-ram', () => {
  const block = numbered('pc.ram', 64);
  const shared = numbered('shared', 64);
  /** Headers written as QEMU does; `left` says how the block that was left out is written. */
  function stream(left: (writer: StreamWriter) => void): Uint8Array {
    const writer = new StreamWriter().header().configuration('pc-i440fx-10.0');
    writer.subsection('configuration/capabilities').u32(2).name('mapped-ram').name('x-ignore-shared').section(START, 2, 'ram', 4);
    writer
      .u64(128 * PAGE + MEM_SIZE)
      .name('shared')
      .u64(shared.length)
      .u64(0);
    left(writer);
    writer.name('pc.ram').u64(block.length).u64(0).u32(1).u64(PAGE);
    const bitmap = writer.length + 16;
    const pages = Math.ceil((bitmap + 8) / 2 ** 20) * 2 ** 20;
    writer
      .u64(bitmap)
      .u64(pages)
      .raw(new Uint8Array(8).fill(0xff))
      .raw(new Uint8Array(pages - bitmap - 8))
      .raw(block.bytes);
    return writer.u64(EOS).footer(2).part(END, 2).u64(EOS).footer(2).eof().bytes();
  }

  it.each([
    ['by QEMU 11: offsets of 0', (writer: StreamWriter) => void writer.u32(1).u64(PAGE).u64(0).u64(0)],
    [
      'by QEMU 10: a place, and an empty bitmap',
      (writer: StreamWriter) => {
        const bitmap = writer.length + 28;
        const pages = Math.ceil((bitmap + 8) / 2 ** 20) * 2 ** 20;
        writer
          .u32(1)
          .u64(PAGE)
          .u64(bitmap)
          .u64(pages)
          .raw(new Uint8Array(pages - bitmap + shared.length));
      },
    ],
  ])('a block that was left out (%s) is absent, never zero', (_, left) => {
    const { dump, memory } = openBytes(stream(left));
    expect(dump.diagnostics.filter(({ code }) => code === 'block-incomplete').map(({ message }) => message)).toEqual([
      'RAM block shared: 256 KiB of 256 KiB are not in the stream.',
    ]);
    expect(dump.blocks.map(({ name }) => name)).toEqual(['shared', 'pc.ram']);
    const place = dump.regions.find((region) => region.block === 1);
    if (place) expect(memory.readExact(place.start + PAGE - place.blockOffset, 2)).toEqual(Uint8Array.of(0xee, 1));
  });

  it('page records have no place in it: the stream is damaged there', () => {
    const bytes = stream((writer) => void writer.u32(1).u64(PAGE).u64(0).u64(0));
    const at = Buffer.from(bytes).lastIndexOf(Buffer.from([0, 0, 0, 0, 0, 0, 0, EOS, 0x7e, 0, 0, 0, 2, END]));
    bytes[at + 7] = 0x02;
    expect(codes(openBytes(bytes).dump)).toContain('stream-damaged');
  });
});

it('FULL and START sections alike may hold RAM, and its end is told by the records', () => {
  const writer = new StreamWriter().header().section(FULL, 0, 'ram', 4);
  writeBlockList(writer, [main]);
  writePages(writer, main);
  const { memory } = openBytes(writer.u64(EOS).eof().bytes());
  const differences = differencesFromElf(memory, fixtureBytes('tiny/paging-off.elf')).filter(
    (difference) => Number(difference.split(':')[0]) < 0xa0000,
  );
  expect(differences).toEqual([]);
});
