/**
 * Walks for tests, made by the engine's own walker over entries that real guests held: the Linux ones were printed by crash 8.0.2 (`vtop`) for the lab's
 * guests, the `tiny` ones are what shared/lab's tiny.S writes.
 */
import { x86_64 } from '../../../src/main/engine/arch/x86-64/index.ts';
import type { PhysicalMemory } from '../../../src/main/engine/memory/physical-memory.ts';
import { readPageTable } from '../../../src/main/engine/translate/page-table.ts';
import { viewOfMode } from '../../../src/main/engine/translate/paging-mode.ts';
import { collectWalk } from '../../../src/main/engine/translate/walk.ts';
import type { PageTableView, PagingModeView, Walk } from '../../../src/shared/model/index.ts';

export const FIVE_LEVELS: PagingModeView = viewOfMode(x86_64.pagingMode('x86-64-5level'));
export const FOUR_LEVELS: PagingModeView = viewOfMode(x86_64.pagingMode('x86-64-4level'));

/** Memory of `size` bytes of which a few 8-byte words are known and the rest is zero; nothing above it. */
export function sparseMemory(size: number, words: ReadonlyMap<number, bigint>): PhysicalMemory {
  let value = 0n;
  return {
    readU64(address) {
      const held = address + 8 <= size;
      value = held ? (words.get(address) ?? 0n) : 0n;
      return held;
    },
    get low() {
      return Number(value & 0xffff_ffffn);
    },
    get high() {
      return Number(value >> 32n);
    },
    read: (address, target) => [{ start: 0, end: target.length, state: address < size ? 'present' : 'absent' }],
    readExact: (_address, length) => new Uint8Array(length),
    stateAt: (address) => (address < size ? 'present' : 'absent'),
  };
}

const frame = (entry: bigint): number => Number(entry & 0x000f_ffff_ffff_f000n);

/** Walks `address` from `root` in a guest of `size` bytes; `entries` are those of the levels from the top. */
export function makeWalk(address: bigint, mode: PagingModeView, root: number, size: number, entries: bigint[]): Walk {
  const words = new Map<number, bigint>();
  let table = root;
  for (const [at, entry] of entries.entries()) {
    words.set(table + Number((address >> BigInt(mode.levels[at]?.shift ?? 0)) & 511n) * 8, entry);
    table = frame(entry);
  }
  return collectWalk(sparseMemory(size, words), x86_64.pagingMode(mode.id), root, 'CR3 of CPU 0', address);
}

/** A table of 512 entries, of which `set` are written. */
export function makeTable(table: number, level: number, set: Record<number, bigint>, virtual = 0n): PageTableView {
  const words = new Map(Object.entries(set).map(([index, entry]) => [table + Number(index) * 8, entry]));
  return readPageTable(sparseMemory(TINY, words), x86_64.pagingMode('x86-64-4level'), table, level, virtual);
}

const LINUX = 160 * 2 ** 20;
const TINY = 8 * 2 ** 20;

/** 5 levels, 2 MiB page: `jiffies` of the lab's x86_64 guest. */
export const jiffiesWalk = makeWalk(0xffffffff858079c0n, FIVE_LEVELS, 0x6a10000, LINUX, [0x6a14067n, 0x6a15067n, 0x6a16063n, 0x8000000006a001e3n]);
/** 5 levels, 4 KiB page: a module of the same guest. */
export const moduleWalk = makeWalk(0xffffffffc03eb2c0n, FIVE_LEVELS, 0x6a10000, LINUX, [
  0x6a14067n,
  0x6a15067n,
  0x6a17067n,
  0x192e067n,
  0x8000000002835163n,
]);
/** 4 levels, 2 MiB page: `jiffies` of the x86_64-4level guest. */
export const fourLevelWalk = makeWalk(0xffffffff88a079c0n, FOUR_LEVELS, 0x6c10000, LINUX, [0x6c15067n, 0x6c16063n, 0x8000000006c000e3n]);

export const tinyWalk = (address: bigint, entries: bigint[]): Walk => makeWalk(address, FOUR_LEVELS, 0x200000, TINY, entries);
/** Read-only 4 KiB page. */
export const tinyReadOnly = tinyWalk(0x150000n, [0x201027n, 0x204027n, 0x205027n, 0x300061n]);
/** 1 GiB page with NX. */
export const tinyGigabyte = tinyWalk(0x40300000n, [0x201027n, 0x80000000000000e3n]);
/** A PTE that is not present and not zero. */
export const tinyNotPresent = tinyWalk(0x155000n, [0x201027n, 0x204027n, 0x205027n, 0xabcdeffen]);
/** A PDPT entry that leads to a table outside RAM. */
export const tinyTableMissing = tinyWalk(0xffffffff40000000n, [0x202023n, 0x40000023n]);
/** A page outside RAM. */
export const tinyOutside = tinyWalk(0x156000n, [0x201027n, 0x204027n, 0x205027n, 0x8000063n]);
/** PML4 entries must have bit 7 clear. Not in tiny.S: its first entry with that bit set. */
export const reservedBit = tinyWalk(0x150000n, [0x2010a7n]);
export const nonCanonical = tinyWalk(0x0000_8000_0000_0000n, []);
export const pagingOff = collectWalk(sparseMemory(TINY, new Map()), x86_64.pagingMode('off'), null, 'none: paging is off', 0x100000n);
export const rootUnknown = collectWalk(sparseMemory(TINY, new Map()), x86_64.pagingMode('x86-64-4level'), null, 'unknown', 0x100000n);
