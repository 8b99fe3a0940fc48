/**
 * Collects extents in any order and makes a table of them: later ones win over earlier ones where they overlap, as later copies of
 * a page do in a migration stream.
 */
import { assert, WorkbenchError } from '#shared/errors.ts';
import { ExtentKind, ExtentTable, PAGE_SIZE } from './extent-table.ts';

/** The widest gap between two pages' data that still counts as one run: a page record's header with the longest block name. */
const MAX_HEADER = 8 + 1 + 255;

/**
 * Most extents: a table of 243 MB. Linux guests have some 3 for each MiB, so this is several TiB of memory; what needs more (every other page of another kind,
 * throughout) is most likely made to exhaust memory.
 */
export const MAX_EXTENTS = 2 ** 23;

/** A kind inside the builder only: a Coded unit that is made from whatever lies below it. */
const DELTA = 64 | ExtentKind.Coded;

/** What lies below a delta: another unit, data at a file offset, a fill, something unreadable; undefined for nothing at all. */
export type Below = { kind: ExtentKind; place: number } | undefined;

export class ExtentBuilder {
  #capacity = 1024;
  #count = 0;
  #starts = new Float64Array(this.#capacity);
  #lengths = new Float64Array(this.#capacity);
  #places = new Float64Array(this.#capacity);
  #strides = new Uint32Array(this.#capacity);
  #kinds = new Uint8Array(this.#capacity);
  #ordered = true;
  #hasDeltas = false;
  readonly #most: number;

  /** `most` is for tests. */
  constructor(most = MAX_EXTENTS) {
    this.#most = most;
  }

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

  /** Pages as `addPage` takes them, one after the other in memory and `stride` bytes apart in the file. */
  addPages(start: number, place: number, stride: number, count: number): void {
    // A run that goes on has the stride of its first two pages, so the third at the latest fits; the rest then does, too.
    const single = stride >= PAGE_SIZE && stride <= PAGE_SIZE + MAX_HEADER ? Math.min(3, count) : count;
    for (let page = 0; page < single; page++) this.addPage(start + page * PAGE_SIZE, place + page * stride);
    if (count > single) this.#lengths[this.#count - 1]! += (count - single) * PAGE_SIZE;
  }

  /** Data in one piece, joined to the last extent where it goes on. */
  addData(start: number, length: number, place: number): void {
    if (length <= 0) return;
    const last = this.#count - 1;
    const before = last < 0 ? 0 : this.#lengths[last]!;
    // One page that was added alone has no stride yet: PAGE_SIZE is as good as any.
    const goesOn =
      last >= 0 &&
      this.#kinds[last] === ExtentKind.Data &&
      this.#strides[last] === PAGE_SIZE &&
      this.#starts[last]! + before === start &&
      this.#places[last]! + before === place;
    if (goesOn) this.#lengths[last] = before + length;
    else this.#append(start, length, ExtentKind.Data, place, PAGE_SIZE);
  }

  /** `length` bytes of memory in units of `unitSize` bytes (the last may be shorter), numbered from `unit` on; joined to the last extent where it goes on. */
  addCoded(start: number, length: number, unit: number, unitSize: number): void {
    if (length <= 0) return;
    const last = this.#count - 1;
    const before = last < 0 ? 0 : this.#lengths[last]!;
    const goesOn =
      last >= 0 &&
      this.#kinds[last] === ExtentKind.Coded &&
      this.#strides[last] === unitSize &&
      this.#starts[last]! + before === start &&
      before % unitSize === 0 &&
      this.#places[last]! + before / unitSize === unit;
    if (goesOn) this.#lengths[last] = before + length;
    else this.#append(start, length, ExtentKind.Coded, unit, unitSize);
  }

  /** One unit that changes what lies below it (an XBZRLE page); what that is, `finish` tells. */
  addDelta(start: number, unit: number, unitSize: number): void {
    this.#append(start, unitSize, DELTA, unit, unitSize);
    this.#hasDeltas = true;
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

  #append(start: number, length: number, kind: number, place: number, stride: number): void {
    if (this.#count >= this.#most) this.#compact();
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

  /** Drops what later extents cover, and joins what goes on, so that many passes over the same memory do not add up. Deltas need what they cover. */
  #compact(): void {
    const full = new WorkbenchError('unsupported', `the dump's memory is in more than ${this.#most} pieces, which is more than are kept track of`);
    if (this.#hasDeltas) throw full;
    const table = this.finish();
    for (let row = 0; row < table.count; row++) {
      const [start, length, place, stride, kind] = [
        table.starts[row]!,
        table.lengths[row]!,
        table.places[row]!,
        table.strides[row]!,
        table.kinds[row]!,
      ];
      const last = this.#count - 1;
      const end = last < 0 ? -1 : this.#starts[last]! + this.#lengths[last]!;
      const unit = kind === ExtentKind.Data ? PAGE_SIZE : stride;
      const goesOn =
        end === start &&
        this.#kinds[last] === kind &&
        this.#strides[last] === stride &&
        (kind === ExtentKind.Data || kind === ExtentKind.Coded
          ? this.#lengths[last]! % unit === 0 && this.#placeAt(last, start) === place
          : this.#places[last] === place);
      if (goesOn) this.#lengths[last]! += length;
      else this.#append(start, length, kind, place, stride);
    }
    // Half of it must be free, or every other extent would be the occasion to look again.
    if (this.#count > this.#most / 2) throw full;
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

  /**
   * The table. The builder is empty afterwards. `link` is called for every delta that shows, and for those below it, with what lies
   * directly below; a delta that is covered by later copies is never linked.
   */
  finish(link?: (unit: number, below: Below) => void): ExtentTable {
    const pieces = this.#ordered && !this.#hasDeltas ? undefined : this.#resolve(link);
    const count = pieces ? pieces.length / 3 : this.#count;
    const table = ExtentTable.allocate(count);
    for (let row = 0; row < count; row++) {
      const index = pieces ? pieces[row * 3]! : row;
      const start = pieces ? pieces[row * 3 + 1]! : this.#starts[index]!;
      const end = pieces ? pieces[row * 3 + 2]! : start + this.#lengths[index]!;
      table.starts[row] = start;
      table.lengths[row] = end - start;
      table.kinds[row] = this.#kinds[index]! === DELTA ? ExtentKind.Coded : this.#kinds[index]!;
      table.strides[row] = this.#strides[index]!;
      table.places[row] = this.#placeAt(index, start);
    }
    this.#count = 0;
    this.#ordered = true;
    this.#hasDeltas = false;
    return table;
  }

  /** The `place` that an extent has when it starts at `address`. */
  #placeAt(index: number, address: number): number {
    const within = address - this.#starts[index]!;
    const kind = this.#kinds[index]!;
    if (kind === ExtentKind.Coded || kind === DELTA) {
      const units = within / this.#strides[index]!;
      assert(Number.isInteger(units), 'coded memory is covered in whole units');
      return this.#places[index]! + units;
    }
    if (kind !== ExtentKind.Data) return this.#places[index]!;
    const page = Math.floor(within / PAGE_SIZE);
    return this.#places[index]! + page * this.#strides[index]! + (within - page * PAGE_SIZE);
  }

  /**
   * Sweeps over all boundaries in address order with a heap of the extents that are open, the latest on top, and writes down which one
   * shows: triples (extent, start, end).
   */
  #resolve(link: ((unit: number, below: Below) => void) | undefined): number[] {
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
      else {
        pieces.push(shown, at, end);
        if (link && this.#kinds[shown] === DELTA) this.#linkDeltas(open, at, link);
      }
      at = end;
    }
    return pieces;
  }

  /** Tells what lies below the delta on top, and below each delta under it, down to the first extent that is none. */
  #linkDeltas(open: LatestFirst, at: number, link: (unit: number, below: Below) => void): void {
    const taken: number[] = [];
    const takeOpen = (): number | undefined => {
      while (open.size > 0) {
        const index = open.top;
        open.pop();
        if (this.#starts[index]! + this.#lengths[index]! <= at) continue;
        taken.push(index);
        return index;
      }
      return undefined;
    };
    for (let delta = takeOpen(); delta !== undefined && this.#kinds[delta] === DELTA;) {
      const below = takeOpen();
      const kind = below === undefined ? undefined : this.#kinds[below]!;
      link(
        this.#places[delta]!,
        below === undefined ? undefined : { kind: (kind === DELTA ? ExtentKind.Coded : kind) as ExtentKind, place: this.#placeAt(below, at) },
      );
      delta = below;
    }
    for (const index of taken) open.push(index);
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
