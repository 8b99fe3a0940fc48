/** AVML version 2 images: of the tiny guest, compressed by the crate that AVML uses (tests/fixtures/make-elf.py), and damaged. */
import { memoryOfDump } from '#engine/formats/dump-memory.ts';
import { describe, expect, it } from 'vitest';
import { wholeFile } from '#engine/formats/format.ts';
import { openDump } from '#engine/formats/registry.ts';
import { ExtentTable } from '#engine/memory/extent-table.ts';
import { ArraySource } from '../../memory/array-source.ts';
import { fixtureBytes, loadsOf, openBytes, SILENT } from '../open-bytes.ts';

const RANGES = [
  [0x1000, 0x9f000],
  [0x100000, 0x445000],
  [0x445000, 0x800000],
] as const;

const image = fixtureBytes('avml/tiny.avml');
const elf = fixtureBytes('tiny/paging-off.elf');
const { offset: ramOffset } = loadsOf(elf).find(({ physical }) => physical === 0)!;
const truth = (start: number, end: number) => elf.subarray(ramOffset + start, ramOffset + end);
/** With a family that is named, so that nobody looks for page tables. */
function openNamed(bytes: Uint8Array, name: string): ReturnType<typeof openBytes> {
  const source = new ArraySource(bytes, name);
  const dump = openDump(source, { ...wholeFile(source, SILENT), architecture: 'arm64' });
  return { dump, source, memory: memoryOfDump(dump, source) };
}

const codes = ({ dump }: ReturnType<typeof openBytes>) => dump.diagnostics.map(({ code }) => code);

/** Offsets of the range headers and of the length behind the first stream. */
const headers = Array.from({ length: image.length - 32 }, (_, at) => at).filter(
  (at) => image[at] === 0x41 && Buffer.from(image.subarray(at, at + 8)).equals(Buffer.from('41564d4c02000000', 'hex')),
);

describe('the tiny guest as AVML writes it', () => {
  const opened = openBytes(image, 'tiny.avml');

  it('has the same memory, byte for byte, and nothing between the ranges', () => {
    for (const [start, end] of RANGES) expect(Buffer.compare(opened.memory.readExact(start, end - start), truth(start, end))).toBe(0);
    expect([0xfff, 0x9f000, 0xfffff, 0x800000].map((address) => opened.memory.stateAt(address))).toEqual(['absent', 'absent', 'absent', 'absent']);
    expect(opened.memory.readExact(0x444ff0, 32)).toEqual(new Uint8Array(truth(0x444ff0, 0x445010)));
  });

  it('is listed, not decoded: a row for a run of chunks', () => {
    expect(headers).toHaveLength(3);
    expect(opened.dump).toMatchObject({ format: 'avml', formatTitle: 'AVML memory image', architecture: 'x86-64' });
    expect(opened.dump.sentence).toContain('in 3 ranges, compressed to');
    expect(new ExtentTable(opened.dump.extents).count).toBeLessThanOrEqual(6);
    expect(opened.dump.regions.map(({ start, last }) => [start, last])).toEqual([
      [0x1000, 0x9efff],
      [0x100000, 0x7fffff],
    ]);
    expect(codes(opened)).toEqual(['architecture-guessed']);
  });
});

describe('damage', () => {
  const damaged = (edit: (bytes: Uint8Array) => void) => {
    const bytes = image.slice();
    edit(bytes);
    return openBytes(bytes, 'damaged.avml');
  };

  it('a flipped bit inside a chunk makes it corrupt, by its checksum; its neighbours are right', () => {
    const second = headers[1]!;
    const opened = damaged((bytes) => (bytes[second + 32 + 10 + 4 + 4 + 60]! ^= 1));
    expect(opened.memory.stateAt(0x100000)).toBe('corrupt');
    const next = opened.memory.readExact(0x110000, 0x10000);
    expect(Buffer.compare(next, truth(0x110000, 0x120000))).toBe(0);
  });

  it('a file cut anywhere opens with what it holds, or is refused', () => {
    for (let length = 1; length < image.length; length += 2999) {
      let opened;
      try {
        opened = openNamed(image.subarray(0, length), 'cut.avml');
      } catch (error) {
        expect(String(error)).toContain('cut.avml');
        continue;
      }
      expect(
        codes(opened).some((code) => code === 'range-incomplete' || code === 'ranges-unread' || code === 'stream-length'),
        `cut at ${length}`,
      ).toBe(true);
      for (const [start, end] of RANGES) {
        const page = new Uint8Array(4096);
        for (let address = start; address < end; address += 61 * 4096) {
          const held = opened.memory.read(address, page).every(({ state }) => state === 'present');
          if (held && Buffer.compare(page, truth(address, address + 4096)) !== 0) throw new Error(`cut at ${length}: 0x${address.toString(16)}`);
        }
      }
    }
  });

  it('a length behind a stream that is wrong is said, and the next range is found all the same', () => {
    const opened = damaged((bytes) => (bytes[headers[1]! - 8]! ^= 0xff));
    expect(codes(opened)).toContain('stream-length');
    expect(opened.memory.stateAt(0x700000)).toBe('present');
  });

  it('a range that says to be longer than its stream is absent beyond it', () => {
    const opened = damaged((bytes) => new DataView(bytes.buffer).setBigUint64(headers[2]! + 16, 0x8fffffn, true));
    expect(codes(opened)).toContain('range-incomplete');
    expect([0x7fffff, 0x800000].map((address) => opened.memory.stateAt(address))).toEqual(['present', 'absent']);
  });

  it('a range that says to be shorter is not read past its end', () => {
    const opened = damaged((bytes) => new DataView(bytes.buffer).setBigUint64(headers[0]! + 16, 0x2fffn, true));
    expect(codes(opened)).toContain('range-incomplete');
    expect(opened.dump.regions[0]).toMatchObject({ start: 0x1000, last: 0x2fff });
  });

  it('ranges that overlap never cut a chunk: the second is left out', () => {
    const opened = damaged((bytes) => {
      const view = new DataView(bytes.buffer);
      const shift = 0x345000n;
      view.setBigUint64(headers[2]! + 8, 0x445000n - shift + 0x800n, true);
      view.setBigUint64(headers[2]! + 16, 0x7fffffn - shift + 0x800n, true);
    });
    expect(codes(opened)).toContain('ranges-overlap');
    expect(Buffer.compare(opened.memory.readExact(0x100000, 0x345000), truth(0x100000, 0x445000))).toBe(0);
    expect(opened.memory.stateAt(0x445000)).toBe('absent');
  });
});
