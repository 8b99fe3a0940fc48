/** Builds a guest-physical map by painting: what is painted later covers what was there, as overlapping memory regions of an emulator do by priority. */
import type { Evidence } from '#shared/model/memory.ts';

/** A stretch of a RAM block at its place in the guest-physical map. */
export interface Painted {
  start: number;
  /** Inclusive. */
  last: number;
  /** Index into the blocks. */
  block: number;
  blockOffset: number;
  readOnly: boolean;
  evidence: Evidence;
}

export class MapPainter {
  #painted: Painted[] = [];

  paint(region: Painted): void {
    this.erase(region.start, region.last);
    this.#painted.push(region);
  }

  /** Takes away whatever is in the range: there is no memory, or a device answers. */
  erase(start: number, last: number): void {
    this.#painted = this.#painted.flatMap((old) => {
      if (old.last < start || old.start > last) return [old];
      const pieces: Painted[] = [];
      if (old.start < start) pieces.push({ ...old, last: start - 1 });
      if (old.last > last) pieces.push({ ...old, start: last + 1, blockOffset: old.blockOffset + (last + 1 - old.start) });
      return pieces;
    });
  }

  /** Sorted and disjoint; neighbours that go on in address, block and offset are one, with the evidence of the larger part. */
  regions(): Painted[] {
    const sorted = [...this.#painted].sort((a, b) => a.start - b.start);
    const merged: Painted[] = [];
    for (const region of sorted) {
      const before = merged.at(-1);
      const goesOn =
        before !== undefined &&
        before.last + 1 === region.start &&
        before.block === region.block &&
        before.blockOffset + (region.start - before.start) === region.blockOffset &&
        before.readOnly === region.readOnly;
      if (!goesOn) {
        merged.push({ ...region });
        continue;
      }
      if (region.last - region.start > before.last - before.start) before.evidence = region.evidence;
      before.last = region.last;
    }
    return merged;
  }
}
