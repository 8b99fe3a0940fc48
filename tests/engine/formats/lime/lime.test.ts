/** LiME images: what is held, what is not, and files that lie. */
import { describe, expect, it } from 'vitest';
import { fixtureBytes, loadsOf, openBytes } from '../open-bytes.ts';
import { limeHeader, writeLime, type LimeRange } from './write-lime.ts';

const filled = (length: number, fill: number) => new Uint8Array(length).fill(fill);
const statesAt = (opened: ReturnType<typeof openBytes>, addresses: number[]) => addresses.map((address) => opened.memory.stateAt(address));
const codes = ({ dump }: ReturnType<typeof openBytes>) => dump.diagnostics.map(({ code }) => code);

/** Memory of the tiny guest as /proc/iomem of a PC lists it. */
function tinyRanges(): LimeRange[] {
  const elf = fixtureBytes('tiny/paging-off.elf');
  const { offset } = loadsOf(elf).find(({ physical }) => physical === 0)!;
  const cut = (start: number, end: number) => ({ start, bytes: elf.subarray(offset + start, offset + end) });
  return [cut(0x1000, 0x9f000), cut(0x100000, 0x800000)];
}

describe('the tiny guest as LiME writes it', () => {
  const ranges = tinyRanges();
  const opened = openBytes(writeLime(ranges), 'tiny.lime');

  it('has the same memory, byte for byte, and nothing between the ranges', () => {
    for (const { start, bytes } of ranges) expect(Buffer.compare(opened.memory.readExact(start, bytes.length), bytes)).toBe(0);
    expect(statesAt(opened, [0, 0xfff, 0x1000, 0x9efff, 0x9f000, 0xfffff, 0x7fffff, 0x800000])).toEqual([
      'absent',
      'absent',
      'present',
      'present',
      'absent',
      'absent',
      'present',
      'absent',
    ]);
  });

  it('is told from its magic, with its ranges as the proven map and no CPUs', () => {
    expect(opened.dump).toMatchObject({ format: 'lime', formatTitle: 'LiME memory image', cpus: [], blocks: [] });
    expect(opened.dump.sentence).toContain('in 2 ranges');
    expect(opened.dump.regions.map(({ start, last, evidence }) => [start, last, evidence.strength])).toEqual([
      [0x1000, 0x9efff, 'proven'],
      [0x100000, 0x7fffff, 'proven'],
    ]);
  });

  it('is known as x86-64 by its page tables, with the root that CR3 of CPU 0 holds', () => {
    expect(opened.dump.architecture).toBe('x86-64');
    expect(opened.dump.facts.map(({ label }) => label)).toContain('Page table root found at 0x200000');
    expect(codes(opened)).toEqual(['architecture-guessed']);
  });
});

describe('ranges', () => {
  it('a page that a range covers in part, and that LiME filled with zeros, is excluded; one with content is what it is', () => {
    const part = filled(0x1c00, 5).fill(0, 0x1000);
    const opened = openBytes(
      writeLime([
        { start: 0x10000, bytes: part },
        { start: 0x20000, bytes: filled(0x1c00, 6) },
      ]),
    );
    expect(statesAt(opened, [0x10fff, 0x11000, 0x11bff, 0x11c00, 0x21bff, 0x21c00])).toEqual([
      'present',
      'excluded',
      'excluded',
      'absent',
      'present',
      'absent',
    ]);
  });

  it('may come in any order, and touch', () => {
    const opened = openBytes(
      writeLime([
        { start: 0x3000, bytes: filled(0x1000, 3) },
        { start: 0x1000, bytes: filled(0x1000, 1) },
        { start: 0x2000, bytes: filled(0x1000, 2) },
      ]),
    );
    expect(opened.dump.regions.map(({ start, last }) => [start, last])).toEqual([[0x1000, 0x3fff]]);
    expect([...opened.memory.readExact(0x1fff, 2), ...opened.memory.readExact(0x2fff, 2)]).toEqual([1, 2, 2, 3]);
  });

  it('that overlap are told: the first is kept', () => {
    const opened = openBytes(
      writeLime([
        { start: 0x1000, bytes: filled(0x2000, 1) },
        { start: 0x2000, bytes: filled(0x2000, 2) },
        { start: 0x8000, bytes: filled(0x1000, 3) },
      ]),
    );
    expect(codes(opened)).toContain('ranges-overlap');
    expect(statesAt(opened, [0x2fff, 0x3000, 0x8000])).toEqual(['present', 'absent', 'present']);
    expect([...opened.memory.readExact(0x2000, 1), ...opened.memory.readExact(0x8000, 1)]).toEqual([1, 3]);
  });

  it('cut short are absent beyond the end of the file, and said to be lost', () => {
    const whole = writeLime([
      { start: 0x1000, bytes: filled(0x1000, 1) },
      { start: 0x4000, bytes: filled(0x4000, 2) },
    ]);
    const opened = openBytes(whole.subarray(0, whole.length - 0x1800));
    expect(statesAt(opened, [0x67ff, 0x6800, 0x7fff])).toEqual(['present', 'absent', 'absent']);
    expect(opened.dump.diagnostics.find(({ code }) => code === 'file-truncated')?.message).toContain('6 KiB');
  });

  it('followed by something else end there; the rest of a block of zeros is none of it', () => {
    const range = writeLime([{ start: 0x1000, bytes: filled(0x1000, 1) }]);
    expect(codes(openBytes(Buffer.concat([range, new Uint8Array(20)])))).toEqual(['architecture-unknown']);
    expect(codes(openBytes(Buffer.concat([range, filled(100, 9)])))).toEqual(['ranges-unread', 'architecture-unknown']);
  });
});

describe('a first header that lies is refused with its field', () => {
  const open = (header: Uint8Array) => () => openBytes(Buffer.concat([header, filled(64, 1)]), 'x.lime');
  it.each([
    ['a range that ends before it starts', limeHeader(0x2000, 0x1fff - 1), 'x.lime: LiME range header e_addr at 0x10'],
    ['an address that no CPU has', limeHeader(2 ** 52, 2 ** 52 + 1), 's_addr at 0x8: expected an address below 2^52'],
    ['a length that no file has', limeHeader(0, Number.MAX_SAFE_INTEGER), 'e_addr at 0x10'],
  ])('%s', (_, header, message) => expect(open(header)).toThrow(message));

  it('another version is not taken for one', () => {
    expect(open(limeHeader(0, 63, undefined, 2))).toThrow('no known dump format');
  });
});

it('a file of a million ranges of one byte is read up to a bound', { timeout: 30_000 }, () => {
  const count = 2 ** 20 + 10;
  const bytes = new Uint8Array(count * 33);
  for (let index = 0; index < count; index++) {
    const view = new DataView(bytes.buffer, index * 33, 33);
    view.setUint32(0, 0x4c694d45, true);
    view.setUint32(4, 1, true);
    view.setUint32(8, index, true);
    view.setUint32(16, index, true);
  }
  const opened = openBytes(bytes);
  expect(codes(opened)).toContain('ranges-unread');
  expect(opened.dump.regions).toHaveLength(1);
});

it('a file of ranges that nothing joins is read up to a bound', { timeout: 30_000 }, () => {
  const count = 2 ** 16 + 10;
  const bytes = new Uint8Array(count * 33);
  for (let index = 0; index < count; index++) {
    const view = new DataView(bytes.buffer, index * 33, 33);
    view.setUint32(0, 0x4c694d45, true);
    view.setUint32(4, 1, true);
    // From the top down: the worst order for a sorted list.
    const address = 2 * (count - index);
    view.setUint32(8, address, true);
    view.setUint32(16, address, true);
  }
  const opened = openBytes(bytes);
  expect(codes(opened)).toContain('ranges-unread');
  expect(opened.dump.regions).toHaveLength(2 ** 16);
});
