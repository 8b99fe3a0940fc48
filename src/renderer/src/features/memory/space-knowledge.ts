/**
 * What the dump says about a space before a single byte is read, as extents: the guest-physical map, the mappings of a page table, the
 * length of a file; and what reading has shown since (spans of a chunk).
 */
import type { Mapping, MemoryChunk, MemoryRegion, MemoryState } from '#shared/model/index.ts';
import { PHYSICAL_LIMIT } from '#shared/units.ts';
import { lastVirtual, type AddressBits } from '#shared/virtual-address.ts';
import { groupedHex } from '#shared/address-text.ts';
import { type Extent, foldable, wholeSpace } from './extents.ts';

/** Bytes of a space, `last` inclusive. */
export type Stretch = Pick<MemoryRegion, 'start' | 'last'>;

/** The spaces that the memory panel shows. */
export type MemorySpace = 'gva' | 'gpa' | 'hva' | 'file';

/** Last address of a space, inclusive; a file's is its size less one (0 for an empty file). `bits` of a virtual address. */
export function lastAddress(space: MemorySpace, fileSize: number, bits: AddressBits): bigint {
  if (space === 'gva') return lastVirtual(bits);
  if (space === 'gpa' || space === 'hva') return BigInt(PHYSICAL_LIMIT - 1);
  return BigInt(Math.max(fileSize, 1) - 1);
}

/** `regions`: what lies where in a physical or a host's space, ascending. */
export function initialExtents(space: MemorySpace, fileSize: number, regions: readonly Stretch[], bits: AddressBits): Extent[] {
  if (space === 'gva') return wholeSpace(lastAddress(space, fileSize, bits), 'unexplored');
  if (space === 'gpa' || space === 'hva') return physicalExtents(regions);
  return wholeSpace(lastAddress(space, fileSize, bits), 'bytes');
}

const NO_REGION = 'outside every region of the memory map';

/** Regions are bytes, all between them a hole. */
export function physicalExtents(regions: readonly Stretch[]): Extent[] {
  const spaceLast = BigInt(PHYSICAL_LIMIT - 1);
  const extents: Extent[] = [];
  let from = 0n;
  const bytesUntil = (last: bigint): void => {
    const previous = extents.at(-1);
    if (previous?.kind === 'bytes') previous.last = last;
    else extents.push({ start: from, last, kind: 'bytes' });
    from = last + 1n;
  };
  const gapUntil = (last: bigint): void => {
    if (last < from) return;
    const hole = foldable({ start: from, last, kind: 'hole', state: 'absent', reason: NO_REGION }, spaceLast);
    if (!hole) return bytesUntil(last);
    if (hole.start > from) bytesUntil(hole.start - 1n);
    extents.push(hole);
    from = hole.last + 1n;
    if (hole.last < last) bytesUntil(last);
  };
  for (const region of regions) {
    gapUntil(BigInt(region.start) - 1n);
    bytesUntil(BigInt(region.last));
  }
  gapUntil(spaceLast);
  return extents;
}

/** The parts of a physical range that no region covers, as half-open offsets into it. */
function uncovered(physical: number, length: number, regions: readonly Stretch[]): { from: number; to: number }[] {
  let low = 0;
  let high = regions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (regions[middle]!.last < physical) low = middle + 1;
    else high = middle;
  }
  const gaps: { from: number; to: number }[] = [];
  let from = 0;
  for (let index = low; index < regions.length && regions[index]!.start < physical + length; index++) {
    const region = regions[index]!;
    if (region.start - physical > from) gaps.push({ from, to: region.start - physical });
    from = Math.max(from, region.last + 1 - physical);
  }
  if (from < length) gaps.push({ from, to: length });
  return gaps;
}

/**
 * What one answer of `listMappings` says about [from, next): mapped stretches are bytes (holes where they lead to no memory), the rest is
 * unmapped. `next` is null when the listing reached the end of the space, `spaceLast`. Sorted and disjoint, ready for `overlay`.
 */
export function virtualExtents(
  from: bigint,
  mappings: readonly Mapping[],
  next: bigint | null,
  regions: readonly Stretch[],
  spaceLast: bigint,
): Extent[] {
  const pieces: Extent[] = [];
  let at = from;
  for (const mapping of mappings) {
    if (mapping.last < at) continue;
    const start = mapping.start > at ? mapping.start : at;
    if (start > at) pieces.push({ start: at, last: start - 1n, kind: 'hole', state: 'unmapped' });
    pieces.push({ start, last: mapping.last, kind: 'bytes' });
    const skipped = Number(start - mapping.start);
    const physical = mapping.physical + skipped;
    for (const gap of uncovered(physical, Number(mapping.last - start) + 1, regions)) {
      splitLast(
        pieces,
        start + BigInt(gap.from),
        start + BigInt(gap.to) - 1n,
        `mapped to GPA ${groupedHex(physical + gap.from, 12)}, ${NO_REGION}`,
        spaceLast,
      );
    }
    at = mapping.last + 1n;
  }
  const end = next === null ? spaceLast + 1n : next;
  if (end > at) pieces.push({ start: at, last: end - 1n, kind: 'hole', state: 'unmapped' });
  return pieces;
}

/** Cuts a hole out of the last piece, which covers it. */
function splitLast(pieces: Extent[], start: bigint, last: bigint, reason: string, spaceLast: bigint): void {
  const whole = pieces.pop()!;
  const hole = foldable({ start, last, kind: 'hole', state: 'absent', reason }, spaceLast);
  if (!hole) {
    pieces.push(whole);
    return;
  }
  if (hole.start > whole.start) pieces.push({ ...whole, last: hole.start - 1n });
  pieces.push(hole);
  if (hole.last < whole.last) pieces.push({ ...whole, start: hole.last + 1n });
}

const HOLES = new Set<MemoryState>(['excluded', 'absent', 'corrupt', 'encrypted', 'unmapped']);

/** True for states without bytes to show. */
export const isHole = (state: MemoryState): boolean => HOLES.has(state);

/** Holes that a chunk turned out to have and that are long enough to fold. */
export function holesIn(chunk: MemoryChunk, spaceLast: bigint): Extent[] {
  const holes: Extent[] = [];
  for (const span of chunk.spans) {
    if (!isHole(span.state)) continue;
    const hole = foldable(
      {
        start: chunk.address + BigInt(span.start),
        last: chunk.address + BigInt(span.end) - 1n,
        kind: 'hole',
        state: span.state,
        reason: span.reason,
      },
      spaceLast,
    );
    if (hole) holes.push(hole);
  }
  return holes;
}
