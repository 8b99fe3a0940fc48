/**
 * Walks for tests, made of entries that real guests held. The Linux ones were printed by crash 8.0.2 (`vtop`) for the lab's guests, the `tiny` ones are what
 * shared/lab's tiny.S writes. Only what an entry means is worked out here, with the rules of Intel SDM vol. 3A, 4.5.
 */
import type { PageTableView, PagingModeView, Walk, WalkResult, WalkStep } from '#shared/model/index.ts';

const LEVELS = [
  { level: 5, name: 'PML5', shift: 48, bits: 9 },
  { level: 4, name: 'PML4', shift: 39, bits: 9 },
  { level: 3, name: 'PDPT', shift: 30, bits: 9 },
  { level: 2, name: 'PD', shift: 21, bits: 9 },
  { level: 1, name: 'PT', shift: 12, bits: 9 },
];
export const FIVE_LEVELS: PagingModeView = { id: 'x86-64-5level', title: '5-level paging', levels: LEVELS, virtualBits: 57, entrySize: 8 };
export const FOUR_LEVELS: PagingModeView = { id: 'x86-64-4level', title: '4-level paging', levels: LEVELS.slice(1), virtualBits: 48, entrySize: 8 };

const FLAG_BITS: readonly [number, string][] = [
  [0, 'P'],
  [1, 'RW'],
  [2, 'US'],
  [3, 'PWT'],
  [4, 'PCD'],
  [5, 'A'],
  [6, 'D'],
  [7, 'PS'],
  [8, 'G'],
  [63, 'NX'],
];
const bit = (entry: bigint, at: number): boolean => ((entry >> BigInt(at)) & 1n) === 1n;
const setFlags = (entry: bigint): string[] => FLAG_BITS.filter(([at]) => bit(entry, at)).map(([, name]) => name);
const frame = (entry: bigint, shift: number): number => Number(((entry & 0x000f_ffff_ffff_f000n) >> BigInt(shift)) << BigInt(shift));

/** Walks `address` from `root`; `entries` are those of the levels from the top, null for one whose table is not in the dump. */
export function makeWalk(address: bigint, mode: PagingModeView, root: number, entries: (bigint | null)[]): Walk {
  const steps: WalkStep[] = [];
  let table = root;
  let result: WalkResult = { kind: 'fault', reason: 'non-canonical', sentence: 'The address is not canonical.' };
  for (const [at, entry] of entries.entries()) {
    const level = mode.levels[at];
    if (!level) throw new Error('more entries than levels');
    const index = Number((address >> BigInt(level.shift)) & 511n);
    const leaf = entry !== null && (level.level === 1 || (level.level < 4 && bit(entry, 7)));
    const step: WalkStep = {
      level: level.level,
      levelName: level.name,
      table,
      index,
      indexHighBit: level.shift + 8,
      indexLowBit: level.shift,
      entryAddress: table + index * 8,
      entry,
      flags:
        entry === null
          ? []
          : FLAG_BITS.map(([low, name]) => ({ name, bit: low, width: 1, value: bit(entry, low) ? 1n : 0n, title: name, meaning: '' })),
      conclusion: { kind: 'table-missing', state: 'absent' },
      sentence: `The CPU reads ${level.name}[${index}].`,
    };
    steps.push(step);
    if (entry === null) result = { kind: 'fault', reason: 'table-missing', sentence: 'The table is not in the dump.' };
    else if (!bit(entry, 0)) {
      step.conclusion = { kind: 'not-present' };
      result = { kind: 'fault', reason: 'not-present', sentence: 'Bit 0 is clear.' };
    } else if (leaf) {
      const pageStart = frame(entry, level.shift);
      const pageSize = 2 ** level.shift;
      const all = steps.map(({ entry: value }) => value ?? 0n);
      step.conclusion = { kind: 'page', physical: pageStart, pageStart, pageSize };
      result = {
        kind: 'page',
        physical: pageStart + Number(address & BigInt(pageSize - 1)),
        pageStart,
        pageSize,
        flags: setFlags(entry),
        effective: {
          writable: all.every((value) => bit(value, 1)),
          user: all.every((value) => bit(value, 2)),
          executable: !all.some((value) => bit(value, 63)),
        },
        state: 'present',
        sentence: 'The page is there.',
      };
    } else {
      table = frame(entry, 12);
      step.conclusion = { kind: 'table', next: table };
    }
  }
  return { address, mode, root, rootSource: 'CR3 of CPU 0', steps, result };
}

/** A table of 512 entries, of which `set` are written. */
export function makeTable(table: number, level: number, set: Record<number, bigint>, firstVirtual = 0n): PageTableView {
  const info = LEVELS.find((candidate) => candidate.level === level);
  if (!info) throw new Error('no such level');
  const entries = Array.from({ length: 512 }, (_, index): PageTableView['entries'][number] => {
    const entry = set[index] ?? 0n;
    const kind = !bit(entry, 0) ? 'not-present' : level === 1 || (level < 4 && bit(entry, 7)) ? 'page' : 'table';
    const target = kind === 'not-present' ? null : frame(entry, kind === 'page' ? info.shift : 12);
    return { index, entry, kind, target, flags: setFlags(entry), virtual: BigInt.asUintN(64, firstVirtual + (BigInt(index) << BigInt(info.shift))) };
  });
  return { table, level, levelName: info.name, entries };
}

/** 5 levels, 2 MiB page: `jiffies` of the lab's x86_64 guest. */
export const jiffiesWalk = makeWalk(0xffffffff858079c0n, FIVE_LEVELS, 0x6a10000, [0x6a14067n, 0x6a15067n, 0x6a16063n, 0x8000000006a001e3n]);
/** 5 levels, 4 KiB page: a module of the same guest. */
export const moduleWalk = makeWalk(0xffffffffc03eb2c0n, FIVE_LEVELS, 0x6a10000, [
  0x6a14067n,
  0x6a15067n,
  0x6a17067n,
  0x192e067n,
  0x8000000002835163n,
]);
/** 4 levels, 2 MiB page: `jiffies` of the x86_64-4level guest. */
export const fourLevelWalk = makeWalk(0xffffffff88a079c0n, FOUR_LEVELS, 0x6c10000, [0x6c15067n, 0x6c16063n, 0x8000000006c000e3n]);
/** tiny.S: read-only 4 KiB page. */
export const tinyReadOnly = makeWalk(0x150000n, FOUR_LEVELS, 0x200000, [0x201027n, 0x204027n, 0x205027n, 0x300061n]);
/** tiny.S: 1 GiB page with NX. */
export const tinyGigabyte = makeWalk(0x40300000n, FOUR_LEVELS, 0x200000, [0x201027n, 0x80000000000000e3n]);
/** tiny.S: a PTE that is not present and not zero. */
export const tinyNotPresent = makeWalk(0x155000n, FOUR_LEVELS, 0x200000, [0x201027n, 0x204027n, 0x205027n, 0xabcdeffen]);
/** tiny.S: a PDPT entry that leads to a table outside RAM. */
export const tinyTableMissing = makeWalk(0xffffffff40000000n, FOUR_LEVELS, 0x200000, [0x202023n, 0x40000023n, null]);
export const nonCanonical = makeWalk(0x0000_8000_0000_0000n, FOUR_LEVELS, 0x200000, []);
