/**
 * xz: streams end to end, of one block or many (`xz -T`). The structure is walked first (xz-layout.ts): that tells how much comes out, also of a file
 * that is cut off, and what the decoder would only refuse with a number.
 *
 * Decompressed by xz-decompress (WebAssembly, xz-embedded), 68 MB/s (a Linux guest's stream of 540 MB, processor time, Node 24.21). It checks CRC-32 and CRC-64. Not supported: SHA-256 checks,
 * filters before LZMA2 (x86, delta), dictionaries above 64 MiB (xz -9 has 64), .lzma files.
 */
import { ReadableStream } from 'node:stream/web';
import { formatSize } from '#shared/address-text.ts';
import { StreamDamage, unsupported, type CompressedFormat } from './compressed-format.ts';
import type { CompressedInput } from './compressed-input.ts';
import { HEADER_BYTES, isXzHeader, skipXzPadding, walkXzStream, type XzStream } from './xz-layout.ts';

/** What the decoder was built with. */
const MAX_DICTIONARY = 64 * 1024 * 1024;
const CHECK_NAMES = new Map([[10, 'SHA-256']]);
const FILTER_NAMES = new Map([
  [0x03, 'delta'],
  [0x04, 'x86'],
  [0x05, 'PowerPC'],
  [0x06, 'IA-64'],
  [0x07, 'ARM'],
  [0x08, 'ARM-Thumb'],
  [0x09, 'SPARC'],
  [0x0a, 'ARM64'],
  [0x0b, 'RISC-V'],
]);
const KNOWN_CHECKS = [0, 1, 4];

/** Refuses by name what the decoder would refuse with a number. */
function checkSupport(input: CompressedInput, { check, filters, dictionary }: XzStream): void {
  const refuse = (what: string) => unsupported(input, XZ.title, what, 'xz -d');
  if (!KNOWN_CHECKS.includes(check)) throw refuse(`is checked by ${CHECK_NAMES.get(check) ?? `method ${check}`}`);
  for (const filter of filters) throw refuse(`has the filter ${FILTER_NAMES.get(filter) ?? filter}`);
  if (dictionary > MAX_DICTIONARY) throw refuse(`has a dictionary of ${formatSize(dictionary)}`);
}

async function* decompress(input: CompressedInput): AsyncGenerator<Uint8Array> {
  // The decoder cannot be trusted to go on where streams meet: it gets one at a time.
  while (isXzHeader(input.peek(HEADER_BYTES))) {
    const stream = walkXzStream(input.ahead());
    checkSupport(input, stream);
    yield* throughDecoder(input, stream);
    input.position = stream.end;
    skipXzPadding(input);
  }
  if (input.left > 0) throw new StreamDamage('trailing', input.position, 'end', 'a stream or the end of the file', `${input.left} bytes`);
}

/** Throws StreamDamage; up to 64 KiB that came out just before damage are lost with it. */
async function* throughDecoder(input: CompressedInput, { size, end, damage }: XzStream): AsyncGenerator<Uint8Array> {
  // Every thread of the engine would load it, and few files need it.
  const { default: xzDecompress } = await import('xz-decompress');
  const pieces = input.pieces(damage ? input.end : end);
  const feed = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { value, done } = pieces.next();
      if (done) return controller.close();
      controller.enqueue(value);
      input.position += value.length;
    },
  });
  let length = 0;
  try {
    for await (const piece of new xzDecompress.XzReadableStream(feed as never) as unknown as AsyncIterable<Uint8Array>) {
      length += piece.length;
      yield piece;
    }
  } catch (error) {
    const code = /error code (\d+)/.exec((error as Error).message)?.[1];
    if (!code) throw error;
    throw damage ?? new StreamDamage('damaged', input.position, 'LZMA2 data before', 'valid data', `error ${code} of the decoder`);
  }
  if (damage) throw damage;
  if (length !== size) throw new StreamDamage('damaged', end, 'stream', `${size} bytes`, `${length}`);
}

export const XZ: CompressedFormat = {
  id: 'xz',
  title: 'xz stream',
  probe: isXzHeader,
  announcedSize(input) {
    let size = 0;
    while (isXzHeader(input.peek(HEADER_BYTES))) {
      const stream = walkXzStream(input);
      size += stream.size;
      if (stream.damage) break;
      skipXzPadding(input);
    }
    return size;
  },
  decompress,
};
