import { describe, expect, it } from 'vitest';
import { ExtentBuilder } from '#engine/memory/extent-builder.ts';
import { ExtentKind, ExtentTable, PAGE_SIZE } from '#engine/memory/extent-table.ts';
import { seededRandom } from '../io/seeded-random.ts';
import { pagesOf, type Page } from './page-model.ts';

const PAGES = 64;

/** Adds random runs to a builder and to a list of pages, where the last one added wins. */
function addAtRandom(seed: number, steps = 60, most?: number): { builder: ExtentBuilder; expected: Page[] } {
  const random = seededRandom(seed);
  const pick = (limit: number) => Math.floor(random() * limit);
  const builder = new ExtentBuilder(most);
  const expected: Page[] = new Array<Page>(PAGES).fill(undefined);
  let place = 0x1000;
  for (let step = 0; step < 1 + pick(steps); step++) {
    const first = pick(PAGES);
    const count = 1 + pick(Math.min(9, PAGES - first));
    const start = first * PAGE_SIZE;
    const kind = [ExtentKind.Data, ExtentKind.Fill, ExtentKind.Corrupt, ExtentKind.Excluded][pick(4)]!;
    const fill = pick(2) * 0xaa;
    const header = [8, 8, 8, 17, 300][pick(5)]!;
    if (kind === ExtentKind.Data && pick(2) === 0) {
      for (let page = 0; page < count; page++) {
        builder.addPage(start + page * PAGE_SIZE, place);
        expected[first + page] = { kind, place };
        place += PAGE_SIZE + header;
      }
      continue;
    }
    if (kind === ExtentKind.Data) builder.addData(start, count * PAGE_SIZE, place);
    else if (kind === ExtentKind.Fill) builder.addFill(start, count * PAGE_SIZE, fill);
    else builder.addUnreadable(start, count * PAGE_SIZE, kind);
    for (let page = 0; page < count; page++) {
      const there = kind === ExtentKind.Data ? place + page * PAGE_SIZE : kind === ExtentKind.Fill ? fill : 0;
      expected[first + page] = { kind, place: there };
    }
    place += count * PAGE_SIZE;
  }
  return { builder, expected };
}

describe('extents', () => {
  it('show the latest copy of every page, whatever overlaps what (2000 random orders against one entry a page)', () => {
    for (let seed = 1; seed <= 2000; seed++) {
      const { builder, expected } = addAtRandom(seed);
      const table = builder.finish();
      expect(pagesOf(table, PAGES), `seed ${seed}`).toEqual(expected);
      for (let index = 1; index < table.count; index++) {
        expect(table.starts[index]! >= table.starts[index - 1]! + table.lengths[index - 1]!, `seed ${seed}: sorted, disjoint`).toBe(true);
      }
    }
  });

  it('are the same when covered ones are dropped on the way (200 random orders of thousands of copies)', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const { builder, expected } = addAtRandom(seed, 3000, 200);
      expect(builder.count).toBeLessThanOrEqual(200);
      expect(pagesOf(builder.finish(), PAGES), `seed ${seed}`).toEqual(expected);
    }
  });

  it('more than are kept track of are refused by name, not by running out of memory', () => {
    const builder = new ExtentBuilder(100);
    const fill = () => {
      for (let page = 0; page < 1000; page++) builder.addFill(page * PAGE_SIZE, PAGE_SIZE, page % 2);
    };
    expect(fill).toThrow(/more than 100 pieces/);
  });

  it('hold a stream of a million pages in one row each run, not one each page', () => {
    const builder = new ExtentBuilder();
    for (let page = 0; page < 1_000_000; page++) builder.addPage(page * PAGE_SIZE, 100 + page * 4104);
    builder.addFill(1_000_000 * PAGE_SIZE, PAGE_SIZE, 0);
    builder.addFill(1_000_001 * PAGE_SIZE, PAGE_SIZE, 0);
    const table = builder.finish();
    expect(table.count).toBe(2);
    expect(table.fileOffset(0, 999_999 * PAGE_SIZE + 5)).toBe(100 + 999_999 * 4104 + 5);
  });

  it('cut in the middle of a run of strided pages, keep each page at its place', () => {
    const builder = new ExtentBuilder();
    for (let page = 0; page < 10; page++) builder.addPage(page * PAGE_SIZE, 1000 + page * 4104);
    builder.addFill(4 * PAGE_SIZE, PAGE_SIZE, 0);
    const table = builder.finish();
    expect(table.count).toBe(3);
    expect(table.fileOffset(2, 9 * PAGE_SIZE)).toBe(1000 + 9 * 4104);
  });

  it('are the same table in another thread: shared memory, no copy', () => {
    const builder = new ExtentBuilder();
    builder.addData(0, 4096, 77);
    const table = builder.finish();
    const other = new ExtentTable(table.shared);
    table.places[0] = 78;
    expect(other.places[0]).toBe(78);
  });

  it('of nothing are an empty table that finds nothing', () => {
    const table = new ExtentBuilder().finish();
    expect([table.count, table.find(0), table.lowerBound(5)]).toEqual([0, -1, 0]);
  });

  it('are visited inside a range only, clipped to it', () => {
    const builder = new ExtentBuilder();
    builder.addData(0x1000, 0x3000, 50);
    builder.addFill(0x8000, 0x1000, 0);
    const seen: number[][] = [];
    builder.finish().forEachIn(0x2000, 0x6800, (kind, _place, start, length) => seen.push([kind, start, length]));
    expect(seen).toEqual([
      [ExtentKind.Data, 0x2000, 0x2000],
      [ExtentKind.Fill, 0x8000, 0x800],
    ]);
  });
});
