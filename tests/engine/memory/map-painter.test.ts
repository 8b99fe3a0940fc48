import { describe, expect, it } from 'vitest';
import { MapPainter, type Painted } from '#engine/memory/map-painter.ts';
import { seededRandom } from '../io/seeded-random.ts';

const evidence = { strength: 'derived', text: '' } as const;

describe('a painted map', () => {
  it('shows at every address what was painted last (1000 random maps against one entry an address)', () => {
    for (let seed = 1; seed <= 1000; seed++) {
      const random = seededRandom(seed);
      const pick = (limit: number) => Math.floor(random() * limit);
      const painter = new MapPainter();
      const expected: (string | undefined)[] = new Array<string | undefined>(100).fill(undefined);
      for (let step = 0; step < 12; step++) {
        const start = pick(100);
        const last = Math.min(99, start + pick(30));
        const block = pick(3);
        const blockOffset = pick(2) === 0 ? start : pick(1000);
        const erased = pick(4) === 0;
        if (erased) painter.erase(start, last);
        else painter.paint({ start, last, block, blockOffset, readOnly: block === 2, evidence });
        for (let at = start; at <= last; at++) expected[at] = erased ? undefined : `${block}+${blockOffset + at - start}`;
      }
      const shown: (string | undefined)[] = new Array<string | undefined>(100).fill(undefined);
      const regions: Painted[] = painter.regions();
      regions.forEach((region, index) => {
        if (index > 0) expect(region.start).toBeGreaterThan(regions[index - 1]!.last);
        for (let at = region.start; at <= region.last; at++) shown[at] = `${region.block}+${region.blockOffset + at - region.start}`;
      });
      expect(shown, `seed ${seed}`).toEqual(expected);
    }
  });
});
