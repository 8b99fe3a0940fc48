/** A page table as rows to draw: the window of entries that is on screen, how each looks, and the occupancy of the whole table as runs. */
import { formatAddress, formatSize } from '#shared/address-text.ts';
import type { PageTableView, PagingModeView, TableEntry } from '#shared/model/index.ts';

/** `huge`: a page that an entry above the lowest level maps. */
export type EntryLook = 'not-present' | 'table' | 'page' | 'huge' | 'reserved' | 'missing';

export interface TableRow {
  entry: TableEntry;
  look: EntryLook;
  chosen: boolean;
  /** Leads where the chosen entry leads, and is not it. */
  sameTarget: boolean;
}

export interface TableWindow {
  rows: TableRow[];
  /** Entries before and after the window. */
  above: number;
  below: number;
}

export interface OccupancyRun {
  /** Index of the first entry, and one past the last. */
  start: number;
  end: number;
  look: EntryLook;
}

export const LOOKS: Record<EntryLook, { glyph: string; title: string }> = {
  table: { glyph: '▸', title: 'points to a table' },
  page: { glyph: '▪', title: 'maps a page' },
  huge: { glyph: '■', title: 'maps a large page' },
  'not-present': { glyph: '·', title: 'not present' },
  reserved: { glyph: '✕', title: 'reserved bit set' },
  missing: { glyph: '?', title: 'not in the dump' },
};

export function lookOf(entry: TableEntry, level: number): EntryLook {
  return entry.kind === 'page' && level > 1 ? 'huge' : entry.kind;
}

/** First index of a window of `rows` entries that holds `index` in its middle, or as near to it as the table's ends allow. */
export function centredStart(index: number, rows: number, entries: number): number {
  return Math.max(0, Math.min(index - Math.floor(rows / 2), entries - rows));
}

/** The smallest move of a window starting at `start` that shows `index`. */
export function startShowing(index: number, start: number, rows: number): number {
  if (index < start) return index;
  return index >= start + rows ? index - rows + 1 : start;
}

export function tableWindow(view: PageTableView, chosen: number, start: number, rows: number): TableWindow {
  const target = view.entries[chosen]?.target ?? null;
  const shown = view.entries.slice(start, start + rows);
  return {
    rows: shown.map((entry) => ({
      entry,
      look: lookOf(entry, view.level),
      chosen: entry.index === chosen,
      sameTarget: target !== null && entry.target === target && entry.index !== chosen,
    })),
    above: start,
    below: Math.max(0, view.entries.length - start - shown.length),
  };
}

const X86_RIGHTS = ['RW', 'US', 'NX'];
/** What says that an entry counts, which its look says already. */
const VALID = ['P', 'V', 'VALID'];

/** The flags of an entry that a row has room for: of x86 those that rights come from, of others what there is. */
export function rightsFlags(flags: readonly string[]): string[] {
  const known = flags.filter((name) => X86_RIGHTS.includes(name));
  return known.length > 0 || flags.includes('PS') ? known : flags.filter((name) => !VALID.includes(name));
}

/** Pixels of an index in a row, in digits of 11 px; those of most tables have three. */
export const indexWidth = (digits: number): number => Math.max(3, digits) * 6.6 + 0.2;

/** The table from first to last entry as runs of one look; not-present runs are left out. */
export function occupancyRuns(view: PageTableView): OccupancyRun[] {
  const runs: OccupancyRun[] = [];
  view.entries.forEach((entry, index) => {
    const look = lookOf(entry, view.level);
    const last = runs.at(-1);
    if (last?.look === look && last.end === index) last.end++;
    else if (look !== 'not-present') runs.push({ start: index, end: index + 1, look });
  });
  return runs;
}

/** The next entry that is not `not-present`, from `index` in direction `by`; `index` itself when there is none. */
export function nextOccupied(view: PageTableView, index: number, by: 1 | -1): number {
  for (let at = index + by; at >= 0 && at < view.entries.length; at += by) {
    if (view.entries[at]?.kind !== 'not-present') return at;
  }
  return index;
}

/** Bytes that one entry of `level` maps; 0 for a level that the mode does not have. */
export function coverage(mode: PagingModeView, level: number): number {
  const shift = mode.levels.find((candidate) => candidate.level === level)?.shift;
  return shift === undefined ? 0 : 2 ** shift;
}

/** What the entry leads to, as short as it can be said; empty for an entry that is all zero. */
export function targetText({ entry, look }: TableRow): string {
  if (look === 'missing') return 'not in dump';
  if (look === 'not-present') return entry.entry === 0n ? '' : 'not zero';
  return entry.target === null ? LOOKS[look].title : entry.target.toString(16);
}

/** The row in words, for a screen reader and the tooltip. */
export function describeRow(row: TableRow, view: PageTableView, mode: PagingModeView): string {
  const { entry, look } = row;
  const parts = [`${view.levelName}[${entry.index}]`];
  if (look === 'page' || look === 'huge') parts.push(`${formatSize(coverage(mode, view.level))} page at ${formatAddress(entry.target ?? 0)}`);
  else if (look === 'table') parts.push(`table at ${formatAddress(entry.target ?? 0)}`);
  else parts.push(LOOKS[look].title);
  if (entry.flags.length > 0) parts.push(entry.flags.join(' '));
  if (look === 'not-present' && entry.entry !== 0n) parts.push(`other bits set: ${formatAddress(entry.entry)}`);
  if (row.sameTarget) parts.push('same target as the chosen entry');
  if (row.chosen) parts.push('chosen');
  parts.push(`from ${formatAddress(entry.virtual)}`);
  return parts.join(', ');
}
