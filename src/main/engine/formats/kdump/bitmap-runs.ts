/**
 * The two bitmaps of a kdump file as runs of pages: bitmap 1 says which pages exist, bitmap 2 which are in the file (layout.ts).
 *
 * makedumpfile clears bits of bitmap 1 for holes between PT_LOAD segments; QEMU writes two equal bitmaps.
 */
import type { ByteSource } from '../../memory/byte-source.ts';
import type { Progress } from '../format.ts';
import type { BitmapPlace } from './part.ts';

/** What the bitmaps say of a page: bit 0 is bitmap 1's, bit 1 bitmap 2's. */
export const PageKind = {
  Hole: 0,
  Excluded: 1,
  /** In the file, though bitmap 1 knows of no such page. */
  Stray: 2,
  Dumped: 3,
  /** The bitmap that would tell lies beyond the end of the file. */
  Unknown: 4,
} as const;
export type PageKind = (typeof PageKind)[keyof typeof PageKind];

const CHUNK = 256 * 1024;

/** Calls `visit` for the runs of PFNs from `firstPfn` to before `endPfn`, ascending and without gaps; a run may come in pieces. Holds two chunks at a time. */
export function forEachRun(
  source: ByteSource,
  place: BitmapPlace,
  firstPfn: number,
  endPfn: number,
  progress: Progress,
  visit: (kind: PageKind, pfn: number, count: number) => void,
): void {
  const firstByte = Math.floor(firstPfn / 8);
  const lastByte = Math.ceil(endPfn / 8);
  const room = Math.max(0, Math.min(CHUNK, lastByte - firstByte));
  const exists = new Uint8Array(room);
  const dumped = new Uint8Array(room);
  for (let at = firstByte; at < lastByte; at += CHUNK) {
    progress.report('reading the page bitmaps', at, lastByte);
    const length = Math.min(CHUNK, lastByte - at);
    const read = (bitmap: number, into: Uint8Array) => {
      const wanted = Math.max(0, Math.min(length, place.end - (bitmap + at)));
      return source.readStreaming(bitmap + at, into.subarray(0, wanted));
    };
    const known1 = read(place.first, exists);
    const known2 = read(place.second, dumped);
    exists.fill(0, known1);
    const from = Math.max(firstPfn, at * 8);
    const known = Math.max(from, Math.min(endPfn, (at + known2) * 8));
    const to = Math.min(endPfn, (at + length) * 8);
    if (known > from) runsOf(exists, dumped, at * 8, from, known, visit);
    if (to > known) visit(PageKind.Unknown, known, to - known);
  }
}

/** `base` is the PFN of bit 0 of byte 0. */
function runsOf(
  exists: Uint8Array,
  dumped: Uint8Array,
  base: number,
  from: number,
  to: number,
  visit: (kind: PageKind, pfn: number, count: number) => void,
): void {
  let kind = -1;
  let start = from;
  for (let pfn = from; pfn < to;) {
    const byte = (pfn - base) >>> 3;
    const one = exists[byte]!;
    const two = dumped[byte]!;
    // Whole bytes at once where all eight pages are of one kind, as they nearly always are.
    const whole = ((pfn - base) & 7) === 0 && pfn + 8 <= to && (one === 0 || one === 0xff) && (two === 0 || two === 0xff);
    const bit = (pfn - base) & 7;
    const found = ((one >>> bit) & 1) | (((two >>> bit) & 1) << 1);
    if (found !== kind) {
      if (kind >= 0) visit(kind as PageKind, start, pfn - start);
      kind = found;
      start = pfn;
    }
    pfn += whole ? 8 : 1;
  }
  if (kind >= 0) visit(kind as PageKind, start, to - start);
}
