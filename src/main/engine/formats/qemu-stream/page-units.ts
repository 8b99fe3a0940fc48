/**
 * Pages that a stream holds in coded form, as a table of units: compressed ones, and copies that say only what changed (XBZRLE) in the page as it was
 * sent before. Which copy that was is known once the whole stream was read: the index links a delta to what lies below it.
 *
 * ```
 * offsets  Float64   file offset of the coded bytes
 * bases    Float64   of a delta: what lies below it, by its kind: a unit's number, a file offset, a fill byte
 * sizes    Uint32    how many coded bytes
 * kinds    Uint8     UnitKind
 * ```
 * Facts: QEMU migration/ram.c, load_xbzrle and save_compress_page (v5.2). A page's size is that of the target.
 */
import { decodeUnit } from '../../codecs/codec.ts';
import { applyXbzrle } from '../../codecs/xbzrle.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import type { Below } from '../../memory/extent-builder.ts';
import { ExtentKind } from '../../memory/extent-table.ts';
import type { UnitDecoder, UnitFault } from '../../memory/unit-decoder.ts';

/** `Delta…` are named by what lies below; `Deep` is a delta with too many others below it. */
const UnitKind = { Zlib: 1, DeltaOnUnit: 2, DeltaOnData: 3, DeltaOnFill: 4, DeltaOnCorrupt: 5, DeltaOnNothing: 6, Deep: 7 } as const;

/**
 * Most deltas on one page. A migration sends a page once a pass at most, and a pass takes milliseconds even for a small guest on a fast disk: this is
 * minutes of them. Bounds what reading one page can cost (0.1 s).
 */
export const MAX_DELTAS = 65_536;

const ROW_BYTES = 8 + 8 + 4 + 1;

/** As plain data, for other threads. */
export interface SharedPageUnits {
  buffer: SharedArrayBuffer;
  count: number;
}

function columnsOf({ buffer, count }: SharedPageUnits) {
  return {
    offsets: new Float64Array(buffer, 0, count),
    bases: new Float64Array(buffer, count * 8, count),
    sizes: new Uint32Array(buffer, count * 16, count),
    kinds: new Uint8Array(buffer, count * 20, count),
  };
}

/** Collects units; 21 bytes each. */
export class PageUnitBuilder {
  count = 0;
  /** Pages that can't be had because more than MAX_DELTAS deltas lie on them. */
  deepPages = 0;
  #columns = columnsOf({ buffer: new SharedArrayBuffer(0), count: 0 });
  #expected = -1;
  #depth = 0;

  addCompressed(offset: number, size: number): number {
    return this.#add(UnitKind.Zlib, offset, size);
  }

  /** A delta; `link` has to follow if it is to be read. */
  addDelta(offset: number, size: number): number {
    return this.#add(UnitKind.DeltaOnNothing, offset, size);
  }

  #add(kind: number, offset: number, size: number): number {
    if (this.count === this.#columns.kinds.length) this.#grow();
    const unit = this.count++;
    this.#columns.offsets[unit] = offset;
    this.#columns.sizes[unit] = size;
    this.#columns.kinds[unit] = kind;
    return unit;
  }

  #grow(): void {
    const count = Math.max(1024, this.count * 2);
    this.#columns = copyInto({ buffer: new SharedArrayBuffer(count * ROW_BYTES), count }, this.#columns);
  }

  /** Tells a delta what lies below it; to be called for a page's deltas from the latest down, as ExtentBuilder.finish does. */
  link(unit: number, below: Below): void {
    this.#depth = unit === this.#expected ? this.#depth + 1 : 1;
    this.#expected = below?.kind === ExtentKind.Coded ? below.place : -1;
    const { kinds, bases } = this.#columns;
    if (this.#depth === MAX_DELTAS) {
      kinds[unit] = UnitKind.Deep;
      this.deepPages++;
      return;
    }
    kinds[unit] = kindOver(below);
    bases[unit] = below?.place ?? 0;
  }

  /** The table; undefined when there are no units. The builder is of no use afterwards. */
  finish(): SharedPageUnits | undefined {
    if (this.count === 0) return undefined;
    const shared = { buffer: new SharedArrayBuffer(this.count * ROW_BYTES), count: this.count };
    copyInto(shared, this.#columns);
    return shared;
  }
}

function copyInto(shared: SharedPageUnits, from: ReturnType<typeof columnsOf>): ReturnType<typeof columnsOf> {
  const to = columnsOf(shared);
  to.offsets.set(from.offsets.subarray(0, shared.count));
  to.bases.set(from.bases.subarray(0, shared.count));
  to.sizes.set(from.sizes.subarray(0, shared.count));
  to.kinds.set(from.kinds.subarray(0, shared.count));
  return to;
}

function kindOver(below: Below): number {
  switch (below?.kind) {
    case undefined:
      return UnitKind.DeltaOnNothing;
    case ExtentKind.Coded:
      return UnitKind.DeltaOnUnit;
    case ExtentKind.Data:
      return UnitKind.DeltaOnData;
    case ExtentKind.Fill:
      return UnitKind.DeltaOnFill;
    default:
      return UnitKind.DeltaOnCorrupt;
  }
}

/** Makes pages of the table and the file. */
export class PageUnitDecoder implements UnitDecoder {
  readonly #source: ByteSource;
  readonly #columns: ReturnType<typeof columnsOf>;
  /** The deltas of the page at hand, latest first. */
  readonly #deltas: number[] = [];
  #input = new Uint8Array(8192);

  constructor(source: ByteSource, shared: SharedPageUnits) {
    this.#source = source;
    this.#columns = columnsOf(shared);
  }

  decode(unit: number, target: Uint8Array): UnitFault | undefined {
    const { kinds, bases } = this.#columns;
    const deltas = this.#deltas;
    deltas.length = 0;
    let at = unit;
    for (; kinds[at] !== UnitKind.Zlib; at = bases[at]!) {
      if (deltas.length >= MAX_DELTAS) return this.#tooDeep(unit);
      deltas.push(at);
      if (kinds[at] !== UnitKind.DeltaOnUnit) break;
    }
    const fault = this.#base(at, target);
    if (fault) return fault;
    for (let index = deltas.length - 1; index >= 0; index--) {
      const delta = this.#codedBytes(deltas[index]!);
      if (!delta) return { state: 'absent', reason: 'beyond the end of the file' };
      if (!applyXbzrle(delta, target)) return { state: 'corrupt', reason: `damaged XBZRLE data at ${this.#place(deltas[index]!)}` };
    }
    return undefined;
  }

  /** The page that the lowest delta changes, or the compressed page. */
  #base(unit: number, target: Uint8Array): UnitFault | undefined {
    const { kinds, bases } = this.#columns;
    switch (kinds[unit]) {
      case UnitKind.Zlib: {
        const bytes = this.#codedBytes(unit);
        if (!bytes) return { state: 'absent', reason: 'beyond the end of the file' };
        return decodeUnit('zlib', bytes, target) === target.length
          ? undefined
          : { state: 'corrupt', reason: `damaged zlib data at ${this.#place(unit)}` };
      }
      case UnitKind.DeltaOnData:
        return this.#source.read(bases[unit]!, target) === target.length ? undefined : { state: 'absent', reason: 'beyond the end of the file' };
      case UnitKind.DeltaOnFill:
        target.fill(bases[unit]!);
        return undefined;
      case UnitKind.DeltaOnCorrupt:
        return { state: 'corrupt', reason: `the copy that the delta at ${this.#place(unit)} changes is corrupt` };
      case UnitKind.Deep:
        return this.#tooDeep(unit);
      default:
        return { state: 'corrupt', reason: `the stream has no copy of the page that the delta at ${this.#place(unit)} changes` };
    }
  }

  #tooDeep(unit: number): UnitFault {
    return { state: 'corrupt', reason: `more than ${MAX_DELTAS} deltas one upon the other, at ${this.#place(unit)}` };
  }

  #codedBytes(unit: number): Uint8Array | undefined {
    const size = this.#columns.sizes[unit]!;
    if (size > this.#input.length) this.#input = new Uint8Array(size);
    const input = this.#input.subarray(0, size);
    return this.#source.read(this.#columns.offsets[unit]!, input) === size ? input : undefined;
  }

  #place(unit: number): string {
    return `0x${this.#columns.offsets[unit]!.toString(16)}`;
  }
}
