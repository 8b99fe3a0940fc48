/** Coded units and deltas in the extent builder, against a stack a page. */
import { describe, expect, it } from 'vitest';
import { ExtentBuilder, type Below } from '#engine/memory/extent-builder.ts';
import { ExtentKind, PAGE_SIZE, type ExtentTable } from '#engine/memory/extent-table.ts';
import { seededRandom } from '../io/seeded-random.ts';

const PAGES = 48;
const DELTA = 'delta';

/** What was laid on a page, `place` as a table has it: file offset, fill byte, unit. */
interface Layer {
  kind: ExtentKind | typeof DELTA;
  place: number;
}

/** Pages of every kind in a random order, and all that was laid on each page, in order. */
function addAtRandom(seed: number): { builder: ExtentBuilder; stacks: Layer[][] } {
  const random = seededRandom(seed);
  const pick = (limit: number) => Math.floor(random() * limit);
  const builder = new ExtentBuilder();
  const stacks = Array.from({ length: PAGES }, (): Layer[] => []);
  let unit = 0;
  let place = 100;
  const steps = 1 + pick(90);
  // Some guests are stopped: their pages come in order, once each.
  const ordered = seed % 5 === 0;
  let next = 0;
  for (let step = 0; step < steps; step++) {
    const first = ordered ? next : pick(PAGES);
    const count = Math.min(1 + pick(6), PAGES - first);
    if (count <= 0) break;
    next = first + count + pick(3);
    const start = first * PAGE_SIZE;
    const length = count * PAGE_SIZE;
    const each = (layer: (page: number) => Layer) => {
      for (let page = 0; page < count; page++) stacks[first + page]!.push(layer(page));
    };
    switch (pick(6)) {
      case 0: {
        builder.addCoded(start, length, unit, PAGE_SIZE);
        const from = unit;
        each((page) => ({ kind: ExtentKind.Coded, place: from + page }));
        unit += count;
        break;
      }
      case 1:
      case 2:
        for (let page = 0; page < count; page++) builder.addDelta(start + page * PAGE_SIZE, unit + page, PAGE_SIZE);
        each((page) => ({ kind: DELTA, place: unit + page }));
        unit += count;
        break;
      case 3: {
        const stride = PAGE_SIZE + 8;
        builder.addPages(start, place, stride, count);
        each((page) => ({ kind: ExtentKind.Data, place: place + page * stride }));
        place += count * stride;
        break;
      }
      case 4: {
        const fill = pick(2) * 0x11;
        builder.addFill(start, length, fill);
        each(() => ({ kind: ExtentKind.Fill, place: fill }));
        break;
      }
      default:
        builder.addUnreadable(start, length, ExtentKind.Corrupt);
        each(() => ({ kind: ExtentKind.Corrupt, place: 0 }));
    }
  }
  return { builder, stacks };
}

const asShown = (layer: Layer | undefined): Below => layer && { kind: layer.kind === DELTA ? ExtentKind.Coded : layer.kind, place: layer.place };

/** What the table shows of a page. */
function shownOf(table: ExtentTable, page: number): Below {
  const address = page * PAGE_SIZE;
  const index = table.find(address);
  if (index < 0) return undefined;
  const kind = table.kinds[index] as ExtentKind;
  const place = table.places[index]!;
  if (kind === ExtentKind.Data) return { kind, place: table.fileOffset(index, address) };
  return { kind, place: kind === ExtentKind.Coded ? place + (address - table.starts[index]!) / table.strides[index]! : place };
}

describe('coded extents', () => {
  it('show the latest layer of every page, and tell what lies under each delta that shows, once (3000 random orders)', () => {
    let linked = 0;
    for (let seed = 1; seed <= 3000; seed++) {
      const { builder, stacks } = addAtRandom(seed);
      const links = new Map<number, Below>();
      const table = builder.finish((unit, below) => {
        expect(links.has(unit), `seed ${seed}: unit ${unit} twice`).toBe(false);
        links.set(unit, below);
      });
      const expected = new Map<number, Below>();
      for (const stack of stacks) {
        for (let at = stack.length - 1; at >= 0 && stack[at]!.kind === DELTA; at--) expected.set(stack[at]!.place, asShown(stack[at - 1]));
      }
      expect(
        stacks.map((_, page) => shownOf(table, page)),
        `seed ${seed}`,
      ).toEqual(stacks.map((stack) => asShown(stack.at(-1))));
      expect(new Map([...links].sort()), `seed ${seed}`).toEqual(new Map([...expected].sort()));
      for (let index = 1; index < table.count; index++) {
        expect(table.starts[index]! >= table.starts[index - 1]! + table.lengths[index - 1]!, `seed ${seed}: sorted, disjoint`).toBe(true);
      }
      linked += links.size;
    }
    expect(linked).toBeGreaterThan(20_000);
  });

  it('that lie one after the other are one row, whatever the size of their units', () => {
    for (const unitSize of [512, PAGE_SIZE, 65536]) {
      const builder = new ExtentBuilder();
      for (let unit = 0; unit < 10_000; unit++) builder.addCoded(unit * unitSize, unitSize, unit, unitSize);
      const table = builder.finish();
      expect([table.count, table.lengths[0], table.places[0], table.strides[0]]).toEqual([1, 10_000 * unitSize, 0, unitSize]);
    }
  });

  it('are not joined behind a unit that is shorter, a gap, a unit out of turn or of another size', () => {
    const builder = new ExtentBuilder();
    builder.addCoded(0, 4096, 0, 4096);
    builder.addCoded(4096, 100, 1, 4096);
    builder.addCoded(4196, 4096, 2, 4096);
    builder.addCoded(8292, 4096, 4, 4096);
    builder.addCoded(12_388, 8192, 5, 8192);
    builder.addCoded(30_000, 8192, 6, 8192);
    builder.addCoded(38_192, 0, 7, 8192);
    builder.addCoded(38_192, 1, 7, 8192);
    const table = builder.finish();
    const rows = Array.from({ length: table.count }, (_, index) => [table.starts[index], table.lengths[index], table.places[index]]);
    expect(rows).toEqual([
      [0, 4196, 0],
      [4196, 4096, 2],
      [8292, 4096, 4],
      [12_388, 8192, 5],
      [30_000, 8193, 6],
    ]);
  });

  it('of several pages each may lose their end to a later copy, and whole units in the middle', () => {
    const builder = new ExtentBuilder();
    builder.addCoded(0, 4 * 16384, 10, 16384);
    builder.addFill(16384, 16384, 0);
    builder.addFill(3 * 16384 + 4096, 12288, 1);
    const table = builder.finish();
    const rows = Array.from({ length: table.count }, (_, index) => [
      table.kinds[index],
      table.starts[index],
      table.lengths[index],
      table.places[index],
    ]);
    expect(rows).toEqual([
      [ExtentKind.Coded, 0, 16384, 10],
      [ExtentKind.Fill, 16384, 16384, 0],
      [ExtentKind.Coded, 2 * 16384, 16384 + 4096, 12],
      [ExtentKind.Fill, 3 * 16384 + 4096, 12288, 1],
    ]);
  });

  it('that would begin inside a unit are a bug that is noticed, not other bytes', () => {
    for (const delta of [false, true]) {
      const builder = new ExtentBuilder();
      if (delta) builder.addDelta(0, 0, 8192);
      else builder.addCoded(0, 8192, 0, 8192);
      builder.addFill(0, 4096, 0);
      expect(() => builder.finish(() => undefined)).toThrow('assertion failed');
    }
  });

  it('leave a builder that begins anew', () => {
    const builder = new ExtentBuilder();
    builder.addDelta(0, 0, PAGE_SIZE);
    builder.finish(() => undefined);
    builder.addCoded(0, PAGE_SIZE, 5, PAGE_SIZE);
    const table = builder.finish(() => expect.unreachable('no delta is left'));
    expect([table.count, table.places[0]]).toEqual([1, 5]);
  });
});
