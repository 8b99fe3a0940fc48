/** LZO1X and Snappy against what the original libraries wrote, and against damage. */
import { describe, expect, it } from 'vitest';
import { decodeUnit, type CodecId } from '#engine/codecs/codec.ts';
import { seededRandom } from '../io/seeded-random.ts';
import { codedUnits } from './coded-units.ts';

const units = codedUnits();
const CASES: [string, CodecId, 'lzo1' | 'lzo9' | 'snappy'][] = [
  ['lzo1x_1', 'lzo1x', 'lzo1'],
  ['lzo1x_999', 'lzo1x', 'lzo9'],
  ['snappy', 'snappy', 'snappy'],
];

/** A target inside a larger buffer, whose borders tell whether something wrote past them. */
function guarded(length: number): { target: Uint8Array; bordersAreWhole: () => boolean } {
  const around = new Uint8Array(length + 64).fill(0xa5);
  const borders = [around.subarray(0, 32), around.subarray(32 + length)];
  return { target: around.subarray(32, 32 + length), bordersAreWhole: () => borders.every((border) => border.every((byte) => byte === 0xa5)) };
}

function decodeDamaged(codec: CodecId, input: Uint8Array, room: number, what: string): number | undefined {
  const { target, bordersAreWhole } = guarded(room);
  const count = decodeUnit(codec, input, target);
  if (!bordersAreWhole()) throw new Error(`${what}: wrote outside the target`);
  if (count !== undefined && !(count >= 0 && count <= room)) throw new Error(`${what}: claims ${count} bytes of ${room}`);
  return count;
}

describe.each(CASES)('%s', (_, codec, which) => {
  it('gives the bytes that the original library compressed, be there more room or not', () => {
    expect(units.length).toBeGreaterThan(20);
    for (const { original, coded } of units) {
      for (const more of [0, 1, 100]) {
        const { target, bordersAreWhole } = guarded(original.length + more);
        expect(decodeUnit(codec, coded[which], target)).toBe(original.length);
        expect(Buffer.compare(target.subarray(0, original.length), original)).toBe(0);
        expect(bordersAreWhole()).toBe(true);
      }
    }
  });

  it('refuses every unit that has too little room, is cut, or is followed by something', () => {
    for (const [index, { original, coded }] of units.entries()) {
      const input = coded[which];
      if (original.length > 0) expect(decodeUnit(codec, input, new Uint8Array(original.length - 1)), `unit ${index}`).toBeUndefined();
      expect(decodeUnit(codec, Buffer.concat([input, Buffer.of(17)]), new Uint8Array(original.length)), `unit ${index}`).toBeUndefined();
      const step = Math.max(1, Math.floor(input.length / 3000));
      for (let length = 0; length < input.length; length += step) {
        const what = `unit ${index} cut at ${length}`;
        expect(decodeDamaged(codec, input.subarray(0, length), original.length, what), what).toBeUndefined();
      }
    }
  });

  it('survives changed bytes, every one of a small unit and 20,000 at random', () => {
    const small = units.filter(({ original }) => original.length > 0 && original.length < 300);
    for (const { original, coded } of small) {
      for (let at = 0; at < coded[which].length; at++) {
        for (let value = 0; value < 256; value++) {
          const input = coded[which].slice();
          input[at] = value;
          decodeDamaged(codec, input, original.length, `byte ${at} = ${value}`);
        }
      }
    }
    for (let seed = 1; seed <= 20_000; seed++) {
      const random = seededRandom(seed);
      const { original, coded } = units[seed % units.length]!;
      const input = coded[which].slice(0, 6000);
      for (let change = 0; change <= seed % 4; change++) input[Math.floor(random() * input.length)] = Math.floor(random() * 256);
      decodeDamaged(codec, input, Math.min(original.length, 8192), `seed ${seed}`);
    }
  });

  it('survives random bytes, 50,000 times', () => {
    for (let seed = 1; seed <= 50_000; seed++) {
      const random = seededRandom(seed);
      const input = Uint8Array.from({ length: Math.floor(random() * 40) }, () => Math.floor(random() * 256) & (seed & 1 ? 255 : 35));
      decodeDamaged(codec, input, 4096, `seed ${seed}`);
    }
  });

  it('takes no more time for lengths that grow without end than there are bytes', () => {
    const began = performance.now();
    decodeDamaged(codec, new Uint8Array(2 ** 20), 4096, 'zeros');
    decodeDamaged(codec, new Uint8Array(2 ** 20).fill(255), 4096, 'ones');
    // Literals, then a match whose length is extended by a million zeros.
    const match = new Uint8Array(2 ** 20);
    match.set([18, 1, 32]);
    match[match.length - 4] = 1;
    decodeDamaged(codec, match, 4096, 'a long match');
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

describe('stored', () => {
  it('copies what fits and refuses the rest', () => {
    const { target, bordersAreWhole } = guarded(4);
    expect(decodeUnit('stored', Uint8Array.of(1, 2, 3), target)).toBe(3);
    expect([...target]).toEqual([1, 2, 3, 0xa5]);
    expect(decodeUnit('stored', new Uint8Array(5), target)).toBeUndefined();
    expect(bordersAreWhole()).toBe(true);
  });
});
