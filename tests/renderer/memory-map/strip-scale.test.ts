import { describe, expect, test } from 'vitest';
import { gapsBetween, mapEnd } from '../../../src/renderer/src/features/memory-map/gaps.ts';
import { buildStrip, cellAt, MINIMUM_WIDTH, positionOf, stateShares } from '../../../src/renderer/src/features/memory-map/strip-scale.ts';
import { PC, region } from './pc-map.ts';

const gaps = gapsBetween(PC.regions, true);

describe('gaps', () => {
  test('are named on a PC and only there', () => {
    expect(gaps.map(({ start, last, title }) => [start, last, title])).toEqual([
      [0xa_0000, 0xb_ffff, 'VGA window'],
      [0x80_0000, 0xfffb_ffff, 'PCI hole'],
    ]);
    expect(gaps[1]?.detail).toContain('I/O APIC, HPET, local APIC');
    expect(gapsBetween(PC.regions, false).map((gap) => gap.title)).toEqual(['gap', 'gap']);
  });

  test('a piece of the PCI hole below the fixed devices does not claim them', () => {
    const [, piece] = gapsBetween([...PC.regions.slice(0, 4), region(0xfd00_0000, 0xfdff_ffff, 'vga.vram', 0)], true);
    expect(piece).toMatchObject({ title: 'PCI hole' });
    expect(piece?.detail).not.toContain('APIC');
  });

  test('nothing before the first or after the last region that is not there', () => {
    expect(gapsBetween([], true)).toEqual([]);
    expect(mapEnd([])).toBe(0);
    expect(mapEnd(PC.regions)).toBe(2 ** 32);
  });
});

describe('strip', () => {
  test('fills its width without gap or overlap, in the order of addresses', () => {
    const cells = buildStrip(PC.regions, gaps, 800);
    expect(cells).toHaveLength(7);
    cells.reduce((x, cell) => {
      expect(cell.x).toBeCloseTo(x);
      return x + cell.width;
    }, 0);
    expect(cells.at(-1)!.x + cells.at(-1)!.width).toBeCloseTo(800);
  });

  test('a small ROM next to a 4 GiB hole is still wide enough to point at', () => {
    const cells = buildStrip(PC.regions, gaps, 400);
    expect(Math.min(...cells.map((cell) => cell.width))).toBeGreaterThan(MINIMUM_WIDTH);
    expect(Math.max(...cells.map((cell) => cell.width)) / Math.min(...cells.map((cell) => cell.width))).toBeLessThan(5);
  });

  test('65,700 segments become groups that keep every byte and can be pointed at', () => {
    const many = Array.from({ length: 65_700 }, (_, at) => region(at * 0x2000, at * 0x2000 + 0xfff, 'pc.ram', at * 0x2000));
    const cells = buildStrip(many, gapsBetween(many, true), 900);
    expect(cells.length).toBeLessThanOrEqual(150);
    expect(cells.length).toBeGreaterThan(75);
    expect(Math.min(...cells.map((cell) => cell.width))).toBeGreaterThanOrEqual(MINIMUM_WIDTH);
    expect(cells.reduce((sum, cell) => sum + cell.count, 0)).toBe(65_700 * 2 - 1);
    expect(cells.reduce((sum, cell) => sum + cell.states.reduce((bytes, state) => bytes + state.bytes, 0), 0)).toBe(65_700 * 4096);
  });

  test('no room draws nothing', () => {
    expect(buildStrip(PC.regions, gaps, 0)).toEqual([]);
    expect(buildStrip([], [], 500)).toEqual([]);
  });

  test('an address is marked in its cell, one beyond the map nowhere', () => {
    const cells = buildStrip(PC.regions, gaps, 800);
    expect(cellAt(cells, 0xb_8000)).toBe(1);
    expect(positionOf(cells, 0)).toBe(0);
    expect(positionOf(cells, 2 ** 33)).toBeUndefined();
    const vga = cells[1]!;
    expect(positionOf(cells, 0xb_0000)).toBeCloseTo(vga.x + vga.width / 2, 1);
  });

  test('one lost page in a terabyte is still seen', () => {
    const shares = stateShares({ present: 2 ** 40, absent: 4096, zero: 0 });
    expect(shares.map(({ state }) => state)).toEqual(['present', 'absent']);
    expect(shares[1]!.share).toBeGreaterThan(0.05);
    expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
  });
});
