/** The guest-physical map as a sorted table: which stretch of physical addresses shows which stretch of the dump's RAM space. */
import { assert } from '#shared/errors.ts';

export interface PlacedRegion {
  start: number;
  /** Inclusive. */
  last: number;
  /** Address of `start` in the dump's RAM space, where extents are looked up. */
  ram: number;
}

export class PhysicalRegions {
  readonly starts: Float64Array;
  readonly lasts: Float64Array;
  readonly rams: Float64Array;

  /** `regions` must be sorted and disjoint. */
  constructor(regions: readonly PlacedRegion[]) {
    this.starts = Float64Array.from(regions, (region) => region.start);
    this.lasts = Float64Array.from(regions, (region) => region.last);
    this.rams = Float64Array.from(regions, (region) => region.ram);
    for (let index = 1; index < regions.length; index++) {
      assert(this.starts[index]! > this.lasts[index - 1]!, 'physical regions are sorted and disjoint');
    }
  }

  get count(): number {
    return this.starts.length;
  }

  /** Index of the region that holds `address`, or of the first one after it (`count` when there is none). */
  lowerBound(address: number): number {
    let low = 0;
    let high = this.starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.lasts[middle]! < address) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
