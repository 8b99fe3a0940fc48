/**
 * Codecs of single units (a page, a cluster, a frame): compressed bytes in, memory out. Whole streams are another matter: containers/.
 *
 * zlib, deflate and zstd are Node's own (measured: docs in reference/platform.md, section 5); LZO1X and Snappy have no well-kept library that ships no
 * binary, so they are ours.
 */
import zlib from 'node:zlib';
import { decodeLzo1x } from './lzo1x.ts';
import { decodeSnappyChunk } from './snappy-framed.ts';
import { decodeSnappy } from './snappy.ts';
import { WarmInflater } from './warm-inflater.ts';

/**
 * `stored`: the bytes themselves. `zlib`: with header and Adler-32. `deflate`: raw. `lzo1x`, `snappy`: raw, without a container. `zstd`: frames.
 * `snappy-crc`, `stored-crc`: a chunk of Snappy's framing from its CRC on, which is checked (snappy-framed.ts).
 */
export type CodecId = 'stored' | 'zlib' | 'deflate' | 'lzo1x' | 'snappy' | 'zstd' | 'snappy-crc' | 'stored-crc';

/** Node has zstd since 22.15, the desktop always. Without it no unit of zstd can be decoded: formats refuse or say so, rather than call it damaged. */
export const HAS_ZSTD = typeof zlib.zstdDecompressSync === 'function';

/**
 * Decodes all of `input` into `target`. Returns how many bytes of `target` it filled, or undefined when the input is damaged or would give more
 * than there is room for. Never throws, never writes outside `target`, allocates no more than `target.length` and a little.
 */
export function decodeUnit(codec: CodecId, input: Uint8Array, target: Uint8Array): number | undefined {
  switch (codec) {
    case 'stored':
      if (input.length > target.length) return undefined;
      target.set(input);
      return input.length;
    case 'lzo1x':
      return decodeLzo1x(input, target);
    case 'snappy':
      return decodeSnappy(input, target);
    case 'snappy-crc':
    case 'stored-crc':
      return decodeSnappyChunk(codec, input, target);
    default:
      return decodeByNode(codec, input, target);
  }
}

const WARM = new WarmInflater();

function decodeByNode(codec: 'zlib' | 'deflate' | 'zstd', input: Uint8Array, target: Uint8Array): number | undefined {
  if (codec === 'zstd' && !HAS_ZSTD) return undefined;
  const filled = WARM.decode(codec, input, target);
  if (filled !== undefined) return filled;
  try {
    const options = { maxOutputLength: target.length };
    const output =
      codec === 'zlib'
        ? zlib.inflateSync(input, options)
        : codec === 'deflate'
          ? zlib.inflateRawSync(input, options)
          : zlib.zstdDecompressSync(input, options);
    target.set(output);
    return output.length;
  } catch {
    return undefined;
  }
}
