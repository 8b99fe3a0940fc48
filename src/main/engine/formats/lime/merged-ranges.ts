/** Disjoint ranges of addresses, those that touch joined to one: whether a new one overlaps, and what they come to. */

/** Most pieces that are kept apart. A machine's memory has some dozen. */
const MAX_PIECES = 2 ** 16;

export class MergedRanges {
  /** Ascending; `ends` are exclusive. */
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  /** How many ranges each piece is made of. */
  readonly #counts: number[] = [];

  /** `overlaps` and `full` leave everything as it is. */
  add(start: number, length: number): 'added' | 'overlaps' | 'full' {
    const starts = this.#starts;
    const ends = this.#ends;
    const end = start + length;
    const index = this.#firstEndingAfter(start);
    if (index < starts.length && starts[index]! < end) return 'overlaps';
    const joinsBefore = index > 0 && ends[index - 1] === start;
    const joinsAfter = index < starts.length && starts[index] === end;
    if (joinsBefore) {
      ends[index - 1] = joinsAfter ? ends[index]! : end;
      this.#counts[index - 1]! += 1 + (joinsAfter ? this.#counts[index]! : 0);
      if (joinsAfter) for (const column of [starts, ends, this.#counts]) column.splice(index, 1);
    } else if (joinsAfter) {
      starts[index] = start;
      this.#counts[index]!++;
    } else {
      if (starts.length >= MAX_PIECES) return 'full';
      starts.splice(index, 0, start);
      ends.splice(index, 0, end);
      this.#counts.splice(index, 0, 1);
    }
    return 'added';
  }

  /** Index of the first piece that ends after `address`; almost always the next to come. */
  #firstEndingAfter(address: number): number {
    const ends = this.#ends;
    if (ends.length === 0 || ends.at(-1)! <= address) return ends.length;
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ends[middle]! <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Ascending. */
  pieces(): { start: number; last: number; count: number }[] {
    return this.#starts.map((start, index) => ({ start, last: this.#ends[index]! - 1, count: this.#counts[index]! }));
  }
}
