/**
 * LZO1X compression of one unit (a page): greedy, with one hash table, for speed. What it writes is decoded by every LZO1X decoder (lzo1x.ts has the instructions);
 * it uses literals, the matches of up to 2 KiB and of up to 16 KiB, and the end mark.
 */

import { copyPiece, MIN_MATCH, Repeats } from './repeats.ts';

/** Longest distance of the instruction 001LLLLL. */
const MAX_DISTANCE = 16384;
/** Longest distance and length of the short instructions. */
const NEAR = 2048;
const SHORT = 8;

/** Most bytes that `length` bytes can become. */
export const lzo1xBound = (length: number): number => length + Math.ceil(length / 16) + 64 + 3;

export class Lzo1xEncoder {
  readonly #repeats = new Repeats();

  /** Compresses all of `input` into `output`, which has room for `lzo1xBound(input.length)` bytes; returns how many it wrote. */
  encode(input: Uint8Array, output: Uint8Array): number {
    const repeats = this.#repeats;
    repeats.begin(input);
    const length = input.length;
    const last = length - MIN_MATCH;
    let at = 0;
    let literals = 0;
    let out = 0;
    while (at <= last) {
      const found = repeats.find(at, MAX_DISTANCE);
      if (found < 0) {
        // Where nothing repeats, look less and less often.
        at += 1 + ((at - literals) >> 5);
        continue;
      }
      const size = repeats.lengthOf(found, at);
      out = writeLiterals(input, literals, at, output, out);
      out = writeMatch(at - found, size, output, out);
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
  return copyPiece(input, from, to, output, out);
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
