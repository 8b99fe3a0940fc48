/**
 * LZ4 frames (lz4 doc/lz4_Frame_format.md 1.6.4), as the lz4 tool and systemd-coredump write them. Frames end to end are one stream; skippable frames may lie between.
 *
 * ```
 * 0    le32 0x184d2204
 * 4    u8 flags: bits 6-7 version 1, 5 blocks independent, 4 block checksums, 3 content size, 2 content checksum, 1 reserved, 0 dictionary id
 * 5    u8 bits 4-6: largest block, 4..7 for 64 KiB, 256 KiB, 1 MiB, 4 MiB
 *      [le64 content size] [le32 dictionary id] u8 second byte of the XXH32 of all from 4 on
 *      blocks: le32 size (bit 31: stored), bytes, [le32 XXH32 of the bytes]; size 0 ends them
 *      [le32 XXH32 of the content]
 * ```
 *
 * 299 MB/s (a Linux guest's stream of 540 MB, processor time, Node 24.21). Not supported: dictionaries, the legacy frame (`lz4 -l`).
 */
import { decodeLz4Block } from '../../codecs/lz4.ts';
import { xxh32, Xxh32 } from '../../codecs/xxh32.ts';
import { hex, StreamDamage, unsupported, type CompressedFormat } from './compressed-format.ts';
import type { CompressedInput } from './compressed-input.ts';

const MAGIC = 0x184d2204;
const SKIPPABLE_MAGIC = 0x184d2a50;
/** Magic, flags, block size, content size, dictionary id, check. */
const LONGEST_HEADER = 19;
const SKIPPABLE_HEADER = 8;
/** How far back a match leads. */
const HISTORY = 65536;
const STORED = 0x80000000;

interface FrameHeader {
  length: number;
  independent: boolean;
  blockChecksums: boolean;
  contentChecksum: boolean;
  contentSize: number | undefined;
  dictionary: boolean;
  blockSize: number;
}

function le32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

/** Undefined when it is not the header of a frame, or not all of it. */
function parseFrameHeader(head: Uint8Array): FrameHeader | undefined {
  if (head.length < 7 || le32(head, 0) !== MAGIC) return undefined;
  const flags = head[4]!;
  const block = head[5]!;
  if (flags >> 6 !== 1 || flags & 2 || block & 0x8f || block >> 4 < 4) return undefined;
  const hasSize = (flags & 8) !== 0;
  const dictionary = (flags & 1) !== 0;
  const length = 7 + (hasSize ? 8 : 0) + (dictionary ? 4 : 0);
  if (head.length < length || head[length - 1] !== ((xxh32(head.subarray(4, length - 1)) >>> 8) & 255)) return undefined;
  return {
    length,
    independent: (flags & 0x20) !== 0,
    blockChecksums: (flags & 0x10) !== 0,
    contentChecksum: (flags & 4) !== 0,
    contentSize: hasSize ? le32(head, 6) + le32(head, 10) * 2 ** 32 : undefined,
    dictionary,
    blockSize: 2 ** (8 + 2 * (block >> 4)),
  };
}

function isSkippable(head: Uint8Array): boolean {
  return head.length >= SKIPPABLE_HEADER && (head[0]! & 0xf0) === 0x50 && le32(head, 0) - head[0]! + 0x50 === SKIPPABLE_MAGIC;
}

/** Passes over skippable frames; the next frame's header, or undefined where there is something else. */
function nextFrame(input: CompressedInput): FrameHeader | undefined {
  while (isSkippable(input.peek(SKIPPABLE_HEADER))) {
    const length = le32(input.peek(SKIPPABLE_HEADER), 4);
    if (SKIPPABLE_HEADER + length > input.left)
      throw new StreamDamage('truncated', input.end, 'skippable frame', `${length} bytes`, 'the end of the file');
    input.position += SKIPPABLE_HEADER + length;
  }
  return parseFrameHeader(input.peek(LONGEST_HEADER));
}

function* decompress(input: CompressedInput): Generator<Uint8Array> {
  for (let header = nextFrame(input); header; header = nextFrame(input)) {
    if (header.dictionary) throw unsupported(input, LZ4.title, 'needs a dictionary', 'lz4 -d -D DICTIONARY');
    input.position += header.length;
    yield* decompressFrame(input, header);
  }
  if (input.left > 0) throw new StreamDamage('trailing', input.position, 'end', 'a frame or the end of the file', `${input.left} bytes`);
}

function* decompressFrame(input: CompressedInput, header: FrameHeader): Generator<Uint8Array> {
  // The history of linked blocks, then the block.
  const window = new Uint8Array(HISTORY + header.blockSize);
  const content = new Xxh32();
  let start = 0;
  let length = 0;
  for (;;) {
    const at = input.position;
    const field = le32(input.take(4, 'block'), 0);
    if (field === 0) break;
    const piece = decodeBlock(input, header, at, field, window, start);
    if (header.contentChecksum) content.update(piece);
    length += piece.length;
    yield piece;
    if (!header.independent) start = keepHistory(window, start + piece.length);
  }
  const at = input.position;
  if (header.contentChecksum) {
    const expected = le32(input.take(4, 'content checksum'), 0);
    if (expected !== content.digest()) throw new StreamDamage('checksum', at, 'content checksum', hex(expected), hex(content.digest()));
  }
  if (header.contentSize !== undefined && header.contentSize !== length) {
    throw new StreamDamage('damaged', at, 'frame', `${header.contentSize} bytes`, `${length}`);
  }
}

function decodeBlock(input: CompressedInput, header: FrameHeader, at: number, field: number, window: Uint8Array, start: number): Uint8Array {
  const size = field % STORED;
  if (size > header.blockSize) throw new StreamDamage('damaged', at, 'block', `at most ${header.blockSize} bytes`, `${size}`);
  const trailer = header.blockChecksums ? 4 : 0;
  const bytes = input.take(size + trailer, 'block');
  const coded = bytes.subarray(0, size);
  if (trailer && le32(bytes, size) !== xxh32(coded))
    throw new StreamDamage('damaged', at, 'block checksum', hex(le32(bytes, size)), hex(xxh32(coded)));
  if (field >= STORED) {
    window.set(coded, start);
    return window.subarray(start, start + size);
  }
  const end = decodeLz4Block(coded, window.subarray(0, start + header.blockSize), start);
  if (end === undefined) throw new StreamDamage('damaged', at, 'block', 'LZ4 data', 'damaged data');
  return window.subarray(start, end);
}

/** Moves the last of what came out to where the next block expects it; returns how much. */
function keepHistory(window: Uint8Array, end: number): number {
  const kept = Math.min(HISTORY, end);
  window.copyWithin(0, end - kept, end);
  return kept;
}

export const LZ4: CompressedFormat = {
  id: 'lz4',
  title: 'lz4 stream',
  probe: (head) => parseFrameHeader(head) !== undefined,
  /** Of the first frame. */
  announcedSize: (input) => nextFrame(input)?.contentSize,
  decompress,
};
