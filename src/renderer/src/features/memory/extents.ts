/**
 * What is known of an address space: a gapless, sorted list of extents from 0 to its last address.
 *
 * `bytes` is to be read (nothing says yet that it is a hole), `hole` is known to hold nothing readable, `unexplored` is a stretch of a
 * virtual space whose page tables have not been listed yet. All boundaries but the space's own are multiples of EXTENT_ALIGN,
 * so that rows of every width line up with them.
 */
import type { MemoryState } from '#shared/model/index.ts';

export interface Extent {
  start: bigint;
  /** Inclusive. */
  last: bigint;
  kind: 'bytes' | 'hole' | 'unexplored';
  /** Of a hole. */
  state?: MemoryState;
  /** Why it is a hole, in a few words; may still be unknown. */
  reason?: string;
}

/** The widest row, so that a boundary never falls inside one. */
export const EXTENT_ALIGN = 32n;
/** Shorter holes stay as they are: a fold would be no shorter than what it hides. */
export const FOLD_MINIMUM = 4n * EXTENT_ALIGN;

export function wholeSpace(last: bigint, kind: 'bytes' | 'unexplored'): Extent[] {
  return [{ start: 0n, last, kind }];
}

function alike(a: Extent, b: Extent): boolean {
  return a.kind === b.kind && a.state === b.state && a.reason === b.reason;
}

/** Extents are shared between lists, so one that grows is replaced, never changed. */
function push(list: Extent[], extent: Extent): void {
  if (extent.last < extent.start) return;
  const previous = list.at(-1);
  if (previous && alike(previous, extent)) list[list.length - 1] = { ...previous, last: extent.last };
  else list.push(extent);
}

/**
 * `base` with `pieces` (sorted, disjoint, inside the space) painted over it, or only over its extents of one kind; neighbours that say the
 * same become one. Linear in both.
 */
export function overlay(base: readonly Extent[], pieces: readonly Extent[], onto?: Extent['kind']): Extent[] {
  const result: Extent[] = [];
  let next = 0;
  for (const extent of base) {
    let from = extent.start;
    while (next < pieces.length && pieces[next]!.start <= extent.last) {
      const piece = pieces[next]!;
      const start = piece.start > from ? piece.start : from;
      const last = piece.last < extent.last ? piece.last : extent.last;
      push(result, { ...extent, start: from, last: start - 1n });
      push(result, { ...(onto && extent.kind !== onto ? extent : piece), start, last });
      from = last + 1n;
      if (piece.last > extent.last) break;
      next++;
    }
    push(result, from === extent.start ? extent : { ...extent, start: from });
  }
  return result;
}

/** A hole shrunk to whole rows; undefined when what is left is not worth folding. `spaceLast` may end inside a row. */
export function foldable(hole: Extent, spaceLast: bigint): Extent | undefined {
  const start = (hole.start + EXTENT_ALIGN - 1n) & ~(EXTENT_ALIGN - 1n);
  const last = hole.last >= spaceLast ? spaceLast : ((hole.last + 1n) & ~(EXTENT_ALIGN - 1n)) - 1n;
  return last - start + 1n >= FOLD_MINIMUM ? { ...hole, start, last } : undefined;
}

/** True when any part of `piece` lies in an extent of that kind: when painting it would change something. */
export function touches(extents: readonly Extent[], piece: Extent, kind: Extent['kind']): boolean {
  for (let at = extentAt(extents, piece.start); at < extents.length && extents[at]!.start <= piece.last; at++) {
    if (extents[at]!.kind === kind) return true;
  }
  return false;
}

/** Index of the extent that holds `address`. */
export function extentAt(extents: readonly Extent[], address: bigint): number {
  let low = 0;
  let high = extents.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (extents[middle]!.start <= address) low = middle;
    else high = middle - 1;
  }
  return low;
}
