/** One page table whole: every entry among its neighbours. */
import { WorkbenchError } from '#shared/errors.ts';
import type { PageTableView, PagingLevel, TableEntry } from '#shared/model/index.ts';
import type { PhysicalMemory } from '#engine/memory/physical-memory.ts';
import {
  ENTRY_NOT_PRESENT,
  ENTRY_PAGE,
  ENTRY_TABLE,
  alignRoot,
  canonicalAddress,
  entryHigh,
  entryLow,
  readEntry as loadEntry,
  type EntryKind,
  type PagingMode,
  type PagingOptions,
} from './paging-mode.ts';
import { StagedMemory } from './staged-memory.ts';

const KIND_WORDS: Record<EntryKind, TableEntry['kind']> = { 0: 'not-present', 1: 'table', 2: 'page', 3: 'reserved' };

/**
 * All entries of the table at GPA `table`, read as one of `level`. `virtual` is any address whose walk goes through it, so that each entry can
 * name its own first address. Throws `bad-request` for a level that the mode does not have. Entries that the dump lacks are `missing`. With two stages of translation `table` and
 * the entries' targets are addresses that the second translates; an entry that it does not translate is `missing` too. `row`: the level as it is, where entries tell the sizes of tables.
 */
export function readPageTable(
  memory: PhysicalMemory,
  mode: PagingMode,
  table: number,
  level: number,
  virtual: bigint,
  options: PagingOptions = {},
  row = mode.levels.find((candidate) => candidate.level === level),
): PageTableView {
  if (row === undefined) throw new WorkbenchError('bad-request', `${mode.title} has no level ${level}`);
  if (options.lookup) throw new WorkbenchError('unsupported', `a ${mode.title} is no tree of tables`);
  const start = mode.format.nextShift === undefined ? alignRoot(mode, table) : table;
  const base = (virtual >> BigInt(row.shift + row.bits)) << BigInt(row.shift + row.bits);
  const seen = options.below ? new StagedMemory(memory, options.below) : memory;
  const entries = Array.from({ length: 2 ** row.bits }, (_, index) => {
    const first = canonicalAddress(mode, base | (BigInt(index) << BigInt(row.shift)));
    return readEntry(seen, mode, row, start, index, first, options.noExecuteOff === true);
  });
  return { table: start, level, levelName: row.name, entries };
}

function readEntry(
  memory: PhysicalMemory,
  mode: PagingMode,
  { level }: PagingLevel,
  table: number,
  index: number,
  virtual: bigint,
  noExecuteOff: boolean,
): TableEntry {
  const address = table + index * mode.entrySize;
  if (!loadEntry(memory, mode, address)) return { index, entry: 0n, kind: 'missing', target: null, flags: [], virtual };
  const low = entryLow(memory, mode, address);
  const high = entryHigh(memory, mode);
  const kind = mode.format.kind(level, low, high, noExecuteOff);
  const target = kind === ENTRY_TABLE || kind === ENTRY_PAGE ? mode.format.target(level, low, high, kind) : null;
  const flags = kind === ENTRY_NOT_PRESENT ? [] : mode.format.flagNames(level, low, high, kind);
  return { index, entry: (BigInt(high) << 32n) | BigInt(low), kind: KIND_WORDS[kind], target, flags, virtual };
}
