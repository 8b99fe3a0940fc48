/**
 * gzip: RFC 1952. Members end to end are one stream (pigz, bgzip, `cat`); zeros after the last are padding.
 *
 * ```
 * 0   1f 8b 08, u8 flags, le32 time, u8 extra flags, u8 system
 * 10  [flags 4] le16 length, bytes   [flags 8] name, 0   [flags 16] comment, 0   [flags 2] le16 CRC of the header
 *     deflate data, le32 CRC-32, le32 length mod 2^32
 * ```
 *
 * Inflated by Node's zlib, 158 MB/s (a Linux guest's stream of 540 MB, processor time with that of writing, Node 24.21).
 */
import { createInflateRaw, crc32 } from 'node:zlib';
import { hex, StreamDamage, type CompressedFormat } from './compressed-format.ts';
import type { CompressedInput } from './compressed-input.ts';
import { throughNode } from './node-stream.ts';

const FIXED_BYTES = 10;
const TRAILER_BYTES = 8;
const FLAG = { headerCrc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 } as const;
/** Longer names than any system has. */
const MAX_TEXT = 64 * 1024;

function isMember(head: Uint8Array): boolean {
  return head.length >= FIXED_BYTES && head[0] === 0x1f && head[1] === 0x8b && head[2] === 8 && (head[3]! & FLAG.reserved) === 0;
}

function skipHeader(input: CompressedInput): void {
  const flags = input.take(FIXED_BYTES, 'member header')[3]!;
  if (flags & FLAG.extra) {
    const length = input.take(2, 'extra field');
    input.take(length[0]! | (length[1]! << 8), 'extra field');
  }
  if (flags & FLAG.name) skipText(input, 'name');
  if (flags & FLAG.comment) skipText(input, 'comment');
  if (flags & FLAG.headerCrc) input.take(2, 'header CRC');
}

function skipText(input: CompressedInput, field: string): void {
  const text = input.peek(MAX_TEXT);
  const end = text.indexOf(0);
  if (end < 0) throw new StreamDamage(text.length < MAX_TEXT ? 'truncated' : 'damaged', input.position, field, 'a name that ends', 'none');
  input.position += end + 1;
}

async function* decompress(input: CompressedInput): AsyncGenerator<Uint8Array> {
  do {
    skipHeader(input);
    let crc = 0;
    let length = 0;
    for await (const piece of throughNode(createInflateRaw(), input, 'deflate data')) {
      crc = crc32(piece, crc);
      length += piece.length;
      yield piece;
    }
    checkTrailer(input, crc, length);
  } while (isMember(input.peek(FIXED_BYTES)));
  skipPadding(input);
}

function checkTrailer(input: CompressedInput, crc: number, length: number): void {
  const at = input.position;
  const trailer = input.take(TRAILER_BYTES, 'member trailer');
  const view = new DataView(trailer.buffer, trailer.byteOffset, TRAILER_BYTES);
  const [expectedCrc, expectedLength] = [view.getUint32(0, true), view.getUint32(4, true)];
  if (expectedCrc !== crc) throw new StreamDamage('checksum', at, 'CRC-32', hex(expectedCrc), hex(crc));
  if (expectedLength !== length % 2 ** 32) throw new StreamDamage('checksum', at + 4, 'length', `${expectedLength}`, `${length % 2 ** 32}`);
}

/** Passes over zeros to the end of the file. */
function skipPadding(input: CompressedInput): void {
  while (input.left > 0) {
    const piece = input.peek(65536);
    const other = piece.findIndex((byte) => byte !== 0);
    if (other >= 0)
      throw new StreamDamage('trailing', input.position + other, 'end', 'the end of the file', `${input.end - input.position - other} bytes`);
    input.position += piece.length;
  }
}

export const GZIP: CompressedFormat = {
  id: 'gzip',
  title: 'gzip stream',
  probe: isMember,
  /** The last member's length, of which the file keeps 32 bits: the least that comes out. */
  announcedSize(input) {
    input.position = Math.max(input.start, input.end - 4);
    const field = input.take(4, 'length');
    return new DataView(field.buffer, field.byteOffset, 4).getUint32(0, true);
  },
  decompress,
};
