/** The Huffman codes of a bzip2 block: up to 20 bits, ten at once through a table. */
import type { BitReader } from './bit-reader.ts';

export const MAX_CODE_BITS = 20;
const TABLE_BITS = 10;

export class HuffmanCode {
  /** By the next ten bits: symbol << 5 | length of its code; 0 where the code is longer. */
  readonly #table = new Uint16Array(1 << TABLE_BITS);
  /** By length: the first code that is too large for it, and what leads from a code to its place in #symbols. */
  readonly #limits = new Int32Array(MAX_CODE_BITS + 2);
  readonly #offsets = new Int32Array(MAX_CODE_BITS + 2);
  readonly #symbols: Uint16Array;

  /** By symbol: bits of its code, 1 to MAX_CODE_BITS. They need not make a complete code: what none of them means is -1. */
  constructor(lengths: Uint8Array) {
    const symbols = new Uint16Array(lengths.length);
    let count = 0;
    let code = 0;
    for (let bits = 1; bits <= MAX_CODE_BITS; bits++) {
      this.#offsets[bits] = count - code;
      for (let symbol = 0; symbol < lengths.length; symbol++) {
        if (lengths[symbol] !== bits) continue;
        if (bits <= TABLE_BITS) this.#fillTable(code, bits, symbol);
        symbols[count++] = symbol;
        code++;
      }
      this.#limits[bits] = code;
      code <<= 1;
    }
    this.#symbols = symbols;
  }

  #fillTable(code: number, bits: number, symbol: number): void {
    const first = code << (TABLE_BITS - bits);
    this.#table.fill((symbol << 5) | bits, first, first + (1 << (TABLE_BITS - bits)));
  }

  /** The next symbol, or -1. */
  read(bits: BitReader): number {
    const next = bits.peek(MAX_CODE_BITS);
    const entry = this.#table[next >>> (MAX_CODE_BITS - TABLE_BITS)]!;
    if (entry !== 0) {
      bits.skip(entry & 31);
      return entry >>> 5;
    }
    for (let length = TABLE_BITS + 1; length <= MAX_CODE_BITS; length++) {
      const code = next >>> (MAX_CODE_BITS - length);
      if (code < this.#limits[length]!) {
        bits.skip(length);
        return this.#symbols[code + this.#offsets[length]!] ?? -1;
      }
    }
    return -1;
  }
}
