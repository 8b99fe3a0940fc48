/**
 * The strip: guest-physical space from left to right, each segment as wide as the logarithm of its size, between bounds, so that a
 * 16 KiB shadow ROM and a 3 GiB PCI hole can both be seen and pointed at. Too many segments for the width become groups that open on their own.
 */
import type { MemoryRegion, MemoryState } from '#shared/model/index.ts';
import type { Gap } from './gaps.ts';

export interface StripCell {
  kind: 'region' | 'gap' | 'group';
  start: number;
  /** Inclusive. */
  last: number;
  /** CSS pixels from the strip's left end. */
  x: number;
  width: number;
  title: string;
  detail: string;
  /** Segments inside: 1, or more for a group. */
  count: number;
  /** Largest first; a share is of the cell's bytes, each at least MINIMUM_SHARE so that one lost page can be seen. */
  states: readonly { state: MemoryState; share: number; bytes: number }[];
}

/** A cell that can still be seen and clicked, in CSS pixels. */
export const MINIMUM_WIDTH = 6;
const MINIMUM_SHARE = 0.08;
const PAGE = 4096;
/** 2^4 pages to 2^20 pages (64 KiB to 4 GiB) grow; below and above all look alike. */
const BOUNDS = { low: 4, high: 20 };
/** Gaps hold nothing to look at. */
export const GAP_WEIGHT = 0.45;

type Segment = Omit<StripCell, 'x' | 'width' | 'states'> & { weight: number; bytes: Partial<Record<MemoryState, number>> };

export function weightOf(size: number): number {
  return Math.min(BOUNDS.high, Math.max(BOUNDS.low, Math.log2(size / PAGE)));
}

export function stateShares(amounts: Partial<Record<MemoryState, number>>): StripCell['states'] {
  const entries = (Object.entries(amounts) as [MemoryState, number][]).filter(([, bytes]) => bytes > 0).sort((a, b) => b[1] - a[1]);
  const total = entries.reduce((sum, [, bytes]) => sum + bytes, 0);
  const raised = entries.map(([state, bytes]) => ({ state, bytes, share: Math.max(bytes / total, MINIMUM_SHARE) }));
  const whole = raised.reduce((sum, { share }) => sum + share, 0);
  return raised.map((entry) => ({ ...entry, share: entry.share / whole }));
}

function segmentsOf(regions: readonly MemoryRegion[], gaps: readonly Gap[]): Segment[] {
  const segments: Segment[] = [];
  let gap = 0;
  for (const region of regions) {
    for (; gap < gaps.length && gaps[gap]!.start < region.start; gap++) segments.push(gapSegment(gaps[gap]!));
    segments.push({
      kind: 'region',
      start: region.start,
      last: region.last,
      title: region.block ?? 'memory',
      detail: region.evidence.text,
      count: 1,
      weight: weightOf(region.last - region.start + 1),
      bytes: region.states,
    });
  }
  for (; gap < gaps.length; gap++) segments.push(gapSegment(gaps[gap]!));
  return segments;
}

function gapSegment({ start, last, title, detail }: Gap): Segment {
  return { kind: 'gap', start, last, title, detail, count: 1, weight: weightOf(last - start + 1) * GAP_WEIGHT, bytes: {} };
}

function group(members: readonly Segment[]): Segment {
  const first = members[0]!;
  if (members.length === 1) return first;
  const bytes: Partial<Record<MemoryState, number>> = {};
  for (const member of members)
    for (const [state, amount] of Object.entries(member.bytes) as [MemoryState, number][]) bytes[state] = (bytes[state] ?? 0) + amount;
  const regions = members.filter((member) => member.kind === 'region').length;
  return {
    kind: 'group',
    start: first.start,
    last: members.at(-1)!.last,
    title: `${members.length}`,
    detail: `${regions} regions and ${members.length - regions} gaps; open to see them.`,
    count: members.length,
    weight: members.reduce((sum, member) => sum + member.weight, 0),
    bytes,
  };
}

/** Neighbours joined until no more than `limit` are left, each group with about the same weight. */
function grouped(segments: readonly Segment[], limit: number): Segment[] {
  if (segments.length <= limit) return [...segments];
  const share = segments.reduce((sum, segment) => sum + segment.weight, 0) / limit;
  const groups: Segment[] = [];
  let members: Segment[] = [];
  let weight = 0;
  for (const segment of segments) {
    members.push(segment);
    weight += segment.weight;
    if (weight >= share * (groups.length + 1)) {
      groups.push(group(members));
      members = [];
    }
  }
  if (members.length > 0) groups.push(group(members));
  return groups;
}

/** Cells that fill `width` CSS pixels; empty when there is nothing to draw or no room. `regions` and `gaps` are sorted. */
export function buildStrip(regions: readonly MemoryRegion[], gaps: readonly Gap[], width: number): StripCell[] {
  const limit = Math.floor(width / MINIMUM_WIDTH);
  if (limit < 1) return [];
  const segments = grouped(segmentsOf(regions, gaps), limit);
  const total = segments.reduce((sum, segment) => sum + segment.weight, 0);
  const spare = width - segments.length * MINIMUM_WIDTH;
  let x = 0;
  return segments.map(({ weight, bytes, ...segment }) => {
    const cell = { ...segment, x, width: MINIMUM_WIDTH + (spare * weight) / total, states: stateShares(bytes) };
    x += cell.width;
    return cell;
  });
}

/** Index of the cell that holds `address`, -1 when none does. */
export function cellAt(cells: readonly StripCell[], address: number): number {
  return cells.findIndex((cell) => address >= cell.start && address <= cell.last);
}

/** Where an address lies on the strip, in CSS pixels: linear within its cell. */
export function positionOf(cells: readonly StripCell[], address: number): number | undefined {
  const cell = cells[cellAt(cells, address)];
  if (!cell) return undefined;
  return cell.x + (cell.width * (address - cell.start)) / Math.max(1, cell.last - cell.start);
}
