/** Extents of a guest out of those of its host: the same places in the same file. */
import { ExtentKind, PAGE_SIZE, type ExtentTable } from '../memory/extent-table.ts';
import type { ExtentBuilder } from '../memory/extent-builder.ts';
import type { PhysicalRegions } from '../memory/physical-regions.ts';
import type { SharedUnitParts } from '../memory/unit-parts.ts';

/** Called for what the host's dump lacks: `length` bytes at guest RAM address `ram`, which are at HPA `physical`. */
export type OnMissing = (ram: number, length: number, physical: number) => void;

export class HostExtents {
  readonly #regions: PhysicalRegions;
  readonly #extents: ExtentTable;
  readonly #builder: ExtentBuilder;
  readonly #parts: SharedUnitParts | undefined;
  readonly #onMissing: OnMissing;
  /** Where the last piece was found: the next is often in the same. */
  #region = 0;
  #extent = 0;

  /** `parts`: where units of coded memory are larger than a page. */
  constructor(
    { regions, extents }: { regions: PhysicalRegions; extents: ExtentTable },
    builder: ExtentBuilder,
    parts: SharedUnitParts | undefined,
    onMissing: OnMissing,
  ) {
    this.#regions = regions;
    this.#extents = extents;
    this.#builder = builder;
    this.#parts = parts;
    this.#onMissing = onMissing;
  }

  /** Shows `length` bytes of the host's memory from HPA `physical` on at RAM address `ram` of the guest, which is beyond what was shown before. */
  show(ram: number, physical: number, length: number): void {
    const { starts, lasts, rams, count } = this.#regions;
    const end = physical + length;
    for (let at = physical; at < end;) {
      let region = this.#region;
      if (!(region < count && at >= starts[region]! && at <= lasts[region]!)) region = this.#region = this.#regions.lowerBound(at);
      const start = region < count ? starts[region]! : Infinity;
      const to = start > at ? Math.min(end, start) : Math.min(end, lasts[region]! + 1);
      if (start > at) this.#onMissing(ram + at - physical, to - at, at);
      else this.#showRam(ram + at - physical, rams[region]! + at - start, to - at, at);
      at = to;
    }
  }

  /** `hostRam`: address in the host's RAM space. */
  #showRam(ram: number, hostRam: number, length: number, physical: number): void {
    const { starts, lengths, kinds, places, count } = this.#extents;
    const end = hostRam + length;
    for (let at = hostRam; at < end;) {
      let row = this.#extent;
      if (!(row < count && at >= starts[row]! && at < starts[row]! + lengths[row]!)) row = this.#extent = this.#extents.lowerBound(at);
      const target = ram + at - hostRam;
      const begin = row < count ? starts[row]! : Infinity;
      if (begin > at) {
        const to = Math.min(end, begin);
        this.#onMissing(target, to - at, physical + at - hostRam);
        at = to;
        continue;
      }
      const to = Math.min(end, begin + lengths[row]!);
      const kind = kinds[row]!;
      if (kind === ExtentKind.Data) this.#showData(target, row, at - begin, to - at);
      else if (kind === ExtentKind.Coded) this.#showCoded(target, row, at - begin, to - at);
      else if (kind === ExtentKind.Fill) this.#builder.addFill(target, to - at, places[row]!);
      else this.#builder.addUnreadable(target, to - at, kind as ExtentKind);
      at = to;
    }
  }

  /** `within`: bytes into the extent. */
  #showData(ram: number, row: number, within: number, length: number): void {
    const { places, strides } = this.#extents;
    const stride = strides[row]!;
    const place = places[row]!;
    const builder = this.#builder;
    if (stride === PAGE_SIZE) return builder.addData(ram, length, place + within);
    // Only inside a page do bytes follow each other in the file.
    const inPage = within % PAGE_SIZE;
    const first = inPage === 0 ? 0 : Math.min(length, PAGE_SIZE - inPage);
    const placeOf = (at: number) => place + Math.floor(at / PAGE_SIZE) * stride + (at % PAGE_SIZE);
    builder.addData(ram, first, placeOf(within));
    const pages = Math.floor((length - first) / PAGE_SIZE);
    if (pages > 0) builder.addPages(ram + first, placeOf(within + first), stride, pages);
    const done = first + pages * PAGE_SIZE;
    builder.addData(ram + done, length - done, placeOf(within + done));
  }

  /** An extent begins where a unit, or a part of one, does: what begins inside of one (a dump whose units are no pages) cannot be told. */
  #showCoded(ram: number, row: number, within: number, length: number): void {
    const size = this.#extents.strides[row]!;
    const first = this.#extents.places[row]!;
    const end = within + length;
    const builder = this.#builder;
    for (let at = within; at < end;) {
      const unit = Math.floor(at / size);
      const inside = at - unit * size;
      const target = ram + at - within;
      const parts = this.#parts;
      const toPage = PAGE_SIZE - (inside % PAGE_SIZE);
      let bytes = Math.min(end - at, parts ? Math.min(toPage, size - inside) : size - inside);
      if (inside % (parts ? PAGE_SIZE : size) !== 0) builder.addUnreadable(target, bytes, ExtentKind.Corrupt);
      else if (parts) builder.addCoded(target, bytes, (first + unit) * parts.perUnit + inside / PAGE_SIZE, PAGE_SIZE);
      else {
        bytes = end - at;
        builder.addCoded(target, bytes, first + unit, size);
      }
      at += bytes;
    }
  }
}
