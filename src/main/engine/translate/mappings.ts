/**
 * Everything that one root maps, in ascending order of virtual addresses: page by page (QEMU's `info tlb`), or merged.
 *
 * Tables may point at each other in cycles: Windows maps its own tables that way, and a hostile dump can make 2^36 pages out of one
 * table. Depth is bounded by the mode's levels; rows come one at a time, so whoever asks decides how many; and a stretch of tables
 * that yields no row is cut after TABLE_BUDGET of them. A cut says where to go on.
 */
import type { Mapping } from '#shared/model/index.ts';
import { VIRTUAL_LAST } from '#shared/units.ts';
import type { PhysicalMemory } from '#engine/memory/physical-memory.ts';
import {
  ENTRY_PAGE,
  ENTRY_TABLE,
  RIGHTS_ALL,
  alignRoot,
  canonicalAddress,
  entryHigh,
  entryLow,
  indexOf,
  nonCanonicalReason,
  readEntry,
  rightsOf,
  type PagingMode,
  type PagingOptions,
} from './paging-mode.ts';

/** Tables read in a row without finding a page: about half a second of work. No real guest has so many empty ones in a row. */
export const TABLE_BUDGET = 2 ** 15;
/** Pages that go into one merged row at most: 16 GiB of 4 KiB pages. */
const ROW_BUDGET = 2 ** 22;

export interface MissingTable {
  table: number;
  levelName: string;
  /** First virtual address that the table would map. */
  virtual: bigint;
}

export interface MappingsOptions extends PagingOptions {
  /** Start with the page that holds this address, or the next one after it. */
  from?: bigint;
  /** Called once for every table that the dump does not hold; what it maps is not listed. */
  onMissingTable?: (missing: MissingTable) => void;
}

/** How a listing ended. */
export interface MappingsEnd {
  /** Null when everything was listed; otherwise a bound cut the listing and it goes on at this address. */
  next: bigint | null;
}

interface Frame {
  table: number;
  index: number;
  /** First virtual address of the table; its low bits are 0. Not yet canonical. */
  base: bigint;
  rights: number;
  missing: boolean;
  /** The last entry that the table has. */
  last: number;
}

/** One row a page. A null root has no mappings. */
export function* mappings(
  memory: PhysicalMemory,
  mode: PagingMode,
  root: number | null,
  options: MappingsOptions = {},
): Generator<Mapping, MappingsEnd, undefined> {
  const start = firstAddress(mode, options.from ?? 0n);
  if (start === undefined) return { next: null };
  if (mode.levels.length === 0) {
    const last = (1n << BigInt(mode.virtualBits)) - 1n;
    yield { start: 0n, last, physical: 0, pageSize: 4096, flags: [], effective: rightsOf(RIGHTS_ALL) };
    return { next: null };
  }
  if (root === null) return { next: null };

  const noExecuteOff = options.noExecuteOff === true;
  const first = mode.levels.map((level) => indexOf(level, start));
  const top = options.topRange ?? { first: 0, last: Infinity };
  const frames: Frame[] = [
    { table: alignRoot(mode, root), index: Math.max(first[0] ?? 0, top.first), base: 0n, rights: RIGHTS_ALL, missing: false, last: top.last },
  ];
  // While true, the walk still goes down the path of `start`; below it, tables are read from their first entry on.
  let descending = (first[0] ?? 0) >= top.first;
  let tablesWithoutRow = 0;
  for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
    const depth = frames.length - 1;
    const level = mode.levels[depth];
    if (level === undefined) throw new Error(`assertion failed: ${mode.title} has no level ${depth}`);
    if (frame.index >= 2 ** level.bits || frame.index > frame.last) {
      frames.pop();
      const above = frames.at(-1);
      if (above !== undefined) above.index++;
      continue;
    }
    const virtual = frame.base | (BigInt(frame.index) << BigInt(level.shift));
    const address = frame.table + frame.index * mode.entrySize;
    if (!readEntry(memory, mode, address)) {
      if (!frame.missing) {
        frame.missing = true;
        options.onMissingTable?.({ table: frame.table, levelName: level.name, virtual: canonicalAddress(mode, frame.base) });
      }
      descending = false;
      frame.index++;
      continue;
    }
    const low = entryLow(memory, mode, address);
    const high = entryHigh(memory, mode);
    const kind = mode.format.kind(level.level, low, high, noExecuteOff);
    if (kind === ENTRY_TABLE) {
      if (++tablesWithoutRow > TABLE_BUDGET) return { next: canonicalAddress(mode, virtual) };
      const range = mode.format.nextRange?.(level.level, low, high);
      const begin = range === undefined ? 0 : range >>> 16;
      const wanted = descending ? (first[depth + 1] ?? 0) : 0;
      // What lies before the first entry of the table was passed over: the rest is read from its first entries on.
      if (wanted < begin) descending = false;
      frames.push({
        table: mode.format.target(level.level, low, high, kind),
        index: Math.max(wanted, begin),
        base: virtual,
        rights: frame.rights & mode.format.rights(low, high, level.level),
        missing: false,
        last: range === undefined ? Infinity : range & 0xffff,
      });
      continue;
    }
    descending = false;
    if (kind === ENTRY_PAGE) {
      tablesWithoutRow = 0;
      const pageStart = canonicalAddress(mode, virtual);
      const pageSize = 2 ** level.shift;
      yield {
        start: pageStart,
        last: pageStart + BigInt(pageSize) - 1n,
        physical: mode.format.target(level.level, low, high, kind),
        pageSize,
        flags: mode.format.flagNames(level.level, low, high, kind),
        effective: rightsOf(frame.rights & mode.format.rights(low, high, level.level)),
      };
    }
    frame.index++;
  }
  return { next: null };
}

/** The first address at or after `from` that can be a virtual address; undefined when there is none. */
function firstAddress(mode: PagingMode, from: bigint): bigint | undefined {
  if (nonCanonicalReason(mode, from) === undefined) return from;
  const { virtualBits, upperBits } = mode;
  if (upperBits === 'sign') return canonicalAddress(mode, 1n << BigInt(virtualBits - 1));
  return from < upperBits ? upperBits : undefined;
}

/**
 * What two neighbouring rows must share to become one.
 * `stretch`: physical contiguity, page size, flags and rights; every row is still one exact mapping.
 * `access`: only whether it is writable and open to user mode (QEMU's `info mem`); all else is then that of the first page.
 */
export type MergeRule = 'stretch' | 'access';

/** Merges rows whose virtual addresses follow each other. */
export function* mergeMappings(rows: Generator<Mapping, MappingsEnd, undefined>, rule: MergeRule): Generator<Mapping, MappingsEnd, undefined> {
  let merged: Mapping | undefined;
  let budget = ROW_BUDGET;
  for (let next = rows.next(); ; next = rows.next()) {
    if (next.done === true) {
      if (merged !== undefined) yield merged;
      return next.value;
    }
    const row = next.value;
    if (merged !== undefined && budget > 0 && follows(merged, row, rule)) {
      merged.last = row.last;
      budget--;
      continue;
    }
    if (merged !== undefined) yield merged;
    merged = { ...row };
    budget = ROW_BUDGET;
  }
}

function follows(before: Mapping, row: Mapping, rule: MergeRule): boolean {
  const a = before.effective;
  const b = row.effective;
  if (before.last + 1n !== row.start || a.writable !== b.writable || a.user !== b.user) return false;
  if (rule === 'access') return true;
  return (
    a.executable === b.executable &&
    before.pageSize === row.pageSize &&
    before.physical + Number(row.start - before.start) === row.physical &&
    before.flags.length === row.flags.length &&
    before.flags.every((name, n) => name === row.flags[n])
  );
}

/** At most `limit` merged mappings, and where to go on; null at the end. */
export function listMappings(
  memory: PhysicalMemory,
  mode: PagingMode,
  root: number | null,
  limit: number,
  options: MappingsOptions = {},
): { mappings: Mapping[]; next: bigint | null } {
  const listed: Mapping[] = [];
  const rows = mergeMappings(mappings(memory, mode, root, options), 'stretch');
  while (listed.length < limit) {
    const next = rows.next();
    if (next.done === true) return { mappings: listed, next: next.value.next };
    listed.push(next.value);
  }
  const last = listed.at(-1)?.last ?? VIRTUAL_LAST;
  return { mappings: listed, next: last === VIRTUAL_LAST ? null : last + 1n };
}
