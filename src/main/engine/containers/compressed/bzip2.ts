/**
 * bzip2 streams, one after the other (pbzip2, `cat`).
 *
 * ```
 * "BZh", "1".."9" (hundreds of thousands of bytes a block), blocks that begin with 0x314159265359 at any bit, 0x177245385090, 32 bits CRC, zeros to the next byte
 * ```
 *
 * Each block has a CRC, so what comes out of a damaged stream is right. 33 MB/s (a Linux guest's stream, processor time, Node 24.21). Not supported: randomised blocks (bzip2 before 0.9.5).
 */
import { BitReader } from '../../codecs/bit-reader.ts';
import { Bzip2BlockDecoder, MAX_CODED_BLOCK } from '../../codecs/bzip2-block.ts';
import { hex, StreamDamage, type CompressedFormat } from './compressed-format.ts';
import type { CompressedInput } from './compressed-input.ts';

const HEADER_BYTES = 4;
/** In halves of 24 bits. */
const BLOCK_MAGIC = [0x314159, 0x265359];
const END_MAGIC = [0x177245, 0x385090];
const END_BITS = 48 + 32;

/** The level, or undefined when it is no stream's header. */
function levelOf(head: Uint8Array): number | undefined {
  const level = (head[3] ?? 0) - 0x30;
  return head[0] === 0x42 && head[1] === 0x5a && head[2] === 0x68 && level >= 1 && level <= 9 ? level : undefined;
}

function* decompress(input: CompressedInput): Generator<Uint8Array> {
  let decoder: { level: number; blocks: Bzip2BlockDecoder } | undefined;
  for (let level = levelOf(input.peek(HEADER_BYTES)); level !== undefined; level = levelOf(input.peek(HEADER_BYTES))) {
    if (decoder?.level !== level) decoder = { level, blocks: new Bzip2BlockDecoder(level) };
    input.position += HEADER_BYTES;
    yield* decompressStream(input, decoder.blocks);
  }
  if (input.left > 0) throw new StreamDamage('trailing', input.position, 'end', 'a stream or the end of the file', `${input.left} bytes`);
}

function* decompressStream(input: CompressedInput, decoder: Bzip2BlockDecoder): Generator<Uint8Array> {
  /** Bits of the byte at the input's position that are already used. */
  let used = 0;
  let combined = 0;
  for (;;) {
    const at = input.position;
    const bits = new BitReader(input.peek(MAX_CODED_BLOCK));
    bits.read(used);
    const magic = [bits.read(24), bits.read(24)];
    const is = (wanted: number[]) => wanted.every((half, index) => half === magic[index]);
    const problem = (field: string, expected: string, found: string) =>
      bits.overrun
        ? new StreamDamage('truncated', input.end, field, 'more of it', 'the end of the file')
        : new StreamDamage('damaged', at, field, expected, found);
    if (is(END_MAGIC)) {
      const expected = ((bits.read(16) << 16) | bits.read(16)) >>> 0;
      if (bits.overrun) throw problem('end', '', '');
      input.position += Math.ceil((used + END_BITS) / 8);
      if (expected !== combined) throw new StreamDamage('checksum', at, 'CRC of the stream', hex(expected), hex(combined));
      return;
    }
    if (!is(BLOCK_MAGIC)) throw problem('block magic', '0x314159265359', magic.map((half) => half.toString(16).padStart(6, '0')).join(''));
    const block = decoder.decode(bits);
    if (!block) throw problem('block', 'bzip2 data', 'damaged data');
    if (block.crc !== block.expectedCrc) throw problem('block CRC', hex(block.expectedCrc), hex(block.crc));
    combined = ((combined << 1) | (combined >>> 31)) ^ block.crc;
    combined >>>= 0;
    input.position += Math.floor(bits.position / 8);
    used = bits.position % 8;
    yield block.bytes;
  }
}

export const BZIP2: CompressedFormat = {
  id: 'bzip2',
  title: 'bzip2 stream',
  probe(head) {
    if (levelOf(head) === undefined || head.length < HEADER_BYTES + 6) return false;
    const bits = new BitReader(head.subarray(HEADER_BYTES, HEADER_BYTES + 6));
    const [high, low] = [bits.read(24), bits.read(24)];
    return [BLOCK_MAGIC, END_MAGIC].some((magic) => magic[0] === high && magic[1] === low);
  },
  decompress,
};
