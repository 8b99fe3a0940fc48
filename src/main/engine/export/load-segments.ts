/** Which stretches of guest-physical memory become PT_LOAD segments, and what of it the source does not hold. */
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

export interface LoadPlan {
  /** Ascending, disjoint. */
  ranges: LoadRange[];
  /** Bytes that have to be read, or are a fill of another value than zero. */
  dataSize: number;
  missing: ExportReport['missing'];
  missingCut: boolean;
  missingSize: number;
}

/** Most ranges of missing memory that a report lists. */
const MAX_MISSING = 1000;

const REASONS: Partial<Record<MemoryState, string>> = {
  absent: 'not in the dump',
  excluded: 'left out by whoever made the dump',
  corrupt: 'the dump holds it in a form that cannot be read',
  encrypted: 'encrypted',
};

/**
 * `portable`: one segment for memory that goes on, ended before whatever the source does not hold, since a reader would take that for zero.
 * `qemu`: the segments that QEMU writes, with zeros in such places.
 */
export function planLoads({ memory, dump }: ExportSource, layout: ExportOptions['layout']): LoadPlan {
  const plan: LoadPlan = { ranges: [], dataSize: 0, missing: [], missingCut: false, missingSize: 0 };
  const { ranges } = plan;
  for (const { physical, length, state, fill } of memoryRuns(memory)) {
    if (!isKnown(state)) {
      noteMissing(plan, physical, length, REASONS[state] ?? state);
      continue;
    }
    if (state === 'present' || fill !== 0) plan.dataSize += length;
    const last = ranges.at(-1);
    if (last && last.start + last.length === physical) last.length += length;
    else ranges.push({ start: physical, length });
  }
  if (layout === 'qemu') plan.ranges = qemuRanges(dump.regions);
  return plan;
}

function noteMissing(plan: LoadPlan, start: number, length: number, reason: string): void {
  plan.missingSize += length;
  const before = plan.missing.at(-1);
  if (before && before.reason === reason && before.last + 1 === start) before.last += length;
  else if (plan.missing.length < MAX_MISSING) plan.missing.push({ start, last: start + length - 1, reason });
  else plan.missingCut = true;
}

/** QEMU joins neighbours that go on both in guest-physical memory and in their block, read-only or not (dump/memory_mapping.c, guest_phys_block_add_section). */
function qemuRanges(regions: readonly OpenedRegion[]): LoadRange[] {
  const ranges: LoadRange[] = [];
  let before: OpenedRegion | undefined;
  for (const region of regions) {
    const length = region.last - region.start + 1;
    const goesOn =
      before !== undefined &&
      before.last + 1 === region.start &&
      before.block === region.block &&
      before.blockOffset + (region.start - before.start) === region.blockOffset;
    if (goesOn) ranges.at(-1)!.length += length;
    else ranges.push({ start: region.start, length });
    before = region;
  }
  return ranges;
}
