/**
 * Where the bytes of a dump's memory lie in its file, as runs: memory grows with the number of runs, not of pages.
 *
 * An extent is a run of memory that has one state. Data extents are made of pages of `PAGE_SIZE` bytes, `stride` file bytes apart: 4104 for a
 * migration stream's pages with their 8-byte headers, 4096 for memory that lies in one piece. Coded extents are made of units of `stride` bytes of
 * memory each, numbered from `place` on, which a UnitDecoder makes of what the file holds (a compressed page, a page and its deltas). Columns are typed
 * arrays over one SharedArrayBuffer, so that all threads of a dump use one table:
 *
 * ```
 * starts   Float64   address in the dump's RAM space (a physical address, or an offset into all RAM blocks laid end to end)
 * lengths  Float64   bytes
 * places   Float64   file offset of the first byte (data), the fill byte (fill), number of the first unit (coded), 0 otherwise
 * strides  Uint32    file bytes from one page to the next (data), bytes of memory a unit (coded)
 * kinds    Uint8     ExtentKind
 * ```
 */
import type { MemoryState } from '#shared/model/memory.ts';
import { AbsenceTable, type SharedAbsences } from './absence-table.ts';

export const PAGE_SIZE = 4096;

/** Kinds of extents. Data is read from the file; Fill is one byte value throughout; Coded is made by a UnitDecoder. */
export const ExtentKind = { Data: 1, Fill: 2, Excluded: 3, Corrupt: 4, Encrypted: 5, Coded: 6 } as const;
export type ExtentKind = (typeof ExtentKind)[keyof typeof ExtentKind];

/** The state that the bytes of an extent have for the user; a fill of zeros is `zero`, any other fill is data. */
export function stateOfExtent(kind: number, place: number): MemoryState {
  switch (kind) {
    // Whether a coded unit can be decoded is known when it is.
    case ExtentKind.Coded:
    case ExtentKind.Data:
      return 'present';
    case ExtentKind.Fill:
      return place === 0 ? 'zero' : 'present';
    case ExtentKind.Excluded:
      return 'excluded';
    case ExtentKind.Encrypted:
      return 'encrypted';
    default:
      return 'corrupt';
  }
}

/** An extent table as plain data, to be handed to other threads. */
export interface SharedExtents {
  buffer: SharedArrayBuffer;
  count: number;
  /** Why what no extent covers is absent, where that is known. */
  absences?: SharedAbsences;
}

const ROW_BYTES = 8 + 8 + 8 + 4 + 1;

/** Sorted, disjoint extents. */
export class ExtentTable {
  readonly count: number;
  readonly starts: Float64Array;
  readonly lengths: Float64Array;
  readonly places: Float64Array;
  readonly strides: Uint32Array;
  readonly kinds: Uint8Array;
  readonly shared: SharedExtents;
  /** Undefined where nothing says why memory is absent. */
  readonly absences: AbsenceTable | undefined;

  constructor(shared: SharedExtents) {
    const { buffer, count } = shared;
    this.shared = shared;
    this.count = count;
    this.absences = shared.absences && new AbsenceTable(shared.absences);
    this.starts = new Float64Array(buffer, 0, count);
    this.lengths = new Float64Array(buffer, count * 8, count);
    this.places = new Float64Array(buffer, count * 16, count);
    this.strides = new Uint32Array(buffer, count * 24, count);
    this.kinds = new Uint8Array(buffer, count * 28, count);
  }

  static allocate(count: number): ExtentTable {
    return new ExtentTable({ buffer: new SharedArrayBuffer(count * ROW_BYTES), count });
  }

  /** Index of the extent that holds `address`, or of the first one after it (`count` when there is none). */
  lowerBound(address: number): number {
    const { starts, lengths } = this;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (starts[middle]! + lengths[middle]! <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Index of the extent that holds `address`, or -1. */
  find(address: number): number {
    const index = this.lowerBound(address);
    return index < this.count && this.starts[index]! <= address ? index : -1;
  }

  /** File offset of `address`, which lies in data extent `index`. */
  fileOffset(index: number, address: number): number {
    const within = address - this.starts[index]!;
    const stride = this.strides[index]!;
    if (stride === PAGE_SIZE) return this.places[index]! + within;
    const page = Math.floor(within / PAGE_SIZE);
    return this.places[index]! + page * stride + (within - page * PAGE_SIZE);
  }

  /**
   * Address in RAM space of the byte at a file offset; undefined where the file holds no memory (headers between pages, device state). Looks at
   * every extent: for a user's question, not for a pass.
   */
  addressOfFileOffset(offset: number): number | undefined {
    for (let index = 0; index < this.count; index++) {
      const place = this.places[index]!;
      if (this.kinds[index] !== ExtentKind.Data || offset < place) continue;
      const stride = this.strides[index]!;
      const pages = Math.floor((offset - place) / stride);
      const inPage = offset - place - pages * stride;
      const within = pages * PAGE_SIZE + inPage;
      if (inPage < PAGE_SIZE && within < this.lengths[index]!) return this.starts[index]! + within;
    }
    return undefined;
  }

  /** Calls `visit(kind, place, start, length)` for the extents' parts inside a range, ascending; gaps are not visited. */
  forEachIn(start: number, length: number, visit: (kind: number, place: number, start: number, length: number) => void): void {
    const end = start + length;
    for (let index = this.lowerBound(start); index < this.count && this.starts[index]! < end; index++) {
      const from = Math.max(start, this.starts[index]!);
      const to = Math.min(end, this.starts[index]! + this.lengths[index]!);
      visit(this.kinds[index]!, this.places[index]!, from, to - from);
    }
  }
}
