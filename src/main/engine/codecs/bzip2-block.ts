/**
 * A block of a bzip2 stream, after its magic. Facts: bzip2 1.0.8 (the format has no specification), checked against its files.
 *
 * ```
 * 32 bits CRC of what comes out · 1 randomised (only before 0.9.5: refused) · 24 origin of the sorted rows
 * 16 which 16ths of the byte values occur · 16 for each of those that do
 * 3 codes (2-6) · 15 selectors · selectors: move-to-front, unary
 * codes: 5 first length, then for each symbol { 1 0: longer · 1 1: shorter · 0: next symbol }
 * symbols, by the next selector's code every 50: 0, 1 digits of a run (1, 2 times the power of two), 2.. move-to-front places, the last: end
 * ```
 *
 * What the symbols give is the last column of all rotations, sorted (Burrows-Wheeler); undone, it is a run-length code: after four equal bytes the next
 * one tells how many more there are.
 *
 * Our own because seek-bzip 2.0.0 takes twice the time (17 against 33 MB/s), and gives out a block's bytes before it has checked them.
 */
import type { BitReader } from './bit-reader.ts';
import { HuffmanCode, MAX_CODE_BITS } from './bzip2-huffman.ts';

/** Bytes of a block before the run-length code is undone, for each of the levels 1 to 9. */
export const BLOCK_STEP = 100_000;
const SYMBOLS_A_SELECTOR = 50;
/** A block's symbols cannot take more, in bytes: 20 bits each, and the tables. */
export const MAX_CODED_BLOCK = (9 * BLOCK_STEP * MAX_CODE_BITS) / 8 + 65536;
/** Four bytes and a count stand for 259. */
const MAX_EXPANDED = Math.ceil((9 * BLOCK_STEP * 259) / 5) + 259;

export interface Bzip2Block {
  /** Good until the next block is decoded. */
  bytes: Uint8Array;
  /** Of them: what the block says, and what was found; unsigned. */
  expectedCrc: number;
  crc: number;
}

/** Decodes blocks one after the other; keeps its memory: 4 MB, and 47 MB at most for what comes out. */
export class Bzip2BlockDecoder {
  readonly #size: number;
  readonly #rows: Uint32Array;
  #output = new Uint8Array(2 * 1024 * 1024);

  constructor(level: number) {
    this.#size = level * BLOCK_STEP;
    this.#rows = new Uint32Array(this.#size);
  }

  /** Undefined when the block is damaged; `bits.overrun` tells whether that is because it is cut off. */
  decode(bits: BitReader): Bzip2Block | undefined {
    const expectedCrc = ((bits.read(16) << 16) | bits.read(16)) >>> 0;
    if (bits.read(1) === 1) return undefined;
    const origin = bits.read(24);
    const count = this.#readSymbols(bits);
    if (count === undefined || origin >= count || bits.overrun) return undefined;
    this.#linkRows(count);
    // Before #output is looked at, which may grow.
    const length = this.#expand(origin, count);
    const bytes = this.#output.subarray(0, length);
    return { bytes, expectedCrc, crc: bzip2Crc(bytes) };
  }

  /** Leaves the last column in the rows' low bytes; returns how many rows there are. */
  #readSymbols(bits: BitReader): number | undefined {
    const places = readByteValues(bits);
    const codeCount = bits.read(3);
    const selectorCount = bits.read(15);
    if (places.length === 0 || codeCount < 2 || codeCount > 6) return undefined;
    const selectors = readSelectors(bits, codeCount, selectorCount);
    const codes = selectors && readCodes(bits, codeCount, places.length + 2);
    if (!codes) return undefined;
    const rows = this.#rows;
    const end = places.length + 1;
    let count = 0;
    let run = 0;
    let digit = 1;
    for (const selector of selectors) {
      const code = codes[selector]!;
      for (let left = SYMBOLS_A_SELECTOR; left > 0; left--) {
        const symbol = code.read(bits);
        if (symbol === 0 || symbol === 1) {
          run += digit << symbol;
          digit <<= 1;
          if (run > this.#size) return undefined;
          continue;
        }
        if (run > 0) {
          if (count + run > this.#size) return undefined;
          rows.fill(places[0]!, count, count + run);
          count += run;
          run = 0;
          digit = 1;
        }
        if (symbol === end) return count;
        if (symbol < 0 || count === this.#size) return undefined;
        rows[count++] = moveToFront(places, symbol - 1);
      }
    }
    return undefined;
  }

  /** Writes above each row's byte where the row that follows it in the text is. */
  #linkRows(count: number): void {
    const rows = this.#rows;
    const next = new Uint32Array(257);
    for (let row = 0; row < count; row++) next[rows[row]! + 1]!++;
    for (let byte = 1; byte < 257; byte++) next[byte]! += next[byte - 1]!;
    for (let row = 0; row < count; row++) {
      const at = next[rows[row]! & 255]!++;
      rows[at] = rows[at]! | (row << 8);
    }
  }

  /** Follows the rows from the origin and undoes the run-length code; returns how many bytes came out. */
  #expand(origin: number, count: number): number {
    const rows = this.#rows;
    let output: Uint8Array = this.#output;
    let out = 0;
    let row = rows[origin]! >>> 8;
    let last = -1;
    let equal = 0;
    for (let left = count; left > 0; left--) {
      const entry = rows[row]!;
      const byte = entry & 255;
      row = entry >>> 8;
      if (out + 256 > output.length) output = this.#grow(out);
      if (equal === 4) {
        output.fill(last, out, out + byte);
        out += byte;
        equal = 0;
        last = -1;
      } else {
        output[out++] = byte;
        equal = byte === last ? equal + 1 : 1;
        last = byte;
      }
    }
    return out;
  }

  #grow(used: number): Uint8Array {
    const larger = new Uint8Array(Math.min(MAX_EXPANDED, this.#output.length * 2));
    larger.set(this.#output.subarray(0, used));
    this.#output = larger;
    return larger;
  }
}

/** The byte values that occur, ascending: the move-to-front list at its start. */
function readByteValues(bits: BitReader): Uint8Array {
  const values: number[] = [];
  const groups = bits.read(16);
  for (let group = 0; group < 16; group++) {
    if (!(groups & (0x8000 >> group))) continue;
    const members = bits.read(16);
    for (let member = 0; member < 16; member++) if (members & (0x8000 >> member)) values.push(group * 16 + member);
  }
  return Uint8Array.from(values);
}

function readSelectors(bits: BitReader, codeCount: number, count: number): Uint8Array | undefined {
  const places = Uint8Array.from({ length: codeCount }, (_, index) => index);
  const selectors = new Uint8Array(count);
  for (let index = 0; index < count; index++) {
    let place = 0;
    while (bits.read(1) === 1) if (++place === codeCount) return undefined;
    selectors[index] = moveToFront(places, place);
  }
  return selectors;
}

function readCodes(bits: BitReader, count: number, symbols: number): HuffmanCode[] | undefined {
  const codes: HuffmanCode[] = [];
  for (let index = 0; index < count; index++) {
    const lengths = new Uint8Array(symbols);
    let length = bits.read(5);
    for (let symbol = 0; symbol < symbols; symbol++) {
      while (length >= 1 && length <= MAX_CODE_BITS && bits.read(1) === 1) length += bits.read(1) === 0 ? 1 : -1;
      if (length < 1 || length > MAX_CODE_BITS) return undefined;
      lengths[symbol] = length;
    }
    if (bits.overrun) return undefined;
    codes.push(new HuffmanCode(lengths));
  }
  return codes;
}

/** Returns what is at a place of the list, and moves it to its front. */
function moveToFront(list: Uint8Array, place: number): number {
  const value = list[place]!;
  if (place < 16) for (let at = place; at > 0; at--) list[at] = list[at - 1]!;
  else list.copyWithin(1, 0, place);
  list[0] = value;
  return value;
}

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});

/** CRC-32 of the usual polynomial, but with the highest bit first. Unsigned. */
function bzip2Crc(bytes: Uint8Array): number {
  let crc = -1;
  for (let at = 0; at < bytes.length; at++) crc = (crc << 8) ^ CRC_TABLE[(crc >>> 24) ^ bytes[at]!]!;
  return ~crc >>> 0;
}
