/**
 * LZ4, raw blocks. Source: lz4 doc/lz4_Block_format.md (1.10).
 *
 * ```
 * u8 token (literals << 4 | match - 4), [u8 … added to 15 literals while 255], literals, le16 distance, [u8 … added to 15 + 4]
 * ```
 *
 * The last sequence of a block has literals only.
 */
import { copyLiterals, copyMatch } from './copy.ts';

/**
 * Decodes all of `input` into `target` from `start` on, where matches may lead back to what lies before it. Returns where the output ends in
 * `target`, or undefined when the input is damaged or would give more than there is room for. Never writes outside `target` from `start` on.
 */
export function decodeLz4Block(input: Uint8Array, target: Uint8Array, start: number): number | undefined {
  const end = input.length;
  const room = target.length;
  let at = 0;
  let out = start;
  while (at < end) {
    const token = input[at++]!;
    let literals = token >> 4;
    if (literals === 15) {
      const last = afterOnes(input, at);
      if (last >= end) return undefined;
      literals += (last - at) * 255 + input[last]!;
      at = last + 1;
    }
    if (at + literals > end || out + literals > room) return undefined;
    copyLiterals(input, at, target, out, literals);
    at += literals;
    out += literals;
    if (at === end) return out;
    if (at + 2 > end) return undefined;
    const distance = input[at]! | (input[at + 1]! << 8);
    at += 2;
    let length = token & 15;
    if (length === 15) {
      const last = afterOnes(input, at);
      if (last >= end) return undefined;
      length += (last - at) * 255 + input[last]!;
      at = last + 1;
    }
    length += 4;
    if (distance === 0 || distance > out || out + length > room) return undefined;
    copyMatch(target, out, distance, length);
    out += length;
  }
  return undefined;
}

/** Index of the first byte from `at` on that is not 255; the length when there is none. */
function afterOnes(input: Uint8Array, at: number): number {
  while (at < input.length && input[at] === 255) at++;
  return at;
}
