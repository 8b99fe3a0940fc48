/** Raw memory: opened when it is asked for, its CPU family named or guessed by page tables that hold together. */
import { describe, expect, it } from 'vitest';
import { wholeFile } from '#engine/formats/format.ts';
import { openDump } from '#engine/formats/registry.ts';
import { correctRegions } from '#engine/session/memory-map.ts';
import { ExtentTable } from '#engine/memory/extent-table.ts';
import { GuestMemory } from '#engine/memory/guest-memory.ts';
import { PhysicalRegions } from '#engine/memory/physical-regions.ts';
import { WorkbenchError } from '#shared/errors.ts';
import { seededRandom } from '../../io/seeded-random.ts';
import { ArraySource } from '../../memory/array-source.ts';
import { fixtureBytes, loadsOf, openBytes, SILENT } from '../open-bytes.ts';

function openRaw(bytes: Uint8Array, architecture?: string, start = 0) {
  const source = new ArraySource(bytes, 'memory.raw');
  const dump = openDump(source, { ...wholeFile(source, SILENT), start, architecture }, 'raw');
  const memory = new GuestMemory(source, new ExtentTable(dump.extents), new PhysicalRegions(dump.regions));
  return { dump, memory, source };
}

function tinyRam(): Uint8Array {
  const elf = fixtureBytes('tiny/paging-off.elf');
  const { offset, length } = loadsOf(elf).find(({ physical }) => physical === 0)!;
  return elf.subarray(offset, offset + length);
}

const codes = ({ dump }: ReturnType<typeof openRaw>) => dump.diagnostics.map(({ code }) => code);

describe('the tiny guest as raw memory', () => {
  const ram = tinyRam();

  it('is physical memory from 0 on, and one block', () => {
    const { dump, memory } = openRaw(ram);
    expect(Buffer.compare(memory.readExact(0, ram.length), ram)).toBe(0);
    expect(memory.stateAt(ram.length)).toBe('absent');
    expect(dump.blocks).toEqual([{ name: 'raw memory', length: ram.length, ram: 0, role: 'main memory' }]);
    expect(dump.regions).toMatchObject([{ start: 0, last: ram.length - 1, evidence: { strength: 'guessed' } }]);
  });

  it('is guessed to be of an x86-64, with the root that CR3 of CPU 0 holds, and says that it is a guess', () => {
    const opened = openRaw(ram);
    expect(opened.dump.architecture).toBe('x86-64');
    expect(opened.dump.facts).toMatchObject([{ label: 'Page table root found at 0x200000', source: expect.stringMatching(/^guessed: /) as string }]);
    expect(codes(opened)).toEqual(['architecture-guessed']);
  });

  it('takes the family that the user names', () => {
    expect(openRaw(ram, 'arm64').dump).toMatchObject({ architecture: 'arm64', facts: [], diagnostics: [] });
    expect(openRaw(ram, 'x86-64').dump).toMatchObject({ architecture: 'x86-64', diagnostics: [] });
    expect(() => openRaw(ram, 'vax')).toThrow(WorkbenchError);
  });

  it('can be moved by a map of the user', () => {
    const { dump, source } = openRaw(ram);
    const regions = correctRegions(dump, [
      { start: 0, last: ram.length - 1, block: null, blockOffset: 0 },
      { start: 0x100000000, last: 0x100000fff, block: 'raw memory', blockOffset: 0x200000 },
    ]);
    const memory = new GuestMemory(source, new ExtentTable(dump.extents), new PhysicalRegions(regions));
    expect(Buffer.compare(memory.readExact(0x100000000, 4096), ram.subarray(0x200000, 0x201000))).toBe(0);
    expect(memory.stateAt(0x200000)).toBe('absent');
  });
});

describe('what a file may be', () => {
  it('an unaligned tail is kept, and nothing beyond it is made up', () => {
    const { dump, memory } = openRaw(new Uint8Array(5000).fill(9));
    expect(dump.regions[0]).toMatchObject({ start: 0, last: 8191 });
    expect([4999, 5000, 8191, 8192].map((address) => memory.stateAt(address))).toEqual(['present', 'absent', 'absent', 'absent']);
  });

  it('one byte is enough; none is refused', () => {
    expect(openRaw(new Uint8Array([1])).memory.stateAt(0)).toBe('present');
    expect(() => openRaw(new Uint8Array(0))).toThrow('memory.raw: Raw memory size at 0x0: expected 1 to 2^52 bytes, found 0');
    expect(() => openRaw(new Uint8Array(10), undefined, 10)).toThrow('found 0');
  });

  it('is never guessed: an unknown file says how to open it as raw', () => {
    const opening = () => openBytes(new Uint8Array(8192).fill(1), 'unknown.bin');
    expect(opening).toThrow('unknown.bin: no known dump format at 0x0');
    try {
      opening();
    } catch (error) {
      expect((error as WorkbenchError).details.hint).toContain('--format raw');
      expect((error as WorkbenchError).details.expected).not.toContain('Raw');
    }
  });

  it('any file opens as raw when the user says so, a vmcore too', () => {
    const elf = fixtureBytes('tiny/filtered.elf');
    expect(Buffer.compare(openRaw(elf).memory.readExact(0, 64), elf.subarray(0, 64))).toBe(0);
  });
});

describe('no family is guessed from', () => {
  it.each([
    ['zeros', () => new Uint8Array(4 * 2 ** 20)],
    ['noise', () => Uint8Array.from({ length: 2 ** 20 }, seededBytes(1))],
    [
      'noise whose words all have the present bit',
      () => Uint8Array.from({ length: 2 ** 20 }, seededBytes(2)).map((byte, at) => (at % 8 === 0 ? byte | 1 : byte)),
    ],
    ['a list of pointers to pages in order, which is no tree', () => pointers(2 ** 20)],
    ['a big-endian machine', () => fixtureBytes('elf/s390x.elf')],
    ['a table that leads to itself on every level', () => selfTable()],
  ])('%s', (_, make) => {
    const opened = openRaw(make());
    expect(opened.dump.architecture).toBeUndefined();
    expect(codes(opened)).toEqual(['architecture-unknown']);
  });
});

it('memory made to look like tables everywhere is searched in bounded time', { timeout: 30_000 }, () => {
  // Every page is a table whose entries lead to all others, four levels deep.
  const pages = 2048;
  const bytes = new Uint8Array(pages * 4096);
  const view = new DataView(bytes.buffer);
  for (let page = 0; page < pages; page++)
    for (let index = 0; index < 512; index++)
      view.setUint32(page * 4096 + index * 8, (1 + ((page * 7 + index * 13) % (pages - 1))) * 4096 + 0x27, true);
  const began = performance.now();
  openRaw(bytes);
  expect(performance.now() - began).toBeLessThan(10_000);
});

function seededBytes(seed: number): () => number {
  const random = seededRandom(seed);
  return () => Math.floor(random() * 256);
}

function pointers(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < length; at += 8) view.setUint32(at, ((at / 8) % (length / 4096)) * 4096 + 0x67, true);
  return bytes;
}

function selfTable(): Uint8Array {
  const bytes = new Uint8Array(16 * 4096);
  new DataView(bytes.buffer).setUint32(4096 + 511 * 8, 0x1063, true);
  return bytes;
}
