import { describe, expect, test } from 'vitest';
import { VIRTUAL_LAST } from '#shared/units.ts';
import type { Mapping, MemoryRegion } from '#shared/model/index.ts';
import { extentAt, foldable, overlay, touches, wholeSpace } from '../../../src/renderer/src/features/memory/extents.ts';
import { holesIn, initialExtents, physicalExtents, virtualExtents } from '../../../src/renderer/src/features/memory/space-knowledge.ts';

const region = (start: number, last: number): MemoryRegion => ({
  start,
  last,
  block: 'pc.ram',
  blockOffset: start,
  readOnly: false,
  evidence: { strength: 'proven', text: '' },
  states: {},
});
const mapping = (start: bigint, last: bigint, physical: number): Mapping => ({
  start,
  last,
  physical,
  pageSize: 4096,
  flags: [],
  effective: { writable: true, user: false, executable: true },
});
const gapless = (extents: readonly { start: bigint; last: bigint }[]): boolean =>
  extents.every((extent, index) => extent.start === (index === 0 ? 0n : extents[index - 1]!.last + 1n));

describe('overlay', () => {
  test('stays gapless and joins neighbours that say the same', () => {
    const base = wholeSpace(0xffffn, 'bytes');
    const once = overlay(base, [{ start: 0x1000n, last: 0x1fffn, kind: 'hole', state: 'absent' }]);
    const twice = overlay(once, [{ start: 0x2000n, last: 0x2fffn, kind: 'hole', state: 'absent' }]);
    expect(gapless(twice)).toBe(true);
    expect(twice).toEqual([
      { start: 0n, last: 0xfffn, kind: 'bytes' },
      { start: 0x1000n, last: 0x2fffn, kind: 'hole', state: 'absent' },
      { start: 0x3000n, last: 0xffffn, kind: 'bytes' },
    ]);
  });

  test('a piece that spans several extents replaces them all', () => {
    const base = overlay(wholeSpace(0xffffn, 'bytes'), [{ start: 0x1000n, last: 0x1fffn, kind: 'hole', state: 'absent' }]);
    const result = overlay(base, [{ start: 0x800n, last: 0x27ffn, kind: 'hole', state: 'corrupt' }]);
    expect(result.map(({ start, kind }) => [start, kind])).toEqual([
      [0n, 'bytes'],
      [0x800n, 'hole'],
      [0x2800n, 'bytes'],
    ]);
  });

  test('what a chunk shows of a hole that is known already does not cut it in two', () => {
    const base = overlay(wholeSpace(0xffffn, 'bytes'), [{ start: 0x1000n, last: 0x7fffn, kind: 'hole', state: 'unmapped' }]);
    const seen = [{ start: 0x0800n, last: 0x1fffn, kind: 'hole', state: 'unmapped', reason: 'PT[1] not present' } as const];
    const result = overlay(base, seen, 'bytes');
    expect(result.map(({ start, last, reason }) => [start, last, reason])).toEqual([
      [0n, 0x7ffn, undefined],
      [0x800n, 0xfffn, 'PT[1] not present'],
      [0x1000n, 0x7fffn, undefined],
      [0x8000n, 0xffffn, undefined],
    ]);
  });

  test('a hole that is known already touches no bytes', () => {
    const base = overlay(wholeSpace(0xffffn, 'bytes'), [{ start: 0x1000n, last: 0x7fffn, kind: 'hole', state: 'unmapped' }]);
    expect(touches(base, { start: 0x1000n, last: 0x7fffn, kind: 'hole' }, 'bytes')).toBe(false);
    expect(touches(base, { start: 0x7000n, last: 0x8000n, kind: 'hole' }, 'bytes')).toBe(true);
    expect(touches(base, { start: 0xfffn, last: 0x1000n, kind: 'hole' }, 'bytes')).toBe(true);
  });

  test('does not change its input', () => {
    const base = wholeSpace(0xffffn, 'bytes');
    overlay(base, [{ start: 0n, last: 0xffn, kind: 'bytes' }]);
    expect(base).toEqual([{ start: 0n, last: 0xffffn, kind: 'bytes' }]);
  });
});

describe('what the dump says of a space', () => {
  test('guest-physical: holes between regions and to the end of 52 bits; adjacent regions are one stretch', () => {
    const extents = physicalExtents([region(0, 0x9ffff), region(0xc0000, 0xdffff), region(0xe0000, 0x7fffff)]);
    expect(gapless(extents)).toBe(true);
    expect(extents.map(({ start, kind }) => [start, kind])).toEqual([
      [0n, 'bytes'],
      [0xa0000n, 'hole'],
      [0xc0000n, 'bytes'],
      [0x800000n, 'hole'],
    ]);
    expect(extents.at(-1)?.last).toBe((1n << 52n) - 1n);
  });

  test('guest-physical without any region is one hole, and a gap too small to fold stays bytes', () => {
    expect(physicalExtents([]).map((extent) => extent.kind)).toEqual(['hole']);
    expect(physicalExtents([region(0, 0xfff), region(0x1010, 0x1fff)])[0]).toMatchObject({ start: 0n, last: 0x1fffn, kind: 'bytes' });
  });

  test('guest-virtual: gaps are unmapped to the last address, and mappings to where no RAM is are holes', () => {
    const regions = [region(0, 0x7fffff)];
    const pieces = virtualExtents(0n, [mapping(0x1000n, 0x1fffn, 0x1000), mapping(0x40000000n, 0x7fffffffn, 0)], null, regions, VIRTUAL_LAST);
    const extents = overlay(initialExtents('gva', 0, regions, 64), pieces);
    expect(gapless(extents)).toBe(true);
    expect(extents.map(({ start, kind, state }) => [start, kind, state])).toEqual([
      [0n, 'hole', 'unmapped'],
      [0x1000n, 'bytes', undefined],
      [0x2000n, 'hole', 'unmapped'],
      [0x40000000n, 'bytes', undefined],
      [0x40800000n, 'hole', 'absent'],
      [0x80000000n, 'hole', 'unmapped'],
    ]);
    expect(extents.at(-1)?.last).toBe(VIRTUAL_LAST);
    expect(extents[4]?.reason).toContain('0000 0080 0000');
  });

  test('guest-virtual with 32 bits ends at 4 GiB, whether its last page is mapped or not', () => {
    const last = 0xffff_ffffn;
    expect(initialExtents('gva', 0, [], 32)).toEqual([{ start: 0n, last, kind: 'unexplored' }]);
    for (const mappings of [[], [mapping(0xfffff000n, last, 0)]]) {
      const extents = overlay(initialExtents('gva', 0, [], 32), virtualExtents(0n, mappings, null, [region(0, 0xffff)], last));
      expect(gapless(extents)).toBe(true);
      expect(extents.at(-1)).toMatchObject({ last, kind: mappings.length > 0 ? 'bytes' : 'hole' });
    }
  });

  test('guest-virtual: what a cut listing did not reach stays unexplored', () => {
    const pieces = virtualExtents(0n, [mapping(0x1000n, 0x1fffn, 0)], 0x9000n, [region(0, 0xfffff)], VIRTUAL_LAST);
    const extents = overlay(initialExtents('gva', 0, [], 64), pieces);
    expect(extents.at(-1)).toEqual({ start: 0x9000n, last: VIRTUAL_LAST, kind: 'unexplored' });
    expect(extents.at(-2)).toMatchObject({ start: 0x2000n, last: 0x8fffn, state: 'unmapped' });
  });

  test('a mapping that began before the listing is not painted before it', () => {
    const [first] = virtualExtents(0x1800n, [mapping(0x1000n, 0x1fffn, 0)], 0x2000n, [region(0, 0xffff)], VIRTUAL_LAST);
    expect(first).toMatchObject({ start: 0x1800n, last: 0x1fffn });
  });

  test('spans of a chunk become holes, zero pages do not', () => {
    const chunk = {
      address: 0x4000n,
      bytes: new Uint8Array(0x3000),
      spans: [
        { start: 0, end: 0x1000, state: 'zero' as const },
        { start: 0x1000, end: 0x2010, state: 'excluded' as const, reason: 'left out' },
        { start: 0x2010, end: 0x3000, state: 'present' as const },
      ],
    };
    expect(holesIn(chunk, 0xffffffn)).toEqual([{ start: 0x5000n, last: 0x5fffn, kind: 'hole', state: 'excluded', reason: 'left out' }]);
  });

  test('a hole is folded in whole rows, up to the very end of the space', () => {
    expect(foldable({ start: 0x11n, last: 0x1234n, kind: 'hole' }, 0xffffn)).toMatchObject({ start: 0x20n, last: 0x121fn });
    expect(foldable({ start: 0x1000n, last: 0x1233n, kind: 'hole' }, 0x1233n)).toMatchObject({ last: 0x1233n });
    expect(foldable({ start: 0x1000n, last: 0x101fn, kind: 'hole' }, 0xffffn)).toBeUndefined();
  });

  test('an address is found in its extent', () => {
    const extents = physicalExtents([region(0, 0xfff), region(0x2000, 0x2fff)]);
    expect([0n, 0xfffn, 0x1000n, 0x1fffn, 0x2000n, 0x3000n].map((address) => extentAt(extents, address))).toEqual([0, 0, 1, 1, 2, 3]);
  });
});
