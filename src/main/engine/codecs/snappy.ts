/**
 * Snappy, raw format: a kdump page, the inside of a chunk of the framed format (snappy-framed.ts). Source: google/snappy format_description.txt (1.2.1).
 *
 * ```
 * varint     uncompressed length, at most 32 bits
 * LLLLLL00   literals: L + 1 of them; L = 60..63: the length - 1 follows in 1 to 4 bytes, little-endian
 * DDDLLL01   copy of L + 4, distance D << 8 | next byte
 * LLLLLL10   copy of L + 1, distance le16
 * LLLLLL11   copy of L + 1, distance le32
 * ```
 */
import { copyLiterals, copyMatch } from './copy.ts';

/** The length that a raw block announces, and where its elements begin. Undefined when it is no varint of 32 bits. */
export function readSnappyLength(input: Uint8Array): { length: number; bytes: number } | undefined {
  let length = 0;
  for (let at = 0; at < Math.min(5, input.length); at++) {
    length += (input[at]! & 0x7f) * 2 ** (7 * at);
    if (input[at]! < 0x80) return length < 2 ** 32 ? { length, bytes: at + 1 } : undefined;
  }
  return undefined;
}

/** Decodes all of `input` into `target`; contract: decodeUnit. */
export function decodeSnappy(input: Uint8Array, target: Uint8Array): number | undefined {
  const announced = readSnappyLength(input);
  if (!announced || announced.length > target.length) return undefined;
  const room = announced.length;
  const end = input.length;
  let at = announced.bytes;
  let out = 0;
  while (at < end) {
    const tag = input[at++]!;
    let length = (tag >> 2) + 1;
    let distance: number;
    switch (tag & 3) {
      case 0: {
        if (length > 60) {
          const bytes = length - 60;
          if (at + bytes > end) return undefined;
          length = littleEndian(input, at, bytes) + 1;
          at += bytes;
        }
        if (at + length > end || out + length > room) return undefined;
        copyLiterals(input, at, target, out, length);
        at += length;
        out += length;
        continue;
      }
      case 1:
        if (at >= end) return undefined;
        length = ((tag >> 2) & 7) + 4;
        distance = ((tag >> 5) << 8) | input[at++]!;
        break;
      case 2:
        if (at + 2 > end) return undefined;
        distance = input[at]! | (input[at + 1]! << 8);
        at += 2;
        break;
      default:
        if (at + 4 > end) return undefined;
        distance = littleEndian(input, at, 4);
        at += 4;
    }
    if (distance === 0 || distance > out || out + length > room) return undefined;
    copyMatch(target, out, distance, length);
    out += length;
  }
  return out === room ? out : undefined;
}

function littleEndian(input: Uint8Array, at: number, bytes: number): number {
  let value = 0;
  for (let index = bytes - 1; index >= 0; index--) value = value * 256 + input[at + index]!;
  return value;
}
