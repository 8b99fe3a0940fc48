/**
 * Snappy's framing: a stream of chunks that each stand alone, so that they can be listed without decoding and read at random. AVML version 2 keeps
 * each of its memory ranges in one. Source: google/snappy framing_format.txt (2011-12-15 to 1.2.1).
 *
 * ```
 * u8 type, u24 length of what follows (little-endian)
 * 0xff        stream identifier: "sNaPpY"; first, and wherever streams were put end to end
 * 0x00        le32 masked CRC-32C of the uncompressed bytes, raw Snappy
 * 0x01        le32 masked CRC-32C, the bytes themselves
 * 0x80..0xfe  to be passed over (0xfe: padding)
 * 0x02..0x7f  not to be passed over: nobody writes them
 * ```
 *
 * How to use it: `listSnappyChunks(source, start, length, (chunk) => …)`; in the visitor `records.add(chunk.codec, chunk.offset, chunk.size)`
 * (UnitRecordBuilder) gives the unit's number, and runs of chunks of the same `length` (65536 but for the last of a stream) become one coded
 * extent with `length` as its unit size. `decodeUnit` checks the CRC of these codecs. What `problem` says is missing or damaged has no chunk, so stays absent.
 */
import type { ByteSource } from '../memory/byte-source.ts';
import type { CodecId } from './codec.ts';
import { crc32c } from './crc32c.ts';
import { decodeSnappy, readSnappyLength } from './snappy.ts';

/** The framing allows no more. */
export const MAX_CHUNK_LENGTH = 65536;
const HEADER_BYTES = 4;
const CRC_BYTES = 4;
/** A chunk's header, CRC, and the longest number that a raw Snappy block begins with. */
const LOOK_BYTES = HEADER_BYTES + CRC_BYTES + 5;
const IDENTIFIER = [0xff, 6, 0, 0, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59];

export interface SnappyChunk {
  codec: Extract<CodecId, 'snappy-crc' | 'stored-crc'>;
  /** Where its coded bytes begin in the source, the CRC first, and how many they are. */
  offset: number;
  size: number;
  /** Uncompressed bytes: 1 to MAX_CHUNK_LENGTH. */
  length: number;
}

export interface SnappyStream {
  /** Offset after the last chunk that was understood. */
  end: number;
  /** Uncompressed bytes of all chunks visited; what was asked for, unless there is a problem. */
  length: number;
  /** Why the stream goes no further, in a few words: "expected a chunk type, found 0x17". */
  problem?: { offset: number; expected: string; found: string };
}

/**
 * Calls `visit` for the chunks from `start` on until they hold `length` bytes; the object it gets is used again for the next chunk. Reads 13 bytes a
 * chunk. Throws what reading the source throws.
 */
export function listSnappyChunks(source: ByteSource, start: number, length: number, visit: (chunk: SnappyChunk) => void): SnappyStream {
  const look = new Uint8Array(LOOK_BYTES);
  const chunk: SnappyChunk = { codec: 'snappy-crc', offset: 0, size: 0, length: 0 };
  let at = start;
  let done = 0;
  const stop = (expected: string, found: string): SnappyStream => ({ end: at, length: done, problem: { offset: at, expected, found } });
  while (done < length) {
    const there = source.readStreaming(at, look);
    if (there < HEADER_BYTES) return stop('a chunk of the Snappy stream', 'the end of the file');
    const type = look[0]!;
    const size = look[1]! | (look[2]! << 8) | (look[3]! << 16);
    const end = at + HEADER_BYTES + size;
    if (at === start && type !== 0xff) return stop('the identifier of a Snappy stream', hex(type));
    if (end > source.size) return stop(`a chunk of ${size} bytes`, `the file ends after ${source.size - at - HEADER_BYTES}`);
    if (type === 0xff) {
      if (IDENTIFIER.some((byte, index) => look[index] !== byte)) return stop('the identifier of a Snappy stream', 'other bytes');
    } else if (type <= 1) {
      const bytes = uncompressedLength(type, look.subarray(HEADER_BYTES, there), size);
      if (bytes === undefined || bytes > MAX_CHUNK_LENGTH)
        return stop(`a chunk of at most ${MAX_CHUNK_LENGTH} bytes`, `${bytes ?? 'no valid length'}`);
      if (done + bytes > length) return stop(`${length - done} bytes more in this stream`, `a chunk of ${bytes}`);
      if (bytes > 0) {
        chunk.codec = type === 0 ? 'snappy-crc' : 'stored-crc';
        chunk.offset = at + HEADER_BYTES;
        chunk.size = size;
        chunk.length = bytes;
        visit(chunk);
      }
      done += bytes;
    } else if (type < 0x80) return stop('a chunk type', hex(type));
    at = end;
  }
  return { end: at, length: done };
}

/** `coded` is the start of a chunk's `size` bytes. Undefined when they make no sense. */
function uncompressedLength(type: number, coded: Uint8Array, size: number): number | undefined {
  if (size < CRC_BYTES) return undefined;
  return type === 1 ? size - CRC_BYTES : readSnappyLength(coded.subarray(CRC_BYTES, size))?.length;
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** Decodes the coded bytes of a chunk and checks their CRC; contract: decodeUnit. */
export function decodeSnappyChunk(codec: SnappyChunk['codec'], input: Uint8Array, target: Uint8Array): number | undefined {
  if (input.length < CRC_BYTES) return undefined;
  const coded = input.subarray(CRC_BYTES);
  let length: number | undefined = coded.length;
  if (codec === 'snappy-crc') length = decodeSnappy(coded, target);
  else if (length > target.length) return undefined;
  else target.set(coded);
  if (length === undefined) return undefined;
  const expected = (input[0]! | (input[1]! << 8) | (input[2]! << 16) | (input[3]! << 24)) >>> 0;
  return masked(crc32c(target.subarray(0, length))) === expected ? length : undefined;
}

/** The framing stores checksums in this form, because checksums of data that holds checksums are weak. */
function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
