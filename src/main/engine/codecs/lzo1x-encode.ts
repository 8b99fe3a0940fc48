/**
 * LZO1X compression of one unit (a page): greedy, with one hash table, for speed. What it writes is decoded by every LZO1X decoder (lzo1x.ts has the instructions);
 * it uses literals, the matches of up to 2 KiB and of up to 16 KiB, and the end mark.
 */

const HASH_BITS = 12;
const MIN_MATCH = 4;
/** Longest distance of the instruction 001LLLLL. */
const MAX_DISTANCE = 16384;
/** Longest distance and length of the short instructions. */
const NEAR = 2048;
const SHORT = 8;

/** Most bytes that `length` bytes can become. */
export const lzo1xBound = (length: number): number => length + Math.ceil(length / 16) + 64 + 3;

export class Lzo1xEncoder {
  readonly #table = new Int32Array(1 << HASH_BITS);

  /** Compresses all of `input` into `output`, which has room for `lzo1xBound(input.length)` bytes; returns how many it wrote. */
  encode(input: Uint8Array, output: Uint8Array): number {
    const table = this.#table.fill(-1);
    const length = input.length;
    const last = length - MIN_MATCH;
    let at = 0;
    let literals = 0;
    let out = 0;
    while (at <= last) {
      const word = input[at]! | (input[at + 1]! << 8) | (input[at + 2]! << 16) | (input[at + 3]! << 24);
      const slot = (Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS)) | 0;
      const found = table[slot]!;
      table[slot] = at;
      const distance = at - found;
      if (found < 0 || distance > MAX_DISTANCE || !sameWord(input, found, at)) {
        // Where nothing repeats, look less and less often.
        at += 1 + ((at - literals) >> 5);
        continue;
      }
      let size = MIN_MATCH;
      while (at + size < length && input[found + size] === input[at + size]) size++;
      out = writeLiterals(input, literals, at, output, out);
      out = writeMatch(distance, size, output, out);
      at += size;
      literals = at;
    }
    out = writeLiterals(input, literals, length, output, out);
    output[out++] = 17;
    output[out++] = 0;
    output[out++] = 0;
    return out;
  }
}

function sameWord(bytes: Uint8Array, a: number, b: number): boolean {
  return bytes[a] === bytes[b] && bytes[a + 1] === bytes[b + 1] && bytes[a + 2] === bytes[b + 2] && bytes[a + 3] === bytes[b + 3];
}

/** Up to 3 literals ride in the match before them; a run at the very start may have a form of its own. */
function writeLiterals(input: Uint8Array, from: number, to: number, output: Uint8Array, start: number): number {
  const count = to - from;
  let out = start;
  if (count === 0) return out;
  if (out === 0 && count <= 238) output[out++] = 17 + count;
  else if (count <= 3) output[out - 2]! |= count;
  else if (count <= 18) output[out++] = count - 3;
  else {
    output[out++] = 0;
    out = writeExtension(count - 18, output, out);
  }
  output.set(input.subarray(from, to), out);
  return out + count;
}

function writeMatch(distance: number, length: number, output: Uint8Array, start: number): number {
  let out = start;
  const back = distance - 1;
  if (length <= SHORT && distance <= NEAR) {
    output[out++] = ((length - 1) << 5) | ((back & 7) << 2);
    output[out++] = back >> 3;
    return out;
  }
  if (length <= 33) output[out++] = 32 | (length - 2);
  else {
    output[out++] = 32;
    out = writeExtension(length - 33, output, out);
  }
  output[out++] = (back << 2) & 0xff;
  output[out++] = back >> 6;
  return out;
}

/** 255 for each zero byte, then the rest, which is not zero. */
function writeExtension(value: number, output: Uint8Array, start: number): number {
  let out = start;
  let left = value;
  for (; left > 255; left -= 255) output[out++] = 0;
  output[out++] = left;
  return out;
}
