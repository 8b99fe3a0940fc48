/** Page deltas: what each part of one means, and that no malformed one is applied. The memory of whole live migrations is compared in the tests of the stream format. */
import { describe, expect, it } from 'vitest';
import { applyXbzrle, isValidXbzrle } from '#engine/codecs/xbzrle.ts';
import { seededRandom } from '../io/seeded-random.ts';

const PAGE = 4096;

/** The delta from one page to another, as the definition says; numbers of 128 and more take two bytes. */
function encode(before: Uint8Array, after: Uint8Array): Uint8Array {
  const delta: number[] = [];
  const number = (value: number) => delta.push(...(value < 128 ? [value] : [(value & 127) | 128, value >> 7]));
  let at = 0;
  for (;;) {
    let same = 0;
    while (at + same < before.length && before[at + same] === after[at + same]) same++;
    if (at + same === before.length) return Uint8Array.from(delta);
    at += same;
    let changed = 0;
    while (at + changed < before.length && before[at + changed] !== after[at + changed]) changed++;
    number(same);
    number(changed);
    delta.push(...after.subarray(at, at + changed));
    at += changed;
  }
}

function randomPages(seed: number): { before: Uint8Array; after: Uint8Array } {
  const random = seededRandom(seed);
  const before = Uint8Array.from({ length: PAGE }, () => Math.floor(random() * 256));
  const after = before.slice();
  for (let change = 0; change < random() * 30; change++) {
    const at = Math.floor(random() * PAGE);
    for (let index = at; index < Math.min(PAGE, at + random() * 300); index++) after[index]! ^= 1 + Math.floor(random() * 255);
  }
  return { before, after };
}

describe('a delta', () => {
  it('leaves what it passes over, replaces the rest, and may end before the page does', () => {
    const page = Uint8Array.from({ length: 8 }, (_, index) => index);
    expect(applyXbzrle(Uint8Array.of(2, 1, 0x55, 1, 2, 0x66, 0x77), page)).toBe(true);
    expect([...page]).toEqual([0, 1, 0x55, 3, 0x66, 0x77, 6, 7]);
  });

  it('makes one page of another, 300 times', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const { before, after } = randomPages(seed);
      const delta = encode(before, after);
      expect(isValidXbzrle(delta, PAGE)).toBe(true);
      expect(applyXbzrle(delta, before)).toBe(true);
      expect(Buffer.compare(before, after), `seed ${seed}`).toBe(0);
    }
  });

  it.each([
    ['nothing at all', [], true],
    ['a change at the very start', [0, 1, 9], true],
    ['a change of the last byte', [0xff, 0x1f, 1, 9], true],
    ['a page anew', [0, 0x80, 0x20, ...new Uint8Array(PAGE)], true],
    ['a change one byte beyond the page', [0x80, 0x20, 1, 9], false],
    ['two bytes from the last', [0xff, 0x1f, 2, 9, 9], false],
    ['a second run of nothing', [0, 1, 9, 0, 1, 9], false],
    ['no new bytes', [5, 0], false],
    ['only a run of old bytes', [5], false],
    ['fewer new bytes than announced', [5, 3, 1, 2], false],
    ['a number of three bytes', [0x80, 0x80, 0x01, 1, 9], false],
    ['half a number', [0x85], false],
    ['half a second number', [5, 0x81], false],
  ])('of %s: valid is %s', (_, bytes, valid) => {
    const delta = Uint8Array.from(bytes as number[]);
    expect(isValidXbzrle(delta, PAGE)).toBe(valid);
    expect(applyXbzrle(delta, new Uint8Array(PAGE))).toBe(valid);
  });

  it('cut or changed: the check and the application agree, and nothing is written past the page', () => {
    for (let seed = 1; seed <= 20_000; seed++) {
      const random = seededRandom(seed);
      const delta = Uint8Array.from({ length: Math.floor(random() * 30) }, () => Math.floor(random() * (seed & 1 ? 256 : 8)));
      const around = new Uint8Array(64 + 32).fill(0xa5);
      const valid = isValidXbzrle(delta, 64);
      expect(applyXbzrle(delta, around.subarray(16, 80)), `seed ${seed}`).toBe(valid);
      expect(around.subarray(0, 16).every((byte) => byte === 0xa5) && around.subarray(80).every((byte) => byte === 0xa5)).toBe(true);
    }
  });
});
