/**
 * Every page that one root maps, for those who want addresses alone: no object, no flag name and no bigint a page, ten times as fast as mappings(). The
 * tables and the bound on empty tables are the same; the pages are too (tests/engine/translate/page-visitor.test.ts).
 */
import type { Mapping } from '#shared/model/index.ts';
import { PAGE_SIZE } from '#engine/memory/extent-table.ts';
import type { PhysicalMemory } from '#engine/memory/physical-memory.ts';
import { TABLE_BUDGET } from './mappings.ts';
import { ENTRY_PAGE, ENTRY_TABLE, alignRoot, entryHigh, entryLow, readEntry, type PagingMode, type PagingOptions } from './paging-mode.ts';
import { absolutePieces } from './prefixing.ts';
import { PiecesBelow } from './pieces-below.ts';
import { StagedMemory } from './staged-memory.ts';

/**
 * `virtualPage`: the canonical virtual address, read as a signed number, over 4096; exact, and negative in the upper half. `physical` and `size` in bytes. False ends
 * the visit.
 */
export type VisitPage = (virtualPage: number, physical: number, size: number) => boolean;

export interface VisitEnd {
  /** Tables of which the dump lacks an entry or all. */
  missingTables: number;
  /** True when tables went on without pages for so long that the visit ended before they did. */
  cut: boolean;
}

/**
 * In ascending order of virtual addresses, the upper half last. The mode has levels: without paging there are no tables to visit. With two stages of translation each page of the first is visited in the
 * pieces that the second has of it.
 */
export function visitPages(memory: PhysicalMemory, mode: PagingMode, root: number, options: PagingOptions, visit: VisitPage): VisitEnd {
  const { format, entrySize, upperBits, virtualBits } = mode;
  const noExecuteOff = options.noExecuteOff === true;
  const prefix = options.prefix ?? 0;
  if (options.lookup) {
    visitLookedUp(options.lookup.pages(memory, 0n), visit);
    return { missingTables: 0, cut: false };
  }
  const seen = options.below ? new StagedMemory(memory, options.below) : memory;
  const pieces = options.below && new PiecesBelow(memory, options.below);
  const pages = mode.levels.map(({ shift }) => 2 ** shift / PAGE_SIZE);
  const counts = mode.levels.map(({ bits }) => 2 ** bits);
  const levels = mode.levels.map(({ level }) => level);
  const upperHalf = upperBits === 'sign' ? 2 ** (virtualBits - 1) / PAGE_SIZE : Infinity;
  // Exact: what is lost of a 64-bit number lies below the page.
  const origin = upperBits === 'sign' ? 0 : Number(BigInt.asIntN(64, upperBits)) / PAGE_SIZE;
  // The way down to where the visit is: a table for each depth, the next entry, the first virtual page.
  const tables = new Float64Array(levels.length);
  const entries = new Int32Array(levels.length);
  const bases = new Float64Array(levels.length);
  const lacking = new Uint8Array(levels.length);
  /** The last entry that each table has. */
  const lasts = new Int32Array(levels.length).fill(options.topRange?.last ?? 0xffff);
  const end: VisitEnd = { missingTables: 0, cut: false };
  let emptyTables = 0;
  tables[0] = alignRoot(mode, root);
  entries[0] = options.topRange?.first ?? 0;
  for (let depth = 0; depth >= 0;) {
    const index = entries[depth]!++;
    if (index >= counts[depth]! || index > lasts[depth]!) {
      depth--;
      continue;
    }
    const address = tables[depth]! + index * entrySize;
    if (!readEntry(seen, mode, address)) {
      if (lacking[depth] === 0) end.missingTables++;
      lacking[depth] = 1;
      continue;
    }
    const low = entryLow(seen, mode, address);
    const high = entryHigh(seen, mode);
    const level = levels[depth]!;
    const kind = format.kind(level, low, high, noExecuteOff);
    if (kind === ENTRY_PAGE) {
      const page = bases[depth]! + index * pages[depth]!;
      const size = pages[depth]! * PAGE_SIZE;
      const virtualPage = origin + (page < upperHalf ? page : page - 2 * upperHalf);
      let physical = format.target(level, low, high, kind);
      if (format.pageShift !== undefined) physical += (page % (2 ** format.pageShift(level, low, high) / PAGE_SIZE)) * PAGE_SIZE;
      if (pieces === undefined) {
        emptyTables = 0;
        if (prefix === 0) {
          if (!visit(virtualPage, physical, size)) return end;
          continue;
        }
        for (const { offset, length, absolute } of absolutePieces(physical, size, prefix))
          if (!visit(virtualPage + offset / PAGE_SIZE, absolute, length)) return end;
        continue;
      }
      for (let found = pieces.find(physical, physical, physical + size); found; found = pieces.find(pieces.end, physical, physical + size)) {
        emptyTables = 0;
        const { start } = pieces;
        if (!visit(virtualPage + (start - physical) / PAGE_SIZE, pieces.physical, pieces.end - start)) return end;
      }
      if (pieces.cutAt !== undefined) return { ...end, cut: true };
    } else if (kind === ENTRY_TABLE) {
      if (++emptyTables > TABLE_BUDGET) return { ...end, cut: true };
      const base = bases[depth]! + index * pages[depth]!;
      if (format.nextShift !== undefined) {
        const nextPages = 2 ** format.nextShift(level, low, high) / PAGE_SIZE;
        counts[depth + 1] = pages[depth]! / nextPages;
        pages[depth + 1] = nextPages;
      }
      depth++;
      tables[depth] = format.target(level, low, high, kind);
      const range = format.nextRange?.(level, low, high) ?? 0xffff;
      entries[depth] = range >>> 16;
      lasts[depth] = range & 0xffff;
      bases[depth] = base;
      lacking[depth] = 0;
    }
  }
  return end;
}

function visitLookedUp(rows: Iterable<Mapping>, visit: VisitPage): void {
  for (const { start, physical, pageSize } of rows) if (!visit(Number(BigInt.asIntN(64, start) / BigInt(PAGE_SIZE)), physical, pageSize)) return;
}
