import { describe, expect, test } from 'vitest';
import {
  applied,
  cut,
  describeChanges,
  planDraft,
  removal,
  withCorrection,
  withoutCorrections,
  type Draft,
} from '../../../src/renderer/src/features/memory-map/correction-plan.ts';
import { PC } from './pc-map.ts';

const draft = (part: Partial<Draft>): Draft => ({ start: '1000000', last: '10fffff', block: 'pc.ram', blockOffset: '0', replace: false, ...part });
const fields = (part: Partial<Draft>): string[] => planDraft(draft(part), PC, []).issues.map((issue) => issue.field);

describe('checks of a correction', () => {
  test('a range that fits passes', () => {
    expect(planDraft(draft({}), PC, [])).toMatchObject({
      issues: [],
      corrections: [{ start: 0x100_0000, last: 0x10f_ffff, block: 'pc.ram', blockOffset: 0 }],
    });
  });

  test('what is no address, not page-aligned, upside down or beyond 2^52 is refused at its field', () => {
    expect(fields({ start: 'xyz' })).toEqual(['start']);
    expect(fields({ start: '1000800' })).toEqual(['start']);
    expect(fields({ last: '10ffffe' })).toEqual(['last']);
    expect(fields({ start: '2000000' })).toEqual(['last']);
    expect(fields({ last: '1fffffffffffff' })).toEqual(['last']);
    expect(fields({ blockOffset: '10' })).toEqual(['blockOffset']);
    expect(fields({ block: 'nothing' })).toEqual(['block']);
  });

  test('a range beyond the end of its block is refused, the last page of it is not', () => {
    expect(fields({ blockOffset: '701000' })).toEqual(['last']);
    expect(fields({ blockOffset: '700000' })).toEqual([]);
  });

  test('an overlap is refused until replacing is asked for', () => {
    const over = { start: '0x9_0000', last: '0xa_ffff' };
    expect(planDraft(draft(over), PC, []).issues[0]).toMatchObject({ field: 'replace', text: expect.stringContaining('pc.ram') });
    const plan = planDraft(draft({ ...over, replace: true }), PC, []);
    expect(plan.changes).toEqual([
      'pc.ram at 0000 0000 0000 – 0000 0009 ffff becomes 0000 0000 0000 – 0000 0008 ffff.',
      expect.stringContaining('appears at'),
    ]);
  });

  test('moving a region does not overlap itself, and frees where it was', () => {
    const original = PC.regions[1]!;
    const plan = planDraft(draft({ start: 'd0000', last: 'dffff', block: 'pc.rom', blockOffset: '10000' }), PC, [], original);
    expect(plan.issues).toEqual([]);
    expect(plan.corrections).toEqual([
      { start: 0xc_0000, last: 0xc_ffff, block: null, blockOffset: 0 },
      { start: 0xd_0000, last: 0xd_ffff, block: 'pc.rom', blockOffset: 0x1_0000 },
    ]);
    expect(plan.changes).toEqual(['pc.rom at 0000 000c 0000 – 0000 000d ffff becomes 0000 000d 0000 – 0000 000d ffff.']);
  });

  test('a draft that says what the map says changes nothing', () => {
    const original = PC.regions[1]!;
    expect(planDraft(draft({ start: 'c0000', last: 'dffff', block: 'pc.rom', blockOffset: '0' }), PC, [], original).changes).toEqual([]);
  });
});

describe('corrections as a list', () => {
  test('stay disjoint, so that their order does not matter', () => {
    const first = { start: 0x0, last: 0x3fff, block: 'a', blockOffset: 0x1000 };
    const list = withCorrection([first], { start: 0x1000, last: 0x1fff, block: 'b', blockOffset: 0 });
    expect(list).toEqual([
      { start: 0, last: 0xfff, block: 'a', blockOffset: 0x1000 },
      { start: 0x1000, last: 0x1fff, block: 'b', blockOffset: 0 },
      { start: 0x2000, last: 0x3fff, block: 'a', blockOffset: 0x3000 },
    ]);
    const forwards = applied(PC.regions, list);
    expect(applied(PC.regions, [...list].reverse())).toEqual(forwards);
  });

  test('taking one back leaves the others', () => {
    const list = withCorrection([removal({ start: 0, last: 0xfff, block: null, blockOffset: 0 })], {
      start: 0x4000,
      last: 0x4fff,
      block: 'a',
      blockOffset: 0,
    });
    expect(withoutCorrections(list, { start: 0x4000, last: 0x4fff, block: 'a', blockOffset: 0 })).toHaveLength(1);
  });

  test('a removed region leaves a gap', () => {
    const after = applied(PC.regions, [removal(PC.regions[0]!)]);
    expect(after).toHaveLength(PC.regions.length - 1);
    expect(describeChanges(PC.regions, after)).toEqual(['pc.ram at 0000 0000 0000 – 0000 0009 ffff goes away.']);
  });

  test('a piece cut out of the middle keeps what its rest shows', () => {
    expect(cut({ start: 0, last: 0x2fff, block: 'a', blockOffset: 0 }, 0x1000, 0x1fff)).toEqual([
      { start: 0, last: 0xfff, block: 'a', blockOffset: 0 },
      { start: 0x2000, last: 0x2fff, block: 'a', blockOffset: 0x2000 },
    ]);
  });

  test('changes of a map of 65,700 regions are told without comparing each with each', () => {
    const many = Array.from({ length: 65_700 }, (_, at) => ({ start: at * 0x2000, last: at * 0x2000 + 0xfff, block: 'a', blockOffset: at * 0x2000 }));
    const before = performance.now();
    expect(describeChanges(many, applied(many, [removal(many[5]!)]))).toHaveLength(1);
    expect(performance.now() - before).toBeLessThan(2000);
  });
});
