/**
 * The row-index model: which row of the view shows which bytes.
 *
 * Rows are counted with bigint, because 2^64 addresses make 2^61 rows of 8 bytes; a folded hole is one row. Immutable: when more is known,
 * a new layout is built, and the view stays where it is because it remembers an address, not a row.
 */
import { type Extent, extentAt } from './extents.ts';

export type BytesPerRow = 8 | 16 | 32;

export type LayoutRow =
  | { kind: 'bytes'; index: bigint; start: bigint; last: bigint }
  /** A hole's headline: the only row of a folded hole, the first of an unfolded one. */
  | { kind: 'hole'; index: bigint; start: bigint; last: bigint; extent: Extent; folded: boolean };

/** Before anything is known. */
const NOTHING: readonly Extent[] = [{ start: 0n, last: 0n, kind: 'bytes' }];

export class RowLayout {
  readonly extents: readonly Extent[];
  readonly bytesPerRow: BytesPerRow;
  readonly rowCount: bigint;
  readonly spaceLast: bigint;
  /** First row of each extent. */
  readonly #firstRow: bigint[] = [];
  readonly #unfolded: ReadonlySet<bigint>;
  readonly #width: bigint;

  /** `extents` is gapless from 0; `unfolded` holds an address of each hole that the user opened. */
  constructor(extents: readonly Extent[], bytesPerRow: BytesPerRow, unfolded: ReadonlySet<bigint> = new Set()) {
    this.extents = extents.length > 0 ? extents : NOTHING;
    this.bytesPerRow = bytesPerRow;
    this.#width = BigInt(bytesPerRow);
    this.spaceLast = this.extents.at(-1)?.last ?? 0n;
    this.#unfolded = new Set([...unfolded].map((address) => this.extents[extentAt(this.extents, address)]?.start ?? address));
    let rows = 0n;
    for (const extent of this.extents) {
      this.#firstRow.push(rows);
      rows += this.#rowsOf(extent);
    }
    this.rowCount = rows;
  }

  isFolded(extent: Extent): boolean {
    return extent.kind !== 'bytes' && !this.#unfolded.has(extent.start);
  }

  #rowsOf(extent: Extent): bigint {
    if (this.isFolded(extent)) return 1n;
    const bytes = extent.last / this.#width - extent.start / this.#width + 1n;
    return extent.kind === 'bytes' ? bytes : bytes + 1n;
  }

  /** Row that shows `address`. In a folded hole that is its headline, in an unfolded one a row of bytes. */
  rowOf(address: bigint): bigint {
    const clamped = address < 0n ? 0n : address > this.spaceLast ? this.spaceLast : address;
    const at = extentAt(this.extents, clamped);
    const extent = this.extents[at]!;
    const first = this.#firstRow[at]!;
    if (this.isFolded(extent)) return first;
    const within = clamped / this.#width - extent.start / this.#width;
    return extent.kind === 'bytes' ? first + within : first + 1n + within;
  }

  /** The row with that index, clamped to the first and the last. */
  rowAt(index: bigint): LayoutRow {
    const wanted = index < 0n ? 0n : index >= this.rowCount ? this.rowCount - 1n : index;
    const at = this.#extentOfRow(wanted);
    const extent = this.extents[at]!;
    const within = wanted - this.#firstRow[at]!;
    const folded = this.isFolded(extent);
    if (extent.kind !== 'bytes' && within === 0n) return { kind: 'hole', index: wanted, start: extent.start, last: extent.last, extent, folded };
    const nth = extent.kind === 'bytes' ? within : within - 1n;
    const aligned = (extent.start / this.#width + nth) * this.#width;
    const start = aligned > extent.start ? aligned : extent.start;
    const end = aligned + this.#width - 1n;
    return { kind: 'bytes', index: wanted, start, last: end < extent.last ? end : extent.last };
  }

  /** At most `count` rows from `index` on; fewer at the end of the space. */
  rowsFrom(index: bigint, count: number): LayoutRow[] {
    const rows: LayoutRow[] = [];
    const first = index < 0n ? 0n : index;
    for (let nth = 0; nth < count && first + BigInt(nth) < this.rowCount; nth++) rows.push(this.rowAt(first + BigInt(nth)));
    return rows;
  }

  #extentOfRow(index: bigint): number {
    let low = 0;
    let high = this.#firstRow.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#firstRow[middle]! <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
