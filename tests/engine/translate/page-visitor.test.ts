/** The page visitor and the mapping list are two loops over one decoder: they must find the same pages, whatever the tables hold. */
import { describe, expect, it } from 'vitest';
import type { PhysicalMemory } from '#engine/memory/physical-memory.ts';
import { mappings } from '#engine/translate/mappings.ts';
import { visitPages } from '#engine/translate/page-visitor.ts';
import type { PagingMode } from '#engine/translate/paging-mode.ts';
import { openFixture } from '../formats/open-bytes.ts';
import { BufferMemory } from './buffer-memory.ts';
import { FUZZED_START, FUZZED_TABLES, fuzzedMemory, randomSource } from './fuzzed-tables.ts';
import { FIVE_LEVEL, FOUR_LEVEL, TINY_ROOT, tinyMemory } from './tiny-memory.ts';

type Row = [virtual: bigint, physical: number, size: number];

function visited(memory: PhysicalMemory, mode: PagingMode, root: number, noExecuteOff: boolean, most: number) {
  const rows: Row[] = [];
  const end = visitPages(memory, mode, root, { noExecuteOff }, (page, physical, size) => {
    rows.push([BigInt.asUintN(64, BigInt(page) * 4096n), physical, size]);
    return rows.length < most;
  });
  return { rows, end };
}

function listed(memory: PhysicalMemory, mode: PagingMode, root: number, noExecuteOff: boolean, most: number) {
  const rows: Row[] = [];
  const missing = new Set<string>();
  const onMissingTable = ({ table, virtual }: { table: number; virtual: bigint }) => missing.add(`${table} ${virtual}`);
  for (const { start, physical, pageSize } of mappings(memory, mode, root, { noExecuteOff, onMissingTable })) {
    rows.push([start, physical, pageSize]);
    if (rows.length === most) break;
  }
  return { rows, missing: missing.size };
}

describe('visited pages are the listed ones', () => {
  it.each([
    ['4-level', FOUR_LEVEL, 11],
    ['5-level', FIVE_LEVEL, 12],
  ])('of fuzzed %s tables, which lead into each other without end', (_, mode, seed) => {
    const random = randomSource(seed);
    let pages = 0;
    for (let round = 0; round < 20; round++) {
      const memory = fuzzedMemory(random);
      const root = FUZZED_START + (random() % FUZZED_TABLES) * 4096 + (random() % 4096);
      const { rows, end } = visited(memory, mode, root, round % 2 === 1, 3000);
      const expected = listed(memory, mode, root, round % 2 === 1, 3000);
      expect(rows).toEqual(expected.rows);
      expect(end.missingTables).toBe(expected.missing);
      pages += rows.length;
    }
    expect(pages).toBeGreaterThan(30_000);
  });

  it('of the tiny guest, to the end, with the table that the dump lacks', () => {
    const { rows, end } = visited(tinyMemory(), FOUR_LEVEL, TINY_ROOT, false, Infinity);
    expect(rows).toEqual(listed(tinyMemory(), FOUR_LEVEL, TINY_ROOT, false, Infinity).rows);
    expect(rows.at(-1)![0]).toBeGreaterThan(0xffff_8000_0000_0000n);
    expect(end).toEqual({ missingTables: 1, cut: false });
  });

  it('of a Linux guest with 5-level tables, in both halves', () => {
    const { memory, dump } = openFixture('linux/stream.qevm');
    const { cr3, cr4 } = dump.cpus[0]!.registers;
    const mode = (cr4!.value & (1n << 12n)) === 0n ? FOUR_LEVEL : FIVE_LEVEL;
    const { rows } = visited(memory, mode, Number(cr3!.value), false, Infinity);
    expect(rows.length).toBeGreaterThan(1000);
    expect(rows).toEqual(listed(memory, mode, Number(cr3!.value), false, Infinity).rows);
  });
});

it('tables that lead to no page are given up after a bounded time, and the visit says so', () => {
  // Every level but the last has 512 ways down to one empty table.
  const memory = new BufferMemory([{ start: 0x1000, bytes: new Uint8Array(0x5000) }]);
  for (let level = 1; level <= 4; level++) for (let n = 0; n < 512; n++) memory.writeU64(0x1000 * level + n * 8, BigInt(0x1000 * (level + 1)) | 7n);
  const { rows, end } = visited(memory, FIVE_LEVEL, 0x1000, false, Infinity);
  expect([rows.length, end]).toEqual([0, { missingTables: 0, cut: true }]);
}, 60_000);
