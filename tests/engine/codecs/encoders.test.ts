/** Our compressors, judged by our decoders, which real liblzo2 and libsnappy output has judged (units.test.ts); crash and libkdumpfile judge them in the lab. */
import { describe, expect, it } from 'vitest';
import { decodeUnit, type CodecId } from '#engine/codecs/codec.ts';
import { Lzo1xEncoder, lzo1xBound } from '#engine/codecs/lzo1x-encode.ts';
import { SnappyEncoder, snappyBound } from '#engine/codecs/snappy-encode.ts';
import { WarmDeflater } from '#engine/codecs/warm-deflater.ts';
import { seededRandom } from '../io/seeded-random.ts';
import { codedUnits } from './coded-units.ts';

type Encode = (input: Uint8Array) => Uint8Array;

function encoders(): [CodecId, Encode][] {
  const output = new Uint8Array(Math.max(lzo1xBound(65536), snappyBound(65536)));
  const lzo = new Lzo1xEncoder();
  const snappy = new SnappyEncoder();
  const zlib = new WarmDeflater('zlib');
  const zstd = new WarmDeflater('zstd');
  return [
    ['lzo1x', (input) => output.subarray(0, lzo.encode(input, output))],
    ['snappy', (input) => output.subarray(0, snappy.encode(input, output))],
    ['zlib', (input) => output.subarray(0, zlib.encode(input, output) ?? 0)],
    ['zstd', (input) => output.subarray(0, zstd.encode(input, output) ?? 0)],
  ];
}

/** Bytes of every kind of dullness: noise, few values, periods, noise with repeats near and far. */
function randomUnit(random: () => number, length: number): Uint8Array {
  const kind = Math.floor(random() * 5);
  const period = 1 + Math.floor(random() * 3000);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) {
    if (kind === 0) bytes[at] = random() * 256;
    else if (kind === 1) bytes[at] = random() * 2;
    else if (kind === 2) bytes[at] = at % period;
    else if (kind === 3) bytes[at] = at >= period && random() < 0.97 ? bytes[at - period]! : random() * 256;
    else bytes[at] = random() < 0.01 ? 1 : 0;
  }
  return bytes;
}

describe.each(encoders())('%s', (codec, encode) => {
  it('gives every unit back, of whatever length and contents', () => {
    const random = seededRandom(7);
    const lengths = [
      1,
      2,
      3,
      4,
      5,
      17,
      18,
      19,
      238,
      239,
      255,
      256,
      257,
      4095,
      4096,
      65536,
      ...Array.from({ length: 400 }, () => 1 + Math.floor(random() * 5000)),
    ];
    for (const length of lengths) {
      const unit = randomUnit(random, length);
      const back = new Uint8Array(length);
      expect(decodeUnit(codec, encode(unit).slice(), back), `${length} bytes`).toBe(length);
      expect(Buffer.compare(back, unit), `${length} bytes`).toBe(0);
    }
  });

  it('makes pages of memory smaller', () => {
    const pages = codedUnits().filter(({ original, coded }) => original.length === 4096 && coded.lzo1.length < 2048);
    expect(pages.length).toBeGreaterThan(0);
    for (const { original } of pages) expect(encode(original).length).toBeLessThan(3500);
  });

  it('keeps within the room that its bound asks for, on noise', () => {
    const unit = Uint8Array.from({ length: 65536 }, seededRandom(3)).map((_, at) => (at * 2654435761) >>> 13);
    const back = new Uint8Array(unit.length);
    expect(decodeUnit(codec, encode(unit).slice(), back)).toBe(unit.length);
  });
});
