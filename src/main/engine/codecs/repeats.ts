/** What the encoders of pages have in common: a table of where each four bytes were last seen, kept from page to page, and copying what repeats nothing. */

const HASH_BITS = 12;
/** Bytes that are looked up, and so the shortest repeat that is found. */
export const MIN_MATCH = 4;
/** From here on the system's copy is faster than a loop: it starts with the making of two objects. */
const LONG = 64;
/** Positions of all pages so far fit into 31 bits. */
const MAX_BASE = 2 ** 30;

export class Repeats {
  readonly #table = new Int32Array(1 << HASH_BITS);
  /** Added to positions of the page at hand: what the table has of earlier pages is smaller, so that it need not be emptied for each. */
  #base = 1;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #input: Uint8Array = new Uint8Array(0);

  /** Goes to another page. */
  begin(input: Uint8Array): void {
    this.#base += this.#input.length;
    if (this.#base > MAX_BASE) {
      this.#table.fill(0);
      this.#base = 1;
    }
    this.#input = input;
    this.#view = new DataView(input.buffer, input.byteOffset, input.length);
  }

  /** Where the four bytes at `at` were last seen, at most `reach` bytes before; -1 where they were not. Calls go upwards. */
  find(at: number, reach: number): number {
    const word = this.#view.getInt32(at, true);
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
    const found = this.#table[slot]! - this.#base;
    this.#table[slot] = this.#base + at;
    return found >= 0 && at - found <= reach && this.#view.getInt32(found, true) === word ? found : -1;
  }

  /** How many bytes from `found` on are also those from `at` on: MIN_MATCH at least. */
  lengthOf(found: number, at: number): number {
    const view = this.#view;
    const input = this.#input;
    const room = input.length - at;
    let size = MIN_MATCH;
    while (size + 4 <= room && view.getInt32(found + size) === view.getInt32(at + size)) size += 4;
    while (size < room && input[found + size] === input[at + size]) size++;
    return size;
  }
}

/** Copies a piece of `input` to `at` of `output`; returns where it ends there. */
export function copyPiece(input: Uint8Array, from: number, to: number, output: Uint8Array, at: number): number {
  const count = to - from;
  if (count >= LONG) output.set(input.subarray(from, to), at);
  else for (let index = 0; index < count; index++) output[at + index] = input[from + index]!;
  return at + count;
}
