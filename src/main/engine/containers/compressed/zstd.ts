/**
 * zstd: RFC 8878. Frames end to end are one stream (pzstd, `cat`); skippable frames may lie between.
 *
 * ```
 * frame      28 b5 2f fd, u8 descriptor: D D S 0 r C I I
 *              D: bytes of the content size 0 (1 with S), 2, 4, 8    S: no window byte    r: reserved, 0    C: a checksum ends the frame    I: bytes of the dictionary id 0, 1, 2, 4
 *            [window] [dictionary id] [content size; + 256 where it takes 2 bytes]
 * block      le24: bit 0 last, bits 1-2 type (1: one byte, repeated), bits 3.. size
 * skippable  5x 2a 4d 18, le32 length
 * ```
 *
 * Decompressed by Node's zlib, 212 MB/s (a Linux guest's stream of 540 MB, processor time, Node 24.21), which stops after a frame: the blocks tell beforehand where that is. Not
 * supported: dictionaries; windows above 128 MiB (`zstd --long=28` and more).
 */
import zlib from 'node:zlib';
import { formatSize } from '#shared/address-text.ts';
import { HAS_ZSTD } from '../../codecs/codec.ts';
import { StreamDamage, unsupported, type CompressedFormat } from './compressed-format.ts';
import type { CompressedInput } from './compressed-input.ts';
import { throughNode } from './node-stream.ts';

const MAX_WINDOW = 2 ** 27;
/** Magic, descriptor, window, dictionary id, content size. */
const LONGEST_HEADER = 18;
const SKIPPABLE_HEADER = 8;
const BLOCK_HEADER = 3;

interface FrameHeader {
  /** Bytes. */
  length: number;
  contentSize: number | undefined;
  /** How much of what came out the rest refers to. */
  window: number;
  dictionary: number;
  checksum: boolean;
}

function isSkippable(head: Uint8Array): boolean {
  return head.length >= SKIPPABLE_HEADER && (head[0]! & 0xf0) === 0x50 && head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18;
}

/** Undefined when it is not the header of a frame, or not all of it. */
function parseFrameHeader(head: Uint8Array): FrameHeader | undefined {
  if (head.length < 6 || head[0] !== 0x28 || head[1] !== 0xb5 || head[2] !== 0x2f || head[3] !== 0xfd) return undefined;
  const descriptor = head[4]!;
  if (descriptor & 8) return undefined;
  const single = (descriptor & 0x20) !== 0;
  const idBytes = [0, 1, 2, 4][descriptor & 3]!;
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const idAt = single ? 5 : 6;
  const length = idAt + idBytes + sizeBytes;
  if (head.length < length) return undefined;
  const size = littleEndian(head, idAt + idBytes, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  return {
    length,
    contentSize: sizeBytes > 0 ? size : undefined,
    window: single ? size : 2 ** (10 + (head[5]! >> 3)) * (1 + (head[5]! & 7) / 8),
    dictionary: littleEndian(head, idAt, idBytes),
    checksum: (descriptor & 4) !== 0,
  };
}

function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let index = count - 1; index >= 0; index--) value = value * 256 + bytes[at + index]!;
  return value;
}

/** Passes over skippable frames; the next frame's header, or undefined where there is something else. */
function nextFrame(input: CompressedInput): FrameHeader | undefined {
  while (isSkippable(input.peek(SKIPPABLE_HEADER))) {
    const length = littleEndian(input.peek(SKIPPABLE_HEADER), 4, 4);
    if (SKIPPABLE_HEADER + length > input.left)
      throw new StreamDamage('truncated', input.end, 'skippable frame', `${length} bytes`, 'the end of the file');
    input.position += SKIPPABLE_HEADER + length;
  }
  return parseFrameHeader(input.peek(LONGEST_HEADER));
}

/** Where the frame whose blocks begin at the position ends; the end of the file when it is cut off or makes no sense. */
function frameEnd(ahead: CompressedInput, header: FrameHeader): number {
  for (;;) {
    if (ahead.left < BLOCK_HEADER) return ahead.end;
    const block = littleEndian(ahead.peek(BLOCK_HEADER), 0, BLOCK_HEADER);
    const size = ((block >> 1) & 3) === 1 ? 1 : block >> 3;
    if (BLOCK_HEADER + size > ahead.left) return ahead.end;
    ahead.position += BLOCK_HEADER + size;
    if (block & 1) return Math.min(ahead.end, ahead.position + (header.checksum ? 4 : 0));
  }
}

async function* decompress(input: CompressedInput): AsyncGenerator<Uint8Array> {
  if (!HAS_ZSTD) throw unsupported(input, ZSTD.title, `cannot be read by Node ${process.versions.node}, only by 22.15 and later`, 'zstd -d');
  for (;;) {
    const header = nextFrame(input);
    if (!header) break;
    if (header.dictionary !== 0) throw unsupported(input, ZSTD.title, 'needs a dictionary', 'zstd -d -D DICTIONARY');
    if (header.window > MAX_WINDOW) throw unsupported(input, ZSTD.title, `has a window of ${formatSize(header.window)}`, 'zstd -d --long=31');
    const engine = zlib.createZstdDecompress({ params: { [zlib.constants.ZSTD_d_windowLogMax]: Math.log2(MAX_WINDOW) } });
    const ahead = input.ahead();
    ahead.position += header.length;
    const end = frameEnd(ahead, header);
    let length = 0;
    for await (const piece of throughNode(engine, input, 'frame', end)) {
      length += piece.length;
      yield piece;
    }
    if (header.contentSize !== undefined && length !== header.contentSize) {
      throw new StreamDamage('damaged', input.position, 'frame', `${header.contentSize} bytes`, `${length}`);
    }
    input.position = end;
  }
  if (input.left > 0) throw new StreamDamage('trailing', input.position, 'end', 'a frame or the end of the file', `${input.left} bytes`);
}

export const ZSTD: CompressedFormat = {
  id: 'zstd',
  title: 'zstd stream',
  probe(head) {
    let at = 0;
    while (isSkippable(head.subarray(at))) at += SKIPPABLE_HEADER + littleEndian(head, at + 4, 4);
    return parseFrameHeader(head.subarray(at)) !== undefined;
  },
  /** Of the first frame: the tool writes one, others need not say. */
  announcedSize: (input) => nextFrame(input)?.contentSize,
  decompress,
};
