/** Which stretches of guest-physical memory get bytes in the file, and what of it the source does not hold. */
import { formatAddress } from '#shared/address-text.ts';
import { assert, WorkbenchError } from '#shared/errors.ts';
import type { ExportOptions, ExportReport } from '#shared/model/export.ts';
import type { MemoryState } from '#shared/model/memory.ts';
import type { OpenedRegion } from '../formats/format.ts';
import type { ExportSource } from './export-source.ts';
import { isKnown, memoryRuns } from './memory-runs.ts';

/** Guest-physical memory that gets bytes in the file. */
export interface LoadRange {
  start: number;
  length: number;
}

/** What of the memory the source does not hold. */
export interface Missing {
  missing: ExportReport['missing'];
  missingCut: boolean;
  missingSize: number;
}

export interface LoadPlan extends Missing {
  /** Ascending, disjoint. */
  ranges: LoadRange[];
  /** Bytes that have to be read, or are a fill of another value than zero. */
  dataSize: number;
}

/** Most ranges of missing memory that a report lists. */
const MAX_MISSING = 1000;

const REASONS: Partial<Record<MemoryState, string>> = {
  absent: 'not in the dump',
  excluded: 'left out by whoever made the dump',
  corrupt: 'the dump holds it in a form that cannot be read',
  encrypted: 'encrypted',
};

export interface RangeOptions {
  /** True ends a range before whatever the source does not hold, since a reader would take that for zero; false has zeros in such places. */
  split: boolean;
  /** Only what lies here; `end` is exclusive. */
  window?: { begin: number; end: number };
  /** Indexes of regions that the file is not to have. */
  without?: ReadonlySet<number>;
}

/** What `begin` and `length` of the options ask for. Throws WorkbenchError `bad-request` for one without the other. */
export function windowOf({ begin, length }: ExportOptions): RangeOptions['window'] {
  if (begin === undefined && length === undefined) return undefined;
  if (begin === undefined || length === undefined) throw new WorkbenchError('bad-request', 'a range to export needs both its begin and its length');
  if (length === 0) throw new WorkbenchError('bad-request', 'the range to export is empty');
  return { begin, end: begin + length };
}

/** One range for memory that goes on in its block. Throws WorkbenchError `bad-request` for a window with no memory in it. */
export function planRanges({ memory, dump }: ExportSource, { split, window, without }: RangeOptions): LoadPlan {
  const plan: LoadPlan = { ranges: [], dataSize: 0, missing: [], missingCut: false, missingSize: 0 };
  assert(memory.regions.count === dump.regions.length, 'the map that is read is the map that is described');
  const joined = joinRegions(dump.regions);
  let lastGroup = -1;
  for (const { physical, length, state, region } of memoryRuns(memory, window?.begin, window?.end)) {
    if (without?.has(region)) continue;
    const known = isKnown(state);
    if (!known) noteMissing(plan, physical, length, REASONS[state] ?? state);
    else if (state === 'present') plan.dataSize += length;
    if (!known && split) continue;
    const last = plan.ranges.at(-1);
    if (last && last.start + last.length === physical && joined[region] === lastGroup) last.length += length;
    else plan.ranges.push({ start: physical, length });
    lastGroup = joined[region]!;
  }
  if (window && plan.ranges.length === 0 && plan.missingSize === 0) throw noMemory(window, dump.regions);
  return plan;
}

/**
 * Regions that QEMU's dumps leave out: flash, which is a device that mostly reads as memory, not RAM. Facts: dump/memory_mapping.c, guest_phys_block_add_section (v7.2: memory_region_is_ram);
 * hw/block/pflash_cfi01.c, which names its block as its board names the chip.
 */
export function flashRegions({ dump: { regions, blocks } }: ExportSource): Set<number> {
  const found = new Set<number>();
  regions.forEach(({ block }, index) => {
    if (/\.flash\d*$/.test(blocks[block]?.name ?? '')) found.add(index);
  });
  return found;
}

function noMemory({ begin, end }: NonNullable<RangeOptions['window']>, regions: readonly OpenedRegion[]): WorkbenchError {
  const known = regions.map(({ start, last }) => `${formatAddress(start)} to ${formatAddress(last)}`).slice(0, 8);
  return new WorkbenchError('bad-request', `there is no memory from ${formatAddress(begin)} to ${formatAddress(end - 1)}`, {
    hint: `The guest has memory at ${known.join(', ')}.`,
  });
}

/** Adds a range to what is missing. */
export function noteMissing(plan: Missing, start: number, length: number, reason: string): void {
  plan.missingSize += length;
  const before = plan.missing.at(-1);
  if (before && before.reason === reason && before.last + 1 === start) before.last += length;
  else if (plan.missing.length < MAX_MISSING) plan.missing.push({ start, last: start + length - 1, reason });
  else plan.missingCut = true;
}

/**
 * A number for each region, the same for neighbours that are one segment: as in QEMU (dump/memory_mapping.c, guest_phys_block_add_section) those
 * that go on both in guest-physical memory and in their block, read-only or not.
 */
function joinRegions(regions: readonly OpenedRegion[]): number[] {
  let group = 0;
  return regions.map((region, index) => {
    const before = regions[index - 1];
    const goesOn =
      before !== undefined &&
      before.last + 1 === region.start &&
      before.block === region.block &&
      before.blockOffset + (region.start - before.start) === region.blockOffset;
    if (!goesOn) group++;
    return group;
  });
}
