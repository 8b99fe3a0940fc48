/** Decompression by one of Node's own streams, which work in a thread of their own while this one writes. */
import { pipeline, Readable } from 'node:stream';
import type { BrotliDecompress, InflateRaw } from 'node:zlib';
import { StreamDamage } from './compressed-format.ts';
import type { CompressedInput } from './compressed-input.ts';

/** What Node calls an error of the data, not of ours. */
const TRUNCATED = 'Z_BUF_ERROR';

/**
 * Yields what the engine makes of the input's bytes up to `end`, until it has had enough or there are no more; `input.position` is then after the last
 * byte that it took. Throws StreamDamage; up to 64 KiB that came out just before damage are lost with it.
 */
export async function* throughNode(
  engine: InflateRaw | BrotliDecompress,
  input: CompressedInput,
  field: string,
  end = input.end,
): AsyncGenerator<Uint8Array> {
  const start = input.position;
  const feed = Readable.from(input.pieces(end), { highWaterMark: 1 });
  // Errors of the feed, too, end the engine, and so reach the loop.
  pipeline(feed, engine, () => undefined);
  try {
    for await (const piece of engine as AsyncIterable<Uint8Array>) {
      input.position = start + engine.bytesWritten;
      yield piece;
    }
    input.position = start + engine.bytesWritten;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (!code || !/^(Z|ZSTD)_/.test(code)) throw error;
    const at = start + engine.bytesWritten;
    if (code === TRUNCATED && end === input.end) throw new StreamDamage('truncated', input.end, field, 'more of it', 'the end of the file');
    throw new StreamDamage('damaged', at, field, 'valid data', message);
  } finally {
    feed.destroy();
    engine.destroy();
  }
}
