/** Lists of everything mapped: against QEMU's `info tlb` and `info mem` of the tiny guest, and on tables that try to hang us. */
import { describe, expect, it } from 'vitest';
import type { Mapping } from '#shared/model/index.ts';
import { x86_64 } from '#engine/arch/x86-64/index.ts';
import { listMappings, mappings, mergeMappings, type MissingTable } from '#engine/translate/mappings.ts';
import { answerLines } from '../arch/qemu-answers.ts';
import { tiny } from '../arch/x86-64/tiny-cpus.ts';
import { BufferMemory } from './buffer-memory.ts';
import { memRow, tlbRow } from './qemu-rows.ts';
import { FIVE_LEVEL, FOUR_LEVEL, TINY_ROOT, tinyMemory } from './tiny-memory.ts';

describe('mappings of the tiny guest', () => {
  it('page by page are the rows of `info tlb`', () => {
    const rows = [...mappings(tinyMemory(), FOUR_LEVEL, TINY_ROOT)].map(tlbRow);
    expect(rows).toEqual(answerLines(tiny.cpus[0].tlb));
    expect(rows.length).toBeGreaterThan(500);
  });

  it('merged by access are the rows of `info mem`', () => {
    const rows = [...mergeMappings(mappings(tinyMemory(), FOUR_LEVEL, TINY_ROOT), 'access')].map(memRow);
    expect(rows).toEqual(answerLines(tiny.cpus[0].mem));
  });

  it('merged by stretch keep pages of other flags and other sizes apart', () => {
    const rows = listMappings(tinyMemory(), FOUR_LEVEL, TINY_ROOT, 100).mappings;
    expect(rows.slice(0, 4).map(({ start, last, physical }) => [start, last, physical])).toEqual([
      [0x1000n, 0x14ffffn, 0x1000],
      [0x150000n, 0x150fffn, 0x300000],
      [0x151000n, 0x151fffn, 0x301000],
      [0x152000n, 0x152fffn, 0x302000],
    ]);
    expect(rows.find(({ start }) => start === 0x200000n)).toMatchObject({ last: 0x7fffffn, pageSize: 0x200000 });
    expect(rows.find(({ start }) => start === 0x800000n)).toMatchObject({ last: 0x9fffffn, physical: 0x40000000 });
  });

  it('name the table that is not in the dump, once', () => {
    const missing: MissingTable[] = [];
    Array.from(mappings(tinyMemory(), FOUR_LEVEL, TINY_ROOT, { onMissingTable: (table) => missing.push(table) }));
    expect(missing).toEqual([{ table: 0x40000000, levelName: 'PD', virtual: 0xffffffff40000000n }]);
  });

  it('go on from any page, across the hole between the halves, in pieces of any size', () => {
    const all = listMappings(tinyMemory(), FOUR_LEVEL, TINY_ROOT, 1000);
    expect(all.next).toBeNull();
    for (const limit of [1, 2, 5]) {
      const pieces: Mapping[] = [];
      let from: bigint | null = 0n;
      while (from !== null) {
        const piece = listMappings(tinyMemory(), FOUR_LEVEL, TINY_ROOT, limit, { from });
        pieces.push(...piece.mappings);
        from = piece.next;
      }
      expect(pieces).toEqual(all.mappings);
    }
    const inHole = [...mappings(tinyMemory(), FOUR_LEVEL, TINY_ROOT, { from: 0x8000_0000_0000n })][0];
    expect(inHole?.start).toBe(0xffff_8000_0000_0000n);
    const inPage = [...mappings(tinyMemory(), FOUR_LEVEL, TINY_ROOT, { from: 0x4012_3456n })][0];
    expect(inPage?.start).toBe(0x4000_0000n);
  });
});

describe('tables made to hang a reader', () => {
  /** One table at 0x1000 whose entries are all `entry`. */
  const filled = (entry: bigint) => {
    const memory = new BufferMemory([{ start: 0x1000, bytes: new Uint8Array(0x2000) }]);
    for (let n = 0; n < 512; n++) memory.writeU64(0x1000 + n * 8, entry);
    return memory;
  };

  it('a table that points to itself 512 times gives rows as long as somebody asks', () => {
    const { mappings: rows, next } = listMappings(filled(0x1007n), FIVE_LEVEL, 0x1000, 4096);
    expect(rows).toHaveLength(4096);
    expect(next).toBe(rows.at(-1)?.last === undefined ? undefined : (rows.at(-1)?.last ?? 0n) + 1n);
  });

  it('a cycle that never reaches a page is cut, and says where to go on', () => {
    // Every level but the last has 512 ways down to one empty table.
    const memory = new BufferMemory([{ start: 0x1000, bytes: new Uint8Array(0x5000) }]);
    for (let level = 1; level <= 4; level++) for (let n = 0; n < 512; n++) memory.writeU64(0x1000 * level + n * 8, BigInt(0x1000 * (level + 1)) | 7n);
    const { mappings: rows, next } = listMappings(memory, FIVE_LEVEL, 0x1000, 10);
    expect(rows).toEqual([]);
    expect(next).toBeGreaterThan(0n);
    const again = listMappings(memory, FIVE_LEVEL, 0x1000, 10, { from: next ?? 0n });
    expect(again.next).toBeGreaterThan(next ?? 0n);
  }, 60_000);

  it('a Windows-like self-map is listed once and ends', () => {
    const memory = new BufferMemory([{ start: 0x1000, bytes: new Uint8Array(0x1000) }]);
    memory.writeU64(0x1000 + 8 * 0x1ed, 0x1003n);
    const rows = [...mappings(memory, FOUR_LEVEL, 0x1000)];
    expect(rows.map(({ start, physical }) => [start, physical])).toEqual([[0xffff_f6fb_7dbe_d000n, 0x1000]]);
  });
});

describe('no tables', () => {
  it('paging off is one mapping of 4 GiB', () => {
    expect(listMappings(tinyMemory(), x86_64.pagingMode('off'), 0, 10).mappings).toMatchObject([{ start: 0n, last: 0xffff_ffffn, physical: 0 }]);
  });

  it('an unknown root maps nothing', () => {
    expect(listMappings(tinyMemory(), FOUR_LEVEL, null, 10)).toEqual({ mappings: [], next: null });
  });
});
