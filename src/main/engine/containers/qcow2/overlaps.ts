/**
 * Clusters that serve two purposes at once: in a sound image nothing does, so that a wrong table shows here although each of its entries looks right.
 */
import { ExtentKind, type ExtentTable } from '../../memory/extent-table.ts';
import type { Place } from './image.ts';

/** Bytes that two or more of the state's data extents and `others` claim, and the first such place. All are offsets of the source. */
export function findOverlaps(extents: ExtentTable, others: readonly Place[]): { bytes: number; first: number } {
  const data: Place[] = [];
  for (let index = 0; index < extents.count; index++) {
    const start = extents.places[index]!;
    if (extents.kinds[index] === ExtentKind.Data) data.push({ start, end: start + extents.lengths[index]! });
  }
  const places = [...data, ...others].sort((a, b) => a.start - b.start);
  let bytes = 0;
  let first = 0;
  let reached = 0;
  for (const { start, end } of places) {
    const shared = Math.min(end, reached) - start;
    if (shared > 0) {
      if (bytes === 0) first = start;
      bytes += shared;
    }
    reached = Math.max(reached, end);
  }
  return { bytes, first };
}
