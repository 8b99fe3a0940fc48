import { describe, expect, test } from 'vitest';
import { VIRTUAL_LAST } from '#shared/units.ts';
import { overlay, wholeSpace, type Extent } from '../../../src/renderer/src/features/memory/extents.ts';
import { RowLayout } from '../../../src/renderer/src/features/memory/row-layout.ts';
import { lastTopRow, THUMB_MINIMUM, thumbAt, topRowAt, WheelRows } from '../../../src/renderer/src/features/memory/scroll-scale.ts';
import { foldedHoleAt, motionOf, move, placeAt, rangeBetween } from '../../../src/renderer/src/features/memory/cursor.ts';

const HOLE: Extent = { start: 0x1000n, last: 0x3fffn, kind: 'hole', state: 'unmapped' };
const extents = overlay(wholeSpace(0x4fffn, 'bytes'), [HOLE]);

describe('rows', () => {
  const layout = new RowLayout(extents, 16);

  test('a folded hole is one row', () => {
    expect(layout.rowCount).toBe(0x100n + 1n + 0x100n);
    expect(layout.rowAt(0x100n)).toMatchObject({ kind: 'hole', start: 0x1000n, last: 0x3fffn, folded: true });
    expect(layout.rowAt(0x101n)).toMatchObject({ kind: 'bytes', start: 0x4000n, last: 0x400fn });
  });

  test('an unfolded hole keeps its headline and shows its rows', () => {
    const open = new RowLayout(extents, 16, new Set([0x1000n]));
    expect(open.rowCount).toBe(0x500n + 1n);
    expect(open.rowAt(0x100n)).toMatchObject({ kind: 'hole', folded: false });
    expect(open.rowAt(0x101n)).toMatchObject({ kind: 'bytes', start: 0x1000n });
    expect(open.rowOf(0x1000n)).toBe(0x101n);
  });

  test('a hole stays open when it turns out to be longer than known', () => {
    const grown = overlay(extents, [{ ...HOLE, start: 0x800n }]);
    expect(new RowLayout(grown, 16, new Set([0x1000n])).rowAt(0x80n)).toMatchObject({ kind: 'hole', folded: false, start: 0x800n });
  });

  test('address to row and back, for every width', () => {
    for (const width of [8, 16, 32] as const) {
      const any = new RowLayout(extents, width);
      for (const address of [0n, 0x7n, 0xfffn, 0x4000n, 0x4fffn]) {
        const row = any.rowAt(any.rowOf(address));
        expect(row.start <= address && address <= row.last).toBe(true);
      }
    }
  });

  test('all 2^64 addresses have rows, to the last', () => {
    const whole = new RowLayout(wholeSpace(VIRTUAL_LAST, 'bytes'), 16);
    expect(whole.rowCount).toBe(1n << 60n);
    expect(whole.rowAt(whole.rowCount - 1n)).toMatchObject({ start: VIRTUAL_LAST - 15n, last: VIRTUAL_LAST });
    expect(whole.rowOf(VIRTUAL_LAST)).toBe((1n << 60n) - 1n);
    expect(whole.rowsFrom(whole.rowCount - 2n, 10)).toHaveLength(2);
  });

  test('the last row of a file is as short as the file', () => {
    const file = new RowLayout(wholeSpace(0x14n, 'bytes'), 16);
    expect(file.rowAt(1n)).toMatchObject({ start: 0x10n, last: 0x14n });
  });
});

describe('scrollbar', () => {
  test('both ends of 2^60 rows are reached exactly', () => {
    const rows = 1n << 60n;
    expect(thumbAt(0n, rows, 40, 400)).toEqual({ offset: 0, length: THUMB_MINIMUM });
    const end = thumbAt(lastTopRow(rows, 40), rows, 40, 400)!;
    expect(end.offset + end.length).toBe(400);
    expect(topRowAt(end.offset, end.length, rows, 40, 400)).toBe(rows - 40n);
    expect(topRowAt(-5, end.length, rows, 40, 400)).toBe(0n);
  });

  test('dragging to where the thumb is does not move a view of a million rows by more than half a pixel of rows', () => {
    const rows = 1_000_000n;
    for (const top of [0n, 1n, 12_345n, 500_000n, 999_960n]) {
      const thumb = thumbAt(top, rows, 40, 400)!;
      const back = topRowAt(thumb.offset, thumb.length, rows, 40, 400);
      expect(back - top < 2n && top - back < 2n).toBe(true);
    }
  });

  test('no thumb when all rows are in view', () => {
    expect(thumbAt(0n, 10n, 40, 400)).toBeUndefined();
  });

  test('fractions of a row add up, and turning round starts anew', () => {
    const wheel = new WheelRows();
    expect([wheel.add(10, 0, 24, 40), wheel.add(10, 0, 24, 40), wheel.add(10, 0, 24, 40)]).toEqual([0, 0, 1]);
    expect(wheel.add(-23, 0, 24, 40)).toBe(-0);
    expect(wheel.add(3, 1, 24, 40)).toBe(3);
    expect(wheel.add(-1, 2, 24, 40)).toBe(-40);
  });
});

describe('cursor', () => {
  const layout = new RowLayout(extents, 16);

  test('a folded hole is one step, and the column survives it', () => {
    const above = placeAt(layout, 0xff5n);
    const onFold = move(layout, above, 'down', 20);
    expect(onFold).toEqual({ address: 0x1000n, column: 5 });
    expect(move(layout, onFold, 'down', 20)).toEqual({ address: 0x4005n, column: 5 });
    expect(move(layout, placeAt(layout, 0xfffn), 'right', 20).address).toBe(0x1000n);
    expect(move(layout, onFold, 'right', 20).address).toBe(0x4000n);
    expect(layout.rowOf(move(layout, placeAt(layout, 0x4000n), 'left', 20).address)).toBe(0x100n);
    expect(move(layout, placeAt(layout, 0x2345n), 'left', 20).address).toBe(0xfffn);
  });

  test('a key that comes before the mappings are listed moves by a byte, and a selection spans what was meant', () => {
    const unlisted = new RowLayout(wholeSpace(VIRTUAL_LAST, 'unexplored'), 16);
    const next = move(unlisted, placeAt(unlisted, 0x1000n), 'right', 20);
    expect(next.address).toBe(0x1001n);
    expect(rangeBetween(unlisted, 0x1000n, next.address)).toEqual({ start: 0x1000n, last: 0x1001n });
  });

  test('stops at both ends of the space', () => {
    for (const motion of ['left', 'up', 'page-up', 'space-start'] as const) expect(move(layout, placeAt(layout, 0n), motion, 20).address).toBe(0n);
    expect(move(layout, placeAt(layout, 0x4fffn), 'right', 20).address).toBe(0x4fffn);
    expect(move(layout, placeAt(layout, 0x4fffn), 'down', 20).address).toBe(0x4fffn);
    expect(move(layout, placeAt(layout, 5n), 'space-end', 20).address).toBe(0x4fffn);
  });

  test('steps over the headline of an unfolded hole', () => {
    const open = new RowLayout(extents, 16, new Set([0x1000n]));
    expect(move(open, placeAt(open, 0xff5n), 'down', 20).address).toBe(0x1005n);
    expect(move(open, placeAt(open, 0x1005n), 'up', 20).address).toBe(0xff5n);
  });

  test('home and end stay in the row', () => {
    expect(move(layout, placeAt(layout, 0x125n), 'row-start', 20).address).toBe(0x120n);
    expect(move(layout, placeAt(layout, 0x125n), 'row-end', 20).address).toBe(0x12fn);
  });

  test('a selection that touches a folded hole takes it whole', () => {
    expect(rangeBetween(layout, 0xff0n, 0x1000n)).toEqual({ start: 0xff0n, last: 0x3fffn });
    expect(rangeBetween(layout, 0x20n, 0x10n)).toEqual({ start: 0x10n, last: 0x20n });
    expect(foldedHoleAt(layout, 0x2000n)).toEqual({ start: 0x1000n, last: 0x3fffn });
  });

  test('Ctrl turns Home and End into the ends of the space and leaves other keys alone', () => {
    expect(motionOf('Home', true)).toBe('space-start');
    expect(motionOf('End', false)).toBe('row-end');
    expect(motionOf('ArrowDown', true)).toBeUndefined();
    expect(motionOf('a', false)).toBeUndefined();
  });
});
