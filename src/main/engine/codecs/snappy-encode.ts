/**
 * Snappy compression of one unit (a page), raw format: greedy, with one hash table. Facts: google/snappy, format_description.txt.
 *
 * ```
 * varint length | elements:  LLLLLL00 literal, length - 1 (60, 61: in the next 1, 2 bytes)   LLLLLL10 copy, length - 1, le16 offset
 * ```
 */

import { copyPiece, MIN_MATCH, Repeats } from './repeats.ts';

const MAX_OFFSET = 65535;
const MAX_COPY = 64;

/** Most bytes that `length` bytes can become. */
export const snappyBound = (length: number): number => 32 + length + Math.ceil(length / 6);

export class SnappyEncoder {
  readonly #repeats = new Repeats();

  /** Compresses all of `input` (at most 64 KiB) into `output`, which has room for `snappyBound(input.length)` bytes; returns how many it wrote. */
  encode(input: Uint8Array, output: Uint8Array): number {
    const repeats = this.#repeats;
    repeats.begin(input);
    const length = input.length;
    const last = length - MIN_MATCH;
    let out = 0;
    for (let left = length; ; left >>>= 7) {
      output[out++] = left > 127 ? (left & 127) | 128 : left;
      if (left <= 127) break;
    }
    let at = 0;
    let literals = 0;
    while (at <= last) {
      const found = repeats.find(at, MAX_OFFSET);
      if (found < 0) {
        // Where nothing repeats, look less and less often.
        at += 1 + ((at - literals) >> 5);
        continue;
      }
      const size = repeats.lengthOf(found, at);
      out = writeLiteral(input, literals, at, output, out);
      out = writeCopies(at - found, size, output, out);
      at += size;
      literals = at;
    }
    return writeLiteral(input, literals, length, output, out);
  }
}

function writeLiteral(input: Uint8Array, from: number, to: number, output: Uint8Array, start: number): number {
  const count = to - from;
  let out = start;
  if (count === 0) return out;
  if (count <= 60) output[out++] = (count - 1) << 2;
  else if (count <= 256) {
    output[out++] = 60 << 2;
    output[out++] = count - 1;
  } else {
    output[out++] = 61 << 2;
    output[out++] = (count - 1) & 0xff;
    output[out++] = (count - 1) >> 8;
  }
  return copyPiece(input, from, to, output, out);
}

function writeCopies(offset: number, length: number, output: Uint8Array, start: number): number {
  let out = start;
  for (let left = length; left > 0;) {
    const size = Math.min(left, MAX_COPY);
    output[out++] = ((size - 1) << 2) | 2;
    output[out++] = offset & 0xff;
    output[out++] = offset >> 8;
    left -= size;
  }
  return out;
}
