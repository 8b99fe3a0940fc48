/** Tables that no guest of the lab has: trees of 4 KiB pages and damaged ones, hashed tables saved in several passes or cut. */
import { describe, expect, it } from 'vitest';
import { readHashTable, SavedTable } from '#engine/arch/ppc64/hashed/table.ts';
import { ppc64 } from '#engine/arch/ppc64/index.ts';
import { isKernelRoot } from '#engine/arch/ppc64/process-table.ts';
import { rightsOf } from '#engine/translate/paging-mode.ts';
import { visitPages } from '#engine/translate/page-visitor.ts';
import { TranslationSpace } from '#engine/translate/translation-space.ts';
import { translationTables } from '#engine/session/translation-root.ts';
import { BufferMemory } from '../../translate/buffer-memory.ts';
import { randomSource } from '../../translate/fuzzed-tables.ts';
import { readGuest, unpack } from './power-guests.ts';

const ROOT = 0x10000;
const TABLES = 0x20000;
const COUNT = 24;
const V = 1n << 63n;
const L = 1n << 62n;

function emptyMemory(): { memory: BufferMemory; set: (address: number, entry: bigint) => void } {
  const bytes = new Uint8Array(TABLES - ROOT + COUNT * 4096);
  const view = new DataView(bytes.buffer);
  return { memory: new BufferMemory([{ start: ROOT, bytes }]), set: (address, entry) => view.setBigUint64(address - ROOT, entry) };
}

const spaceOf = (memory: BufferMemory) => new TranslationSpace(memory, translationTables(ppc64, [], { kind: 'root', root: ROOT }));

describe('a radix tree', () => {
  it('of 4 KiB pages has last tables of 2^9 entries, since the entries that lead to them say so', () => {
    const { memory, set } = emptyMemory();
    set(ROOT, V | BigInt(TABLES) | 9n);
    set(TABLES, V | BigInt(TABLES + 0x1000) | 9n);
    set(TABLES + 0x1000, V | BigInt(TABLES + 0x2000) | 9n);
    set(TABLES + 0x1008, V | BigInt(TABLES + 0x3000) | 5n);
    set(TABLES + 0x2000 + 8 * 300, V | L | 0x7777000n | 0x105n);
    set(TABLES + 0x3000 + 8 * 31, V | L | 0x8880000n | 0x10en);
    const space = spaceOf(memory);
    const address = 300n * 4096n + 0x123n;
    expect(space.walk(address).result).toMatchObject({
      physical: 0x7777123,
      pageSize: 4096,
      effective: { user: true, writable: false, executable: true },
    });
    expect(space.walk(0xc000000000000000n + 0x200000n + 31n * 65536n + 0xabcdn).result).toMatchObject({ physical: 0x888abcd, pageSize: 65536 });
    expect(space.listMappings(0n, 10).mappings.map(({ start, last, physical }) => [start, last, physical])).toEqual([
      [0x12c000n, 0x12cfffn, 0x7777000],
      [0x3f0000n, 0x3fffffn, 0x8880000],
      [0xc00000000012c000n, 0xc00000000012cfffn, 0x7777000],
      [0xc0000000003f0000n, 0xc0000000003fffffn, 0x8880000],
    ]);
    expect(space.readPageTable(TABLES + 0x2000, 1, address).entries).toHaveLength(512);
    expect(
      space
        .readPageTable(TABLES + 0x3000, 1, 0x3f0000n)
        .entries.map(({ kind }) => kind)
        .indexOf('page'),
    ).toBe(31);
    expect(isKernelRoot(memory, ROOT)).toBe(true);
    expect(isKernelRoot(memory, TABLES + 0x1000)).toBe(false);
  });

  it('of any other form ends where CPUs end, with the reason', () => {
    const { memory, set } = emptyMemory();
    set(ROOT, V | BigInt(TABLES) | 9n);
    set(ROOT + 8, V | BigInt(TABLES) | 10n);
    set(ROOT + 16, V | L);
    set(TABLES, V | BigInt(TABLES + 0x1000) | 5n);
    const space = spaceOf(memory);
    const sentences = [0n, 1n << 39n, 2n << 39n, 3n << 39n].map((address) => space.answer(address));
    expect(sentences.map((answer) => (answer.physical === null ? answer.reason : ''))).toEqual([
      'PUD[0] says that the next table has 2^5 entries, which no CPU supports: it raises a storage interrupt (unsupported radix tree).',
      'PGD[1] says that the next table has 2^10 entries, which no CPU supports: it raises a storage interrupt (unsupported radix tree).',
      'PGD[2] is a page, which PGD entries cannot be.',
      'PGD[3] is not present: bit 63 (V) is clear.',
    ]);
  });

  it('of random entries is the same to walk, translator, mappings and visitor', () => {
    const random = randomSource(0x2f6e2b1);
    const ends = new Set<string>();
    for (let round = 0; round < 12; round++) {
      const { memory, set } = emptyMemory();
      const table = () => BigInt(TABLES + (random() % (COUNT + 1)) * 4096);
      const leaf = () => V | L | ((BigInt(random()) << 16n) & 0x00ff_ffff_ffe0_0000n) | BigInt(random() & 0x1ff);
      for (let at = ROOT; at < TABLES; at += 8) if (random() % 8 !== 0) set(at, V | table() | 9n);
      for (let at = TABLES; at < TABLES + COUNT * 4096; at += 8) {
        const sort = random() % 10;
        if (sort < 5) set(at, V | table() | 9n);
        else if (sort < 7) set(at, V | table() | 5n);
        else if (sort === 7) set(at, leaf());
        else if (sort === 8) set(at, (BigInt(random()) << 32n) | BigInt(random()));
      }
      const space = spaceOf(memory);
      for (let n = 0; n < 400; n++) {
        const address = BigInt.asUintN(52, (BigInt(random()) << 32n) | BigInt(random())) | (n % 2 === 0 ? 0n : 0xc000000000000000n);
        const { result } = space.walk(address);
        ends.add(result.kind === 'page' ? `page ${result.pageSize}` : result.reason);
        expect(space.translateAddress(address)).toBe(result.kind === 'page');
        if (result.kind !== 'page') continue;
        const { physical, pageSize, rights } = space.found;
        expect([physical, pageSize, rightsOf(rights)]).toEqual([result.physical, result.pageSize, result.effective]);
        const [row] = space.listMappings(address, 1).mappings;
        expect([row!.start <= address, row!.last >= address, row!.pageSize]).toEqual([true, true, pageSize]);
        expect(row!.physical + Number(address - row!.start)).toBe(physical);
      }
      const { mode, options, root } = space.tables[0]!;
      let left = 300;
      visitPages(memory, mode, root!, options, (page, physical, size) => {
        const address = BigInt(page) * 4096n;
        expect(space.translateAddress(address)).toBe(true);
        expect([space.found.physical, space.found.pageSize]).toEqual([physical, size]);
        return --left > 0;
      });
    }
    expect([...ends].sort()).toEqual(['not-present', 'page 1073741824', 'page 2097152', 'page 4096', 'page 65536', 'reserved-bit', 'table-missing']);
  });
});

describe('a hashed table that was saved', () => {
  const chunk = (index: number, entries: readonly bigint[], invalid = 0): number[] => {
    const bytes = new DataView(new ArrayBuffer(8 + 16 * entries.length));
    bytes.setUint32(0, index);
    bytes.setUint16(4, entries.length);
    bytes.setUint16(6, invalid);
    for (const [n, entry] of entries.entries()) bytes.setBigUint64(8 + 16 * n, entry);
    return [...new Uint8Array(bytes.buffer)];
  };
  const END = [0, 0, 0, 0, 0, 0, 0, 0];
  const part = (header: number, ...chunks: number[][]) => {
    const head = new DataView(new ArrayBuffer(4));
    head.setInt32(0, header);
    return Uint8Array.from([...new Uint8Array(head.buffer), ...chunks.flat()]);
  };
  const firsts = (parts: Uint8Array[], count: number): bigint[] => {
    const table = new SavedTable(readHashTable(parts)!);
    return Array.from({ length: count }, (_, index) => (table.read(new BufferMemory([]), index) ? table.first : -1n));
  };

  it('in several passes is what the last said of each entry', () => {
    const parts = [part(18), part(0, chunk(0, [1n, 3n, 5n]), chunk(5, [7n]), END), part(0, chunk(1, [9n], 1), END), part(0, END)];
    expect(firsts(parts, 6)).toEqual([1n, 9n, 0n, 0n, 0n, 7n]);
  });

  it('is none where the guest has radix trees, and none of a size that no table has', () => {
    expect(readHashTable([part(-1), part(-1, END)])).toBeUndefined();
    for (const shift of [0, 17, 32, 46, 0x7fffffff]) expect(readHashTable([part(shift)])).toBeUndefined();
    expect(readHashTable([])).toBeUndefined();
  });

  it('ends where it is cut, at every length, and at an entry that it has no room for', () => {
    const whole = unpack(readGuest('hashed').table!);
    for (let length = 0; length < whole.length; length += length < 256 ? 1 : 997) {
      const table = readHashTable([whole.subarray(0, length)]);
      expect(table?.shift).toBe(length < 4 ? undefined : 22);
    }
    expect(firsts([part(18, chunk(0, [1n]), chunk(0xffffffff, [3n], 0xffff), chunk(1, [5n]))], 2)).toEqual([1n, 0n]);
  });
});
