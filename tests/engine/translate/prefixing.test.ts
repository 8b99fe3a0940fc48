/** Prefixing: both areas are exchanged, nothing else moves, and pieces of a stretch add up to it. */
import { describe, expect, it } from 'vitest';
import { absoluteOf, absolutePieces, unsplitSize } from '#engine/translate/prefixing.ts';

describe.each([0, 0x2000, 0x1996000])('with the prefix %i', (prefix) => {
  it('is its own inverse', () => {
    for (const real of [0, 1, 0x1fff, 0x2000, prefix - 1, prefix, prefix + 0x1fff, prefix + 0x2000, 2 ** 40])
      if (real >= 0) expect(absoluteOf(absoluteOf(real, prefix), prefix)).toBe(real);
  });

  it.each([
    [0, 0x1000],
    [0, 2 ** 31],
    [0x1000, 0x2000],
    [prefix, 0x100000],
    [0x1900000, 0x100000],
    [0x1997000, 0x1000],
  ])('pieces of [0x%x, +0x%x) are its bytes in order, each where its address says', (real, length) => {
    const pieces = absolutePieces(real, length, prefix);
    expect(pieces.reduce((sum, piece) => sum + piece.length, 0)).toBe(length);
    let offset = 0;
    for (const piece of pieces) {
      expect(piece.offset).toBe(offset);
      expect(piece.absolute).toBe(absoluteOf(real + offset, prefix));
      expect(piece.absolute + piece.length - 1).toBe(absoluteOf(real + offset + piece.length - 1, prefix));
      offset += piece.length;
    }
  });

  it('a large page that is exchanged in part counts as small ones, any other as it is', () => {
    const split = prefix === 0 ? 2 ** 20 : 4096;
    expect(unsplitSize(0x12345, 2 ** 20, prefix)).toBe(split);
    expect(unsplitSize(prefix + 0x1234, 2 ** 20, prefix)).toBe(split);
    expect(unsplitSize(0x1a00000, 2 ** 20, prefix)).toBe(2 ** 20);
    expect(unsplitSize(prefix, 4096, prefix)).toBe(4096);
  });
});
