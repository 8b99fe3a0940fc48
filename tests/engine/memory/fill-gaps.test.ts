import { expect, it } from 'vitest';
import { ExtentBuilder } from '#engine/memory/extent-builder.ts';
import { ExtentKind, PAGE_SIZE } from '#engine/memory/extent-table.ts';
import { fillGaps, type DataPiece } from '#engine/memory/fill-gaps.ts';
import { seededRandom } from '../io/seeded-random.ts';
import { pagesOf, type Page } from './page-model.ts';

const PAGES = 64;

it('shows the pieces where the table has nothing, page by page, and nowhere else', () => {
  for (let seed = 1; seed <= 400; seed++) {
    const random = seededRandom(seed);
    const pick = (limit: number) => Math.floor(random() * limit);
    const builder = new ExtentBuilder();
    const expected: Page[] = new Array<Page>(PAGES).fill(undefined);
    for (let page = pick(4); page < PAGES; page += 1 + pick(6)) {
      const kind = [ExtentKind.Data, ExtentKind.Fill, ExtentKind.Corrupt][pick(3)]!;
      const place = kind === ExtentKind.Data ? 8 + page * (PAGE_SIZE + 8) : 0;
      if (kind === ExtentKind.Data) builder.addPage(page * PAGE_SIZE, place);
      else if (kind === ExtentKind.Fill) builder.addFill(page * PAGE_SIZE, PAGE_SIZE, 0);
      else builder.addUnreadable(page * PAGE_SIZE, PAGE_SIZE, kind);
      expected[page] = { kind, place };
    }
    const pieces: DataPiece[] = [];
    const filled: number[] = [];
    for (let page = pick(8); page < PAGES; page += pick(8)) {
      const count = pick(Math.min(12, PAGES - page + 1));
      const place = 2 ** 40 + seed * 2 ** 20;
      pieces.push({ start: page * PAGE_SIZE, length: count * PAGE_SIZE, place });
      let taken = 0;
      for (let each = 0; each < count; each++) {
        if (expected[page + each]) continue;
        expected[page + each] = { kind: ExtentKind.Data, place: place + each * PAGE_SIZE };
        taken += PAGE_SIZE;
      }
      filled.push(taken);
      page += count + 1;
    }
    const result = fillGaps(builder.finish(), pieces);
    expect(pagesOf(result.table, PAGES), `seed ${seed}`).toEqual(expected);
    expect(result.filled, `seed ${seed}`).toEqual(filled);
    const { starts, lengths, count } = result.table;
    for (let row = 1; row < count; row++) expect(starts[row]).toBeGreaterThanOrEqual(starts[row - 1]! + lengths[row - 1]!);
  }
});

it('ends where a piece ends, within a page', () => {
  const { table, filled } = fillGaps(new ExtentBuilder().finish(), [{ start: PAGE_SIZE, length: 100, place: 7 }]);
  expect(filled).toEqual([100]);
  expect([table.find(PAGE_SIZE - 1), table.find(PAGE_SIZE + 99), table.find(PAGE_SIZE + 100)]).toEqual([-1, 0, -1]);
  expect(table.fileOffset(0, PAGE_SIZE + 99)).toBe(106);
});
