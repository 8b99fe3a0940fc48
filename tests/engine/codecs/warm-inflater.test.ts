/** The quick way into Node's zlib and zstd gives what the slow one gives, whatever was decoded before. */
import { describe, expect, it } from 'vitest';
import zlib from 'node:zlib';
import { decodeUnit } from '#engine/codecs/codec.ts';
import { WarmInflater, type WarmCodec } from '#engine/codecs/warm-inflater.ts';
import { seededRandom } from '../io/seeded-random.ts';

const COMPRESS: Record<WarmCodec, (bytes: Uint8Array) => Uint8Array> = {
  zlib: (bytes) => zlib.deflateSync(bytes, { level: 1 }),
  deflate: (bytes) => zlib.deflateRawSync(bytes),
  zstd: (bytes) => zlib.zstdCompressSync(bytes),
};

/** Half compressible. */
function page(seed: number, length = 4096): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length }, (_, at) => (at % 64 < 32 ? Math.floor(random() * 256) : seed & 0xff));
}

describe.each(['zlib', 'deflate', 'zstd'] as const)('%s', (codec) => {
  it('is decoded the quick way by this Node', () => {
    const target = new Uint8Array(4096);
    expect(new WarmInflater().decode(codec, COMPRESS[codec](page(1)), target)).toBe(4096);
    expect(target).toEqual(page(1));
  });

  it('gives pages of all sizes, one after the other', () => {
    const warm = new WarmInflater();
    for (const [index, length] of [1, 17, 512, 4096, 65536, 100, 65536].entries()) {
      const target = new Uint8Array(length);
      expect(warm.decode(codec, COMPRESS[codec](page(index, length)), target)).toBe(length);
      expect(target).toEqual(page(index, length));
    }
  });

  it('says how much came out when it is less, and refuses more than there is room for', () => {
    const warm = new WarmInflater();
    expect(warm.decode(codec, COMPRESS[codec](page(1, 1000)), new Uint8Array(4096))).toBe(1000);
    expect(warm.decode(codec, COMPRESS[codec](page(1)), new Uint8Array(4095))).toBeUndefined();
    expect(warm.decode(codec, COMPRESS[codec](page(1)), new Uint8Array(4096))).toBe(4096);
  });

  it('refuses every cut of the input, and works after that', () => {
    const warm = new WarmInflater();
    const input = COMPRESS[codec](page(3));
    const target = new Uint8Array(4096);
    for (let length = 0; length < input.length; length++) expect(warm.decode(codec, input.subarray(0, length), target), `${length}`).toBeUndefined();
    expect(warm.decode(codec, input, target)).toBe(4096);
    expect(target).toEqual(page(3));
  });

  it('agrees with the slow way on every input with a byte changed', () => {
    const warm = new WarmInflater();
    const input = COMPRESS[codec](page(4));
    for (let at = 0; at < input.length; at++) {
      const damaged = input.slice();
      damaged[at]! ^= 1 << (at % 8);
      const [quick, slow] = [new Uint8Array(4096), new Uint8Array(4096)];
      const filled = warm.decode(codec, damaged, quick);
      const expected = slowly(codec, damaged, slow);
      if (filled !== undefined) expect([filled, quick]).toEqual([expected, slow]);
      expect(decodeUnit(codec, damaged, quick)).toBe(expected);
    }
  });
});

function slowly(codec: WarmCodec, input: Uint8Array, target: Uint8Array): number | undefined {
  const decode = { zlib: zlib.inflateSync, deflate: zlib.inflateRawSync, zstd: zlib.zstdDecompressSync }[codec];
  try {
    const output = decode(input, { maxOutputLength: target.length });
    target.set(output);
    return output.length;
  } catch {
    return undefined;
  }
}
