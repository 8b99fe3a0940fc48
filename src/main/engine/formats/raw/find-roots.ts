/**
 * Top-level page tables of x86-64 in memory that nothing is known of.
 *
 * A page is taken for one only when all of it can be one, and when the tables below it, read level by level, can all be what the levels above say,
 * down to pages of which many lie one after the other, as kernels map memory. A page of other data does not get far: each level asks for
 * 512 entries that are empty or point, aligned and with the right bits clear, into this very memory (a few may lead to tables that were not dumped).
 *
 * Source of the entry formats: arch/x86-64/page-entry.ts. What kernels map in a row: Linux Documentation/arch/x86/x86_64/mm.rst (the direct map).
 * Not looked for: tables of other families, 32-bit ones, entries with an encryption bit (SEV), tables of nested VMs (EPT).
 */
import type { PagingModeId } from '#shared/model/index.ts';
import { x86_64 } from '../../arch/x86-64/index.ts';
import { PAGE_SIZE } from '../../memory/extent-table.ts';
import type { GuestMemory } from '../../memory/guest-memory.ts';
import { ENTRY_PAGE, ENTRY_RESERVED, ENTRY_TABLE } from '../../translate/paging-mode.ts';
import type { OpenedRegion, Progress } from '../format.ts';

/** Bytes of memory that are searched: half a second. */
const SEARCHED = 2 ** 30;
const CHUNK = 2 ** 20;
/** Tables that are read for one root, and for all: bounds for memory that was made to look like tables. The latter takes two seconds. */
const MAX_TABLES = 128;
const ALL_TABLES = 8192;
/** Enough roots to choose from. */
const MAX_FOUND = 32;
/** Pages that must follow one another, and the share of pages that must lie in this memory or below 4 GiB, where devices are. */
const MIN_IN_ROW = 16;
const MIN_PLAUSIBLE = 0.9;
/** Tables that must be there for each one that the dump lacks, and entries of a top table that may hold something while they are not present. */
const MIN_TABLES_PER_MISSING = 4;
const MAX_STRAYS = 8;

const ENTRIES = 512;
const FOUR_GIB = 2 ** 32;
const PRESENT = 1;
const PAGE_BIT = 0x80;
/** Bits 52 to 62, which an operating system may use and does not in a top table. */
const HIGH_UNUSED = 0x7ff0_0000;

export interface FoundRoot {
  /** GPA. */
  root: number;
  mode: PagingModeId;
  /** Entries in use of the upper and the lower half of the table. */
  kernelEntries: number;
  userEntries: number;
  /** Tables below the root that were read, and the pages that they map. */
  tables: number;
  pages: number;
}

/** Best first: kernels' own before those of processes, fuller ones first. */
export function findRoots(memory: GuestMemory, regions: readonly OpenedRegion[], progress: Progress): FoundRoot[] {
  const end = regions.reduce((most, { last }) => Math.max(most, last + 1), 0);
  const found: FoundRoot[] = [];
  const budget = { tables: ALL_TABLES };
  for (const { address, words } of presentPages(memory, regions, progress)) {
    const entries = topEntries(words, end);
    if (entries === undefined) continue;
    if (budget.tables <= 0 || found.length >= MAX_FOUND) break;
    // A PML5 can pass for a PML4, since all levels look alike; a PML4 with large pages below it does not pass for a PML5.
    for (const mode of ['x86-64-5level', 'x86-64-4level'] as const) {
      const weight = weigh(memory, address, mode, end, budget);
      if (weight === undefined) continue;
      found.push({ root: address, mode, ...entries, ...weight });
      break;
    }
  }
  return withoutLowerTables(memory, found).sort(
    (a, b) => Math.sign(a.userEntries) - Math.sign(b.userEntries) || b.kernelEntries - a.kernelEntries || a.root - b.root,
  );
}

/** Pages that the dump holds whole and that are not all zero, up to SEARCHED bytes of memory. `words` is used again for the next page. */
function* presentPages(
  memory: GuestMemory,
  regions: readonly OpenedRegion[],
  progress: Progress,
): Generator<{ address: number; words: Uint32Array }> {
  const bytes = new Uint8Array(CHUNK);
  const all = new Uint32Array(bytes.buffer);
  const total = Math.min(
    SEARCHED,
    regions.reduce((sum, { start, last }) => sum + last - start + 1, 0),
  );
  let searched = 0;
  for (const { start, last } of regions) {
    const first = Math.ceil(start / PAGE_SIZE) * PAGE_SIZE;
    for (let at = first; at + PAGE_SIZE <= last + 1 && searched < SEARCHED; at += CHUNK) {
      progress.report('looking for page tables', searched, total);
      const length = Math.min(CHUNK, Math.floor((last + 1 - at) / PAGE_SIZE) * PAGE_SIZE);
      searched += length;
      for (const span of memory.readStreaming(at, bytes.subarray(0, length))) {
        if (span.state !== 'present') continue;
        for (let page = Math.ceil(span.start / PAGE_SIZE) * PAGE_SIZE; page + PAGE_SIZE <= span.end; page += PAGE_SIZE)
          yield { address: at + page, words: all.subarray(page / 4, (page + PAGE_SIZE) / 4) };
      }
    }
  }
}

/** How many entries are in use, when the page can be a top table; `end` is the end of memory. */
function topEntries(words: Uint32Array, end: number): { kernelEntries: number; userEntries: number } | undefined {
  let kernelEntries = 0;
  let userEntries = 0;
  let strays = 0;
  for (let index = 0; index < ENTRIES; index++) {
    const low = words[2 * index]!;
    const high = words[2 * index + 1]!;
    if ((low & PRESENT) === 0) {
      if ((low | high) !== 0 && ++strays > MAX_STRAYS) return undefined;
      continue;
    }
    if ((low & PAGE_BIT) !== 0 || (high & HIGH_UNUSED) !== 0) return undefined;
    const target = (high & 0xf_ffff) * FOUR_GIB + ((low & 0xffff_f000) >>> 0);
    if (target === 0 || target >= end) return undefined;
    if (index < ENTRIES / 2) userEntries++;
    else kernelEntries++;
  }
  return kernelEntries + userEntries === 0 ? undefined : { kernelEntries, userEntries };
}

/** What the tables below come to; undefined when one of them cannot be a table, or they show too little. */
function weigh(
  memory: GuestMemory,
  root: number,
  modeId: PagingModeId,
  end: number,
  budget: { tables: number },
): { tables: number; pages: number } | undefined {
  const { levels, format } = x86_64.pagingMode(modeId);
  let tables = 0;
  let missing = 0;
  let pages = 0;
  let plausible = 0;
  let inRow = 0;
  /** False when the tree cannot be one of page tables. Upper entries first: kernels are up there. */
  const visit = (table: number, depth: number): boolean => {
    const level = levels[depth]!;
    budget.tables--;
    let expected = -1;
    for (let index = ENTRIES - 1; index >= 0; index--) {
      if (!memory.readU64(table + 8 * index)) {
        missing++;
        return true;
      }
      const { low, high } = memory;
      const kind = format.kind(level.level, low, high, false);
      if (kind === ENTRY_RESERVED) return false;
      const target = kind === ENTRY_TABLE || kind === ENTRY_PAGE ? format.target(level.level, low, high, kind) : -1;
      if (kind === ENTRY_PAGE) {
        pages++;
        if (target < Math.max(end, FOUR_GIB)) plausible++;
        if (target === expected) inRow++;
      }
      expected = kind === ENTRY_PAGE ? target - 2 ** level.shift : -1;
      // A table may map itself (Windows, some bare-metal kernels): its entries have been looked at.
      if (kind !== ENTRY_TABLE || target === root || tables >= MAX_TABLES) continue;
      tables++;
      if (!visit(target, depth + 1)) return false;
    }
    return true;
  };
  if (!visit(root, 0)) return undefined;
  const there = tables - missing;
  const enough = inRow >= MIN_IN_ROW && plausible >= MIN_PLAUSIBLE * pages && there >= Math.max(levels.length - 2, MIN_TABLES_PER_MISSING * missing);
  return enough ? { tables: there, pages } : undefined;
}

/** Without 4-level roots that a 5-level one points to: those are its second level. */
function withoutLowerTables(memory: GuestMemory, found: readonly FoundRoot[]): FoundRoot[] {
  const lower = new Set<number>();
  for (const { root, mode } of found) {
    if (mode !== 'x86-64-5level') continue;
    for (let index = 0; index < ENTRIES; index++) {
      if (memory.readU64(root + 8 * index) && (memory.low & PRESENT) !== 0)
        lower.add((memory.high & 0xf_ffff) * FOUR_GIB + ((memory.low & 0xffff_f000) >>> 0));
    }
  }
  return found.filter(({ root, mode }) => mode === 'x86-64-5level' || !lower.has(root));
}
