/**
 * The outer structure of .xz files (xz-file-format 1.2.1), walked without decompressing: where streams end, how much comes out, and what a decoder must know.
 *
 * ```
 * stream header   fd 37 7a 58 5a 00, 00, u8 check id, le32 CRC-32 of the two before
 * block header    u8 size / 4 - 1 (0: the index instead), u8 flags (bits 0-1 filters - 1, 6 compressed size, 7 uncompressed size), [sizes],
 *                 filters { id, size of properties, properties }, zeros, le32 CRC-32; numbers of 7 bits a byte, the lowest first
 * block           LZMA2 chunks, zeros up to a multiple of 4, check of 0, 4, 8 … 64 bytes
 * LZMA2 chunk     00 end · 01, 02 stored: be16 size - 1 · 80.. coded: bits 0-4 and be16 uncompressed size - 1, be16 compressed size - 1, [properties from c0 on]
 * index           00, count, { unpadded size, uncompressed size }, zeros, le32 CRC-32
 * stream footer   le32 CRC-32, le32 size of the index / 4 - 1, 00, u8 check id, 59 5a
 * ```
 */
import { crc32 } from 'node:zlib';
import { hex, StreamDamage } from './compressed-format.ts';
import type { CompressedInput } from './compressed-input.ts';

export const HEADER_BYTES = 12;
const MAGIC = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00];
/** By check id, in groups of three after the first. */
const CHECK_BYTES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];
const LZMA2 = 0x21;
/** A number of xz takes at most 9 bytes; more than 2^53 no file has. */
const NUMBER_BYTES = 9;

/** One stream of a file. */
export interface XzStream {
  /** Uncompressed bytes of all chunks that are there. */
  size: number;
  /** Check id. */
  check: number;
  /** Ids of filters other than LZMA2. */
  filters: Set<number>;
  /** The largest dictionary, in bytes. */
  dictionary: number;
  /** Offset after the stream; where its damage is, if there is any. */
  end: number;
  damage?: StreamDamage;
}

export function isXzHeader(head: Uint8Array): boolean {
  if (head.length < HEADER_BYTES || MAGIC.some((byte, index) => head[index] !== byte) || head[7]! > 15) return false;
  return crc32(head.subarray(6, 8)) === le32(head, 8);
}

function le32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

/** Passes over the zeros that may lie between streams, in fours. */
export function skipXzPadding(input: CompressedInput): void {
  while (input.left >= 4 && le32(input.peek(4), 0) === 0) input.position += 4;
}

/** Walks a stream, a few bytes a chunk (64 KiB at most, compressed); leaves the input after it. */
export function walkXzStream(input: CompressedInput): XzStream {
  const found: XzStream = { size: 0, check: 0, filters: new Set(), dictionary: 0, end: input.position };
  try {
    found.check = input.take(HEADER_BYTES, 'stream header')[7]!;
    walkBlocks(input, found);
    skipIndex(input);
    const footer = input.take(HEADER_BYTES, 'stream footer');
    found.end = input.position;
    if (footer[10] !== 0x59 || footer[11] !== 0x5a) throw new StreamDamage('damaged', found.end - 2, 'stream footer', '59 5a', 'other bytes');
  } catch (error) {
    if (!(error instanceof StreamDamage)) throw error;
    found.damage = error;
    found.end = error.offset;
  }
  return found;
}

function walkBlocks(input: CompressedInput, found: XzStream): void {
  while (input.take(1, 'block header')[0] !== 0) {
    input.position--;
    readBlockHeader(input, found);
    const start = input.position;
    walkChunks(input, found);
    skip(input, padding(input.position - start) + CHECK_BYTES[found.check]!, 'block check');
  }
  input.position--;
}

function padding(length: number): number {
  return (4 - (length % 4)) % 4;
}

function readBlockHeader(input: CompressedInput, found: XzStream): void {
  const at = input.position;
  const size = (input.take(1, 'block header')[0]! + 1) * 4;
  input.position = at;
  const header = input.take(size, 'block header');
  const sum = crc32(header.subarray(0, size - 4));
  if (sum !== le32(header, size - 4)) throw new StreamDamage('damaged', at, 'block header CRC', hex(sum), hex(le32(header, size - 4)));
  const flags = header[1]!;
  let next = 2;
  const number = () => {
    const { value, bytes } = readNumber(header, next, at);
    next += bytes;
    return value;
  };
  if (flags & 0x40) number();
  if (flags & 0x80) number();
  for (let filter = 0; filter <= (flags & 3); filter++) {
    const id = number();
    const length = number();
    if (id !== LZMA2) found.filters.add(id);
    else found.dictionary = Math.max(found.dictionary, dictionaryOf(header[next] ?? 0));
    next += length;
  }
}

/** Of LZMA2's one byte of properties: 2 or 3, times a power of two; 40 is 4 GiB - 1. */
function dictionaryOf(property: number): number {
  return property >= 40 ? 2 ** 32 - 1 : (2 | (property & 1)) * 2 ** ((property >> 1) + 11);
}

function readNumber(bytes: Uint8Array, at: number, offset: number): { value: number; bytes: number } {
  let value = 0;
  for (let index = 0; index < NUMBER_BYTES && at + index < bytes.length; index++) {
    const byte = bytes[at + index]!;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, bytes: index + 1 };
  }
  throw new StreamDamage('damaged', offset, 'number', 'at most 9 bytes', 'more');
}

function walkChunks(input: CompressedInput, found: XzStream): void {
  for (;;) {
    const at = input.position;
    const control = input.take(1, 'LZMA2 chunk')[0]!;
    if (control === 0) return;
    if (control > 2 && control < 0x80) throw new StreamDamage('damaged', at, 'LZMA2 chunk', 'a control byte', hex(control));
    const coded = control >= 0x80;
    const header = input.take(coded ? (control >= 0xc0 ? 5 : 4) : 2, 'LZMA2 chunk');
    const low = (header[0]! << 8) | header[1]!;
    const size = coded ? ((control & 0x1f) << 16) + low + 1 : low + 1;
    skip(input, coded ? ((header[2]! << 8) | header[3]!) + 1 : size, 'LZMA2 chunk', at);
    found.size += size;
  }
}

function skip(input: CompressedInput, length: number, field: string, at = input.position): void {
  if (length > input.left) throw new StreamDamage('truncated', at, field, `${length} bytes`, `the end of the file after ${input.left}`);
  input.position += length;
}

/** The index ends before the footer; how long it is follows from its records alone. */
function skipIndex(input: CompressedInput): void {
  const start = input.position;
  input.take(1, 'index');
  const number = () => {
    const { value, bytes } = readNumber(input.peek(NUMBER_BYTES), 0, input.position);
    skip(input, bytes, 'index');
    return value;
  };
  const count = number();
  if (count * 2 > input.left) throw new StreamDamage('truncated', start, 'index', `${count} records`, 'the end of the file');
  for (let record = 0; record < count * 2; record++) number();
  skip(input, padding(input.position - start) + 4, 'index');
}
