/**
 * Why memory that no extent covers is not in the dump, where that is known: for a guest inside of a host's dump, whose pages may be swapped out. Columns lie in one SharedArrayBuffer:
 *
 * ```
 * starts   Float64   address in the dump's RAM space
 * lengths  Float64   bytes
 * values   Float64   number that the sentence ends with, for the first byte; NaN for none
 * units    Uint32    bytes of memory after which the number is one more
 * texts    Uint32    index into `texts`
 * ```
 */
import { formatAddress } from '#shared/address-text.ts';

/** As plain data, for other threads. */
export interface SharedAbsences {
  buffer: SharedArrayBuffer;
  count: number;
  texts: readonly string[];
}

export interface Absence {
  /** In a few words: "swapped out by the host: swap area 0, page 0x15e6f". */
  reason: string;
  /** Bytes from the address asked for on of which the same is true. */
  length: number;
}

/** A number at the end of a sentence: `value` of the first byte, one more after each `unit` bytes. */
export interface CountedPlace {
  value: number;
  unit: number;
}

const ROW_BYTES = 8 + 8 + 8 + 4 + 4;
/** What is absent beyond that has no reason: 32 MB. */
const MAX_ROWS = 2 ** 20;

export class AbsenceTable {
  readonly shared: SharedAbsences;
  readonly #starts: Float64Array;
  readonly #lengths: Float64Array;
  readonly #values: Float64Array;
  readonly #units: Uint32Array;
  readonly #texts: Uint32Array;

  constructor(shared: SharedAbsences) {
    const { buffer, count } = shared;
    this.shared = shared;
    this.#starts = new Float64Array(buffer, 0, count);
    this.#lengths = new Float64Array(buffer, count * 8, count);
    this.#values = new Float64Array(buffer, count * 16, count);
    this.#units = new Uint32Array(buffer, count * 24, count);
    this.#texts = new Uint32Array(buffer, count * 28, count);
  }

  /** Undefined where nothing is known of the address. */
  at(ram: number): Absence | undefined {
    let low = 0;
    let high = this.shared.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#starts[middle]! + this.#lengths[middle]! <= ram) low = middle + 1;
      else high = middle;
    }
    const start = this.#starts[low];
    if (start === undefined || start > ram) return undefined;
    const value = this.#values[low]! + Math.floor((ram - start) / this.#units[low]!);
    const text = this.shared.texts[this.#texts[low]!]!;
    return { reason: Number.isNaN(value) ? text : `${text} ${formatAddress(value)}`, length: start + this.#lengths[low]! - ram };
  }
}

/** Collects rows in ascending order. */
export class AbsenceBuilder {
  readonly #texts = new Map<string, number>();
  #rows = new Float64Array(5 * 64);
  #count = 0;

  /** Bytes that are absent, by the sentence without its number. */
  readonly bytes = new Map<string, number>();

  /** Joined to the last row where that goes on. */
  add(start: number, length: number, text: string, place?: CountedPlace): void {
    this.bytes.set(text, (this.bytes.get(text) ?? 0) + length);
    const number = this.#texts.get(text) ?? this.#texts.size;
    this.#texts.set(text, number);
    const { value = NaN, unit = 1 } = place ?? {};
    const rows = this.#rows;
    const last = 5 * (this.#count - 1);
    if (last >= 0 && rows[last]! + rows[last + 1]! === start && rows[last + 4] === number && rows[last + 3] === unit) {
      const next = rows[last + 2]! + rows[last + 1]! / unit;
      if (next === value || (Number.isNaN(next) && Number.isNaN(value))) {
        rows[last + 1]! += length;
        return;
      }
    }
    if (this.#count === MAX_ROWS) return;
    if (5 * this.#count === rows.length) {
      this.#rows = new Float64Array(2 * rows.length);
      this.#rows.set(rows);
    }
    this.#rows.set([start, length, value, unit, number], 5 * this.#count++);
  }

  /** Undefined where nothing is absent. */
  finish(): SharedAbsences | undefined {
    const count = this.#count;
    if (count === 0) return undefined;
    const buffer = new SharedArrayBuffer(count * ROW_BYTES);
    const columns = [
      new Float64Array(buffer, 0, count),
      new Float64Array(buffer, count * 8, count),
      new Float64Array(buffer, count * 16, count),
      new Uint32Array(buffer, count * 24, count),
      new Uint32Array(buffer, count * 28, count),
    ];
    for (const [column, values] of columns.entries()) for (let row = 0; row < count; row++) values[row] = this.#rows[5 * row + column]!;
    return { buffer, count, texts: [...this.#texts.keys()] };
  }
}
