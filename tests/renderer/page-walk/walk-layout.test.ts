import { describe, expect, it } from 'vitest';
import { chosenY, layoutWalk, ROW_HEIGHT, type Rect, type WalkLayout } from '../../../src/renderer/src/features/page-walk/walk-layout.ts';
import { elbow } from '../../../src/renderer/src/features/page-walk/wire-path.ts';
import {
  fourLevelWalk,
  jiffiesWalk,
  moduleWalk,
  nonCanonical,
  pagingOff,
  reservedBit,
  rootUnknown,
  tinyGigabyte,
  tinyNotPresent,
  tinyTableMissing,
} from './real-walks.ts';

const WALKS = {
  fourLevelWalk,
  jiffiesWalk,
  moduleWalk,
  nonCanonical,
  pagingOff,
  reservedBit,
  rootUnknown,
  tinyGigabyte,
  tinyNotPresent,
  tinyTableMissing,
};
const WIDTHS = [320, 464, 560, 700, 860, 1100, 1600, 3840];

const lay = (walk = moduleWalk, width = 860, starts = new Map<number, number>()): WalkLayout => layoutWalk(walk, { width, rows: 7, starts });
const right = (rect: Rect): number => rect.x + rect.width;

describe.each(Object.entries(WALKS))('%s', (_, walk) => {
  it.each(WIDTHS)('has no overlapping boxes at %i px', (width) => {
    const { fields, root, columns, outcome, width: total } = lay(walk, width);
    const below = [root, ...columns.map(({ rect }) => rect), outcome];
    below.slice(1).forEach((rect, at) => expect(rect.x).toBeGreaterThan(right(below[at]!)));
    const above = fields.map(({ rect }) => rect);
    above.slice(1).forEach((rect, at) => expect(rect.x).toBeGreaterThan(right(above[at]!)));
    expect(right(outcome)).toBe(total);
    expect(right(above.at(-1)!)).toBe(total);
  });
  it.each(WIDTHS)('is finite and draws one wire into every table and one out of the last at %i px', (width) => {
    const { wires, columns } = lay(walk, width);
    expect(wires.every(({ path }) => path.startsWith('M') && !path.includes('NaN'))).toBe(true);
    expect(wires.filter(({ kind }) => kind === 'root' || kind === 'pointer')).toHaveLength(columns.length);
    expect(wires.filter(({ kind }) => kind === 'index')).toHaveLength(columns.length);
    expect(wires.filter(({ kind }) => kind === 'page')).toHaveLength(1);
  });
});

describe('the width', () => {
  it('is used up to the limit and never exceeded where the narrowest form fits', () => {
    for (const width of WIDTHS.filter((candidate) => candidate >= 464)) expect(lay(fourLevelWalk, width).width).toBeLessThanOrEqual(width);
  });
  it('fits four levels into a panel of 480 px', () => expect(lay(fourLevelWalk, 464)).toMatchObject({ density: 'compact' }));
  it('makes room for more in each row as it grows', () =>
    expect([464, 860, 1400].map((width) => lay(fourLevelWalk, width).density)).toEqual(['compact', 'medium', 'wide']));
});

describe('fields and tables', () => {
  it('put each index field above the table it indexes', () => {
    const { fields, columns } = lay(moduleWalk);
    for (const column of columns) {
      const field = fields.find((box) => box.field.level === column.step.level);
      expect(field?.rect.x).toBe(column.rect.x);
    }
  });
  it('keep tables in place when the page size changes', () => {
    const [large, small] = [lay(jiffiesWalk), lay(moduleWalk)];
    large.columns.forEach((column, at) => expect(column.rect).toEqual(small.columns[at]?.rect));
    expect(large.outcome.width).toBeGreaterThan(small.outcome.width);
  });
  it('wire the offset only when there is a page', () => {
    expect(lay(jiffiesWalk).wires.some(({ kind }) => kind === 'offset')).toBe(true);
    expect(lay(tinyNotPresent).wires.some(({ kind }) => kind === 'offset')).toBe(false);
  });
});

describe('the window of a table', () => {
  it('stays inside the table', () => {
    for (const { start, entries } of lay(moduleWalk).columns) {
      expect(start).toBeGreaterThanOrEqual(0);
      expect(start + 7).toBeLessThanOrEqual(entries);
    }
  });
  it('moves the wire to the fold that hides the chosen entry', () => {
    const scrolled = lay(moduleWalk, 860, new Map([[5, 0]])).columns[0]!;
    expect(scrolled.start).toBe(0);
    expect(chosenY(scrolled)).toBeGreaterThan(scrolled.rows.y + scrolled.rows.height);
    const shown = lay(moduleWalk).columns[0]!;
    expect(chosenY(shown)).toBe(shown.rows.y + 6.5 * ROW_HEIGHT);
  });
});

describe('wires', () => {
  it('round corners but not straight lines', () => {
    expect(
      elbow(
        [
          { x: 0, y: 0 },
          { x: 10, y: 0 },
        ],
        5,
      ),
    ).toBe('M0 0L10 0');
    expect(
      elbow(
        [
          { x: 0, y: 0 },
          { x: 20, y: 0 },
          { x: 20, y: 20 },
        ],
        5,
      ),
    ).toBe('M0 0L15 0Q20 0 20 5L20 20');
  });
  it('round no more than half of a short leg, and survive points in one place', () => {
    expect(
      elbow(
        [
          { x: 0, y: 0 },
          { x: 4, y: 0 },
          { x: 4, y: 20 },
        ],
        5,
      ),
    ).toBe('M0 0L2 0Q4 0 4 2L4 20');
    expect(
      elbow(
        [
          { x: 3, y: 3 },
          { x: 3, y: 3 },
        ],
        5,
      ),
    ).toBe('');
    expect(elbow([], 5)).toBe('');
  });
});
