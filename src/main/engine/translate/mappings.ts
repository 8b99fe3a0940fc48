/**
 * Everything that one root maps, in ascending order of virtual addresses: page by page (QEMU's `info tlb`), or merged.
 *
 * Tables may point at each other in cycles: Windows maps its own tables that way, and a hostile dump can make 2^36 pages out of one
 * table. Depth is bounded by the mode's levels; rows come one at a time, so whoever asks decides how many; and a stretch of tables
 * that yields no row is cut after TABLE_BUDGET of them. A cut says where to go on.
 *
 * With two stages of translation a page of the first is as many rows as the second has pages there; what the second does not translate has none.
 */
import type { Mapping, PagingLevel } from '#shared/model/index.ts';
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
  nextLevel,
  nonCanonicalReason,
  readEntry,
  rightsOf,
  type PagingMode,
  type PagingOptions,
} from './paging-mode.ts';
import { absolutePieces, unsplitSize } from './prefixing.ts';
import { PiecesBelow } from './pieces-below.ts';
import { StagedMemory } from './staged-memory.ts';

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
  level: PagingLevel;
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
  const { below, prefix = 0 } = options;
  if (mode.levels.length === 0) {
    if (below) {
      const rows = mappings(memory, below.mode, below.root, { ...below.options, from: start, onMissingTable: options.onMissingTable });
      for (let next = rows.next(); ; next = rows.next()) {
        if (next.done === true) return next.value;
        yield { ...next.value, flags: [] };
      }
    }
    const end = 1n << BigInt(mode.virtualBits);
    const pieces = absolutePieces(0, Number(end), prefix);
    for (const [n, { offset, absolute }] of pieces.entries()) {
      const next = pieces[n + 1];
      const last = (next === undefined ? end : BigInt(next.offset)) - 1n;
      if (last >= start) yield { start: BigInt(offset), last, physical: absolute, pageSize: 4096, flags: [], effective: rightsOf(RIGHTS_ALL) };
    }
    return { next: null };
  }
  if (root === null) return { next: null };
  if (options.lookup) {
    yield* options.lookup.pages(memory, start);
    return { next: null };
  }

  const seen = below ? new StagedMemory(memory, below) : memory;
  const pieces = below && new PiecesBelow(memory, below);
  const noExecuteOff = options.noExecuteOff === true;
  const [topLevel] = mode.levels as [PagingLevel];
  const first = indexOf(topLevel, start);
  const top = options.topRange ?? { first: 0, last: Infinity };
  const begun = { base: 0n, rights: RIGHTS_ALL, missing: false, last: top.last };
  const frames: Frame[] = [{ level: topLevel, table: alignRoot(mode, root), index: Math.max(first, top.first), ...begun }];
  // While true, the walk still goes down the path of `start`; below it, tables are read from their first entry on.
  let descending = first >= top.first;
  let tablesWithoutRow = 0;
  for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
    const depth = frames.length - 1;
    const { level } = frame;
    if (frame.index >= 2 ** level.bits || frame.index > frame.last) {
      frames.pop();
      const above = frames.at(-1);
      if (above !== undefined) above.index++;
      continue;
    }
    const virtual = frame.base | (BigInt(frame.index) << BigInt(level.shift));
    const address = frame.table + frame.index * mode.entrySize;
    if (!readEntry(seen, mode, address)) {
      if (!frame.missing) {
        frame.missing = true;
        options.onMissingTable?.({ table: frame.table, levelName: level.name, virtual: canonicalAddress(mode, frame.base) });
      }
      descending = false;
      frame.index++;
      continue;
    }
    const low = entryLow(seen, mode, address);
    const high = entryHigh(seen, mode);
    const kind = mode.format.kind(level.level, low, high, noExecuteOff);
    if (kind === ENTRY_TABLE) {
      if (++tablesWithoutRow > TABLE_BUDGET) return { next: canonicalAddress(mode, virtual) };
      const range = mode.format.nextRange?.(level.level, low, high);
      const begin = range === undefined ? 0 : range >>> 16;
      const next = nextLevel(mode, depth, level, low, high);
      if (next === undefined) throw new Error(`assertion failed: ${mode.title} has no level below ${level.name}`);
      const wanted = descending ? indexOf(next, start) : 0;
      // What lies before the first entry of the table was passed over: the rest is read from its first entries on.
      if (wanted < begin) descending = false;
      frames.push({
        level: next,
        table: mode.format.target(level.level, low, high, kind),
        index: Math.max(wanted, begin),
        base: virtual,
        rights: frame.rights & mode.format.rights(low, high, level.level, noExecuteOff),
        missing: false,
        last: range === undefined ? Infinity : range & 0xffff,
      });
      continue;
    }
    descending = false;
    if (kind === ENTRY_PAGE) {
      const pageStart = canonicalAddress(mode, virtual);
      const size = 2 ** level.shift;
      const pageShift = mode.format.pageShift?.(level.level, low, high) ?? level.shift;
      const pageSize = 2 ** pageShift;
      const physical = mode.format.target(level.level, low, high, kind) + Number(BigInt.asUintN(pageShift, virtual));
      const flags = mode.format.flagNames(level.level, low, high, kind);
      const rights = frame.rights & mode.format.rights(low, high, level.level, noExecuteOff);
      if (pieces === undefined) {
        tablesWithoutRow = 0;
        const unsplit = unsplitSize(physical, pageSize, prefix);
        for (const { offset, length, absolute } of absolutePieces(physical, size, prefix)) {
          const first = pageStart + BigInt(offset);
          const last = first + BigInt(length) - 1n;
          if (last >= start) yield { start: first, last, physical: absolute, pageSize: unsplit, flags: [...flags], effective: rightsOf(rights) };
        }
      } else {
        const from = physical + (start > pageStart ? Number(start - pageStart) : 0);
        for (let found = pieces.find(from, physical, physical + size); found; found = pieces.find(pieces.end, physical, physical + size)) {
          tablesWithoutRow = 0;
          const { translator } = pieces;
          yield {
            start: pageStart + BigInt(pieces.start - physical),
            last: pageStart + BigInt(pieces.end - physical) - 1n,
            physical: pieces.physical,
            pageSize: Math.min(pageSize, translator.pageSize),
            flags: [...flags],
            effective: rightsOf(rights & translator.rights),
          };
        }
        if (pieces.cutAt !== undefined) return { next: pageStart + BigInt(pieces.cutAt - physical) };
      }
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
