/**
 * A guest's physical memory from bottom to top, cut where the way to its bytes changes. What an exporter loops over: two binary searches
 * a run instead of two a page.
 */
import type { MemoryState } from '#shared/model/memory.ts';
import { ExtentKind, PAGE_SIZE, stateOfExtent } from '../memory/extent-table.ts';
import type { GuestMemory } from '../memory/guest-memory.ts';

export interface MemoryRun {
  /** Guest-physical address of the first byte. */
  physical: number;
  /** Bytes. */
  length: number;
  /** Absent only inside regions: addresses of no region have no run. */
  state: MemoryState;
  /** File offset of the first byte; -1 for fills, for coded memory and for memory that is not there. */
  place: number;
  /** File bytes from one page of the run to the next; PAGE_SIZE where they lie in one piece. The first page is whole unless the run is one piece. */
  stride: number;
  /** Value of every byte of a fill, 0 otherwise. */
  fill: number;
  /** True for memory that must be decoded: it is read through GuestMemory, and what cannot be decoded turns up then. */
  coded: boolean;
  /** Index of the region that it is part of. */
  region: number;
}

/** The runs of all regions, or of what they have from `from` up to `end` (exclusive), ascending. The yielded object is the caller's. */
export function* memoryRuns(memory: GuestMemory, from = 0, end = Infinity): Generator<MemoryRun> {
  const { regions } = memory;
  for (let region = regions.lowerBound(from); region < regions.count && regions.starts[region]! < end; region++) {
    const start = Math.max(from, regions.starts[region]!);
    const stop = Math.min(end, regions.lasts[region]! + 1);
    yield* runsOfRegion(memory, region, start, regions.rams[region]! + (start - regions.starts[region]!), stop - start);
  }
}

function* runsOfRegion({ extents }: GuestMemory, region: number, physical: number, ram: number, length: number): Generator<MemoryRun> {
  const end = ram + length;
  let at = ram;
  for (let index = extents.lowerBound(ram); at < end; index++) {
    const begin = index < extents.count ? Math.min(end, Math.max(at, extents.starts[index]!)) : end;
    if (begin > at)
      yield { physical: physical + (at - ram), length: begin - at, state: 'absent', place: -1, stride: PAGE_SIZE, fill: 0, coded: false, region };
    if (begin === end) return;
    const kind = extents.kinds[index]!;
    const place = extents.places[index]!;
    const state = stateOfExtent(kind, place);
    const stop = Math.min(end, extents.starts[index]! + extents.lengths[index]!);
    at = begin;
    if (kind === ExtentKind.Data) {
      const stride = extents.strides[index]!;
      // A region that starts inside a page of a stream: the rest of that page is a run of its own.
      const inPage = stride === PAGE_SIZE ? 0 : (at - extents.starts[index]!) % PAGE_SIZE;
      if (inPage > 0) {
        const part = Math.min(stop - at, PAGE_SIZE - inPage);
        yield {
          physical: physical + (at - ram),
          length: part,
          state,
          place: extents.fileOffset(index, at),
          stride: PAGE_SIZE,
          fill: 0,
          coded: false,
          region,
        };
        at += part;
      }
      if (at < stop) {
        yield {
          physical: physical + (at - ram),
          length: stop - at,
          state,
          place: extents.fileOffset(index, at),
          stride,
          fill: 0,
          coded: false,
          region,
        };
      }
    } else {
      yield {
        physical: physical + (at - ram),
        length: stop - at,
        state,
        place: -1,
        stride: PAGE_SIZE,
        fill: kind === ExtentKind.Fill ? place : 0,
        coded: kind === ExtentKind.Coded,
        region,
      };
    }
    at = stop;
  }
}

/** True for memory whose contents the dump knows. */
export function isKnown(state: MemoryState): boolean {
  return state === 'present' || state === 'zero';
}
