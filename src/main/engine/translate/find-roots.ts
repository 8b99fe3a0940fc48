/**
 * Top-level page tables in memory that nothing is known of but the CPU family.
 *
 * A table is taken for one only when all of it can be one, and when the tables below it, read level by level, can all be what the levels above say,
 * down to pages of which many lie one after the other, as kernels map memory. Other data does not get far: each level asks for
 * entries that are empty or point, aligned and with the right bits clear, into this very memory (a few may lead to tables that were not dumped).
 *
 * What kernels map in a row: Linux Documentation/arch/x86/x86_64/mm.rst, arch/arm64/memory.rst (the direct and the linear map).
 * Not looked for: tables that do not begin on a page, entries with an encryption bit (SEV), tables of nested VMs (EPT), hashed tables.
 */
import type { PagingModeId } from '#shared/model/index.ts';
import { PAGE_SIZE } from '#engine/memory/extent-table.ts';
import type { GuestMemory } from '#engine/memory/guest-memory.ts';
import {
  ENTRY_NOT_PRESENT,
  ENTRY_PAGE,
  ENTRY_RESERVED,
  ENTRY_TABLE,
  entryHigh,
  entryLow,
  readEntry,
  swapBytes,
  type PagingMode,
} from './paging-mode.ts';

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

const FOUR_GIB = 2 ** 32;

export interface FoundRoot {
  /** GPA. */
  root: number;
  mode: PagingModeId;
  /** Entries in use of the upper and the lower half of the table; those of a table for one half of the addresses are all counted as the kernel's. */
  kernelEntries: number;
  userEntries: number;
  /** Tables below the root that were read, and the pages that they map. */
  tables: number;
  pages: number;
}

interface Span {
  start: number;
  /** Inclusive. */
  last: number;
}

/** As Progress.report: may throw to end the search. */
type Report = (phase: string, done: number, total: number) => void;

/** Best first: kernels' own before those of processes, fuller ones first. */
export function findRoots(memory: GuestMemory, regions: readonly Span[], modes: readonly PagingMode[], report: Report): FoundRoot[] {
  const end = regions.reduce((most, { last }) => Math.max(most, last + 1), 0);
  const found: FoundRoot[] = [];
  const budget = { tables: ALL_TABLES };
  // A top table can pass for one of fewer levels, since levels look alike; one with large pages below it does not pass for more.
  const searched = modes.filter(({ levels }) => levels.length > 1).sort((a, b) => b.levels.length - a.levels.length);
  for (const { address, words } of presentPages(memory, regions, report)) {
    if (budget.tables <= 0 || found.length >= MAX_FOUND) break;
    for (const mode of searched) {
      // Systems align tables to their size, also where a CPU asks for less.
      if (address % Math.max(mode.tableAlignment, 2 ** mode.levels[0]!.bits * mode.entrySize) !== 0) continue;
      const entries = topEntries(words, mode, end);
      const weight = entries && weigh(memory, address, mode, end, budget);
      if (!weight) continue;
      found.push({ root: address, mode: mode.id, ...entries, ...weight });
      break;
    }
  }
  return withoutLowerTables(memory, found, modes).sort(
    (a, b) => Math.sign(a.userEntries) - Math.sign(b.userEntries) || b.kernelEntries - a.kernelEntries || b.pages - a.pages || a.root - b.root,
  );
}

/** Pages that the dump holds whole and that are not all zero, up to SEARCHED bytes of memory. `words` is used again for the next page. */
function* presentPages(memory: GuestMemory, regions: readonly Span[], report: Report): Generator<{ address: number; words: Uint32Array }> {
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
      report('looking for page tables', searched, total);
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

/** How many entries are in use, when the page can be a top table, or the start of one; `end` is the end of memory. */
function topEntries(words: Uint32Array, mode: PagingMode, end: number): { kernelEntries: number; userEntries: number } | undefined {
  const [{ level, bits }] = mode.levels as [PagingMode['levels'][number]];
  const { format, entrySize, bigEndian, upperBits } = mode;
  const wide = entrySize === 8;
  const count = Math.min(2 ** bits, PAGE_SIZE / entrySize);
  const kernelFrom = upperBits === 'sign' ? 2 ** (bits - 1) : 0;
  let kernelEntries = 0;
  let userEntries = 0;
  let strays = 0;
  for (let index = 0; index < count; index++) {
    const first = words[wide ? 2 * index : index]!;
    const second = wide ? words[2 * index + 1]! : 0;
    if ((first | second) === 0) continue;
    const low = bigEndian === true ? swapBytes(wide ? second : first) : first;
    const high = bigEndian === true ? swapBytes(wide ? first : 0) : second;
    const kind = format.kind(level, low, high, false);
    if (kind === ENTRY_NOT_PRESENT) {
      if (format.isEmpty?.(level, low, high) !== true && ++strays > MAX_STRAYS) return undefined;
      continue;
    }
    // Kernels that can choose map nothing in the top table itself; two levels leave no choice.
    if (kind === ENTRY_RESERVED || (kind === ENTRY_PAGE && mode.levels.length > 2)) return undefined;
    const target = format.target(level, low, high, kind);
    if (target === 0 || target >= end) return undefined;
    if (index < kernelFrom) userEntries++;
    else kernelEntries++;
  }
  return kernelEntries + userEntries === 0 ? undefined : { kernelEntries, userEntries };
}

/** What the tables below come to; undefined when one of them cannot be a table, or they show too little. */
function weigh(
  memory: GuestMemory,
  root: number,
  mode: PagingMode,
  end: number,
  budget: { tables: number },
): { tables: number; pages: number } | undefined {
  const { levels, format, entrySize } = mode;
  let tables = 0;
  let missing = 0;
  let pages = 0;
  let plausible = 0;
  let inRow = 0;
  /** False when the tree cannot be one of page tables. Upper entries first: kernels are up there. */
  const visit = (table: number, depth: number, range: number): boolean => {
    const level = levels[depth]!;
    budget.tables--;
    let expected = -1;
    for (let index = Math.min(2 ** level.bits - 1, range & 0xffff); index >= range >>> 16; index--) {
      const address = table + entrySize * index;
      if (!readEntry(memory, mode, address)) {
        missing++;
        return true;
      }
      const low = entryLow(memory, mode, address);
      const high = entryHigh(memory, mode);
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
      if (!visit(target, depth + 1, format.nextRange?.(level.level, low, high) ?? 0xffff)) return false;
    }
    return true;
  };
  if (!visit(root, 0, 0xffff)) return undefined;
  const there = tables - missing;
  const enough = inRow >= MIN_IN_ROW && plausible >= MIN_PLAUSIBLE * pages && there >= Math.max(levels.length - 2, MIN_TABLES_PER_MISSING * missing);
  return enough ? { tables: there, pages } : undefined;
}

/** Without roots that one of more levels points to: those are its second level. */
function withoutLowerTables(memory: GuestMemory, found: readonly FoundRoot[], modes: readonly PagingMode[]): FoundRoot[] {
  const modeOf = ({ mode }: FoundRoot) => modes.find(({ id }) => id === mode)!;
  const below = new Map<number, number>();
  for (const candidate of found) {
    const mode = modeOf(candidate);
    const [{ level, bits }] = mode.levels as [PagingMode['levels'][number]];
    for (let index = 0; index < 2 ** bits; index++) {
      const address = candidate.root + mode.entrySize * index;
      if (!readEntry(memory, mode, address)) continue;
      const low = entryLow(memory, mode, address);
      const high = entryHigh(memory, mode);
      if (mode.format.kind(level, low, high, false) === ENTRY_TABLE) below.set(mode.format.target(level, low, high, ENTRY_TABLE), mode.levels.length);
    }
  }
  return found.filter((candidate) => (below.get(candidate.root) ?? 0) <= modeOf(candidate).levels.length);
}
