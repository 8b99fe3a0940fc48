/**
 * Collects extents in any order and makes a table of them: later ones win over earlier ones where they overlap, as later copies of
 * a page do in a migration stream.
 */
import { ExtentKind, ExtentTable, PAGE_SIZE } from './extent-table.ts';

/** The widest gap between two pages' data that still counts as one run: a page record's header with the longest block name. */
const MAX_HEADER = 8 + 1 + 255;

export class ExtentBuilder {
  #capacity = 1024;
  #count = 0;
  #starts = new Float64Array(this.#capacity);
  #lengths = new Float64Array(this.#capacity);
  #places = new Float64Array(this.#capacity);
  #strides = new Uint32Array(this.#capacity);
  #kinds = new Uint8Array(this.#capacity);
  #ordered = true;

  get count(): number {
    return this.#count;
  }

  /** One page of data (PAGE_SIZE bytes at `place` in the file), joined to the last extent where it goes on. */
  addPage(start: number, place: number): void {
    const last = this.#count - 1;
    if (last >= 0 && this.#kinds[last] === ExtentKind.Data && this.#starts[last]! + this.#lengths[last]! === start) {
      const length = this.#lengths[last]!;
      if (length === PAGE_SIZE) {
        const stride = place - this.#places[last]!;
        if (stride >= PAGE_SIZE && stride <= PAGE_SIZE + MAX_HEADER) {
          this.#strides[last] = stride;
          this.#lengths[last] = length + PAGE_SIZE;
          return;
        }
      } else if (length % PAGE_SIZE === 0 && this.#places[last]! + (length / PAGE_SIZE) * this.#strides[last]! === place) {
        this.#lengths[last] = length + PAGE_SIZE;
        return;
      }
    }
    this.#append(start, PAGE_SIZE, ExtentKind.Data, place, PAGE_SIZE);
  }

  /** Data in one piece. */
  addData(start: number, length: number, place: number): void {
    if (length > 0) this.#append(start, length, ExtentKind.Data, place, PAGE_SIZE);
  }

  /** Memory that has the value `fill` throughout. */
  addFill(start: number, length: number, fill: number): void {
    this.#addPlain(start, length, ExtentKind.Fill, fill);
  }

  /** Memory that cannot be read, for the reason that `kind` names. */
  addUnreadable(start: number, length: number, kind: ExtentKind): void {
    this.#addPlain(start, length, kind, 0);
  }

  #addPlain(start: number, length: number, kind: ExtentKind, place: number): void {
    if (length <= 0) return;
    const last = this.#count - 1;
    if (last >= 0 && this.#kinds[last] === kind && this.#places[last] === place && this.#starts[last]! + this.#lengths[last]! === start) {
      this.#lengths[last]! += length;
      return;
    }
    this.#append(start, length, kind, place, PAGE_SIZE);
  }

  #append(start: number, length: number, kind: ExtentKind, place: number, stride: number): void {
    if (this.#count === this.#capacity) this.#grow();
    const last = this.#count - 1;
    if (last >= 0 && start < this.#starts[last]! + this.#lengths[last]!) this.#ordered = false;
    const index = this.#count++;
    this.#starts[index] = start;
    this.#lengths[index] = length;
    this.#kinds[index] = kind;
    this.#places[index] = place;
    this.#strides[index] = stride;
  }

  #grow(): void {
    this.#capacity *= 2;
    const grown = <T extends Float64Array | Uint32Array | Uint8Array>(from: T, to: T): T => (to.set(from), to);
    this.#starts = grown(this.#starts, new Float64Array(this.#capacity));
    this.#lengths = grown(this.#lengths, new Float64Array(this.#capacity));
    this.#places = grown(this.#places, new Float64Array(this.#capacity));
    this.#strides = grown(this.#strides, new Uint32Array(this.#capacity));
    this.#kinds = grown(this.#kinds, new Uint8Array(this.#capacity));
  }

  /** The table. The builder is empty afterwards. */
  finish(): ExtentTable {
    const pieces = this.#ordered ? undefined : this.#resolve();
    const count = pieces ? pieces.length / 3 : this.#count;
    const table = ExtentTable.allocate(count);
    for (let row = 0; row < count; row++) {
      const index = pieces ? pieces[row * 3]! : row;
      const start = pieces ? pieces[row * 3 + 1]! : this.#starts[index]!;
      const end = pieces ? pieces[row * 3 + 2]! : start + this.#lengths[index]!;
      table.starts[row] = start;
      table.lengths[row] = end - start;
      table.kinds[row] = this.#kinds[index]!;
      table.strides[row] = this.#strides[index]!;
      table.places[row] = this.#kinds[index] === ExtentKind.Data ? this.#placeAt(index, start) : this.#places[index]!;
    }
    this.#count = 0;
    return table;
  }

  #placeAt(index: number, address: number): number {
    const within = address - this.#starts[index]!;
    const page = Math.floor(within / PAGE_SIZE);
    return this.#places[index]! + page * this.#strides[index]! + (within - page * PAGE_SIZE);
  }

  /**
   * Sweeps over all boundaries in address order with a heap of the extents that are open, the latest on top, and writes down which one
   * shows: triples (extent, start, end).
   */
  #resolve(): number[] {
    const count = this.#count;
    const starts = this.#starts;
    const endOf = (index: number) => starts[index]! + this.#lengths[index]!;
    const byStart = Uint32Array.from({ length: count }, (_, index) => index).sort((a, b) => starts[a]! - starts[b]!);
    const pieces: number[] = [];
    const open = new LatestFirst();
    let next = 0;
    let at = 0;
    while (next < count || open.size > 0) {
      if (open.size === 0) at = Math.max(at, starts[byStart[next]!]!);
      while (next < count && starts[byStart[next]!]! <= at) open.push(byStart[next++]!);
      while (open.size > 0 && endOf(open.top) <= at) open.pop();
      if (open.size === 0) continue;
      const shown = open.top;
      const nextStart = next < count ? starts[byStart[next]!]! : Infinity;
      const end = Math.min(endOf(shown), nextStart);
      const tail = pieces.length - 3;
      if (tail >= 0 && pieces[tail] === shown && pieces[tail + 2] === at) pieces[tail + 2] = end;
      else pieces.push(shown, at, end);
      at = end;
    }
    return pieces;
  }
}

/** A binary heap of numbers with the largest on top. */
class LatestFirst {
  readonly #items: number[] = [];

  get size(): number {
    return this.#items.length;
  }

  get top(): number {
    return this.#items[0]!;
  }

  push(item: number): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent]! >= item) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  pop(): void {
    const items = this.#items;
    const item = items.pop();
    if (items.length === 0 || item === undefined) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && items[child + 1]! > items[child]!) child++;
      if (items[child]! <= item) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = item;
  }
}
