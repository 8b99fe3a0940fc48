import { describe, expect, it } from 'vitest';
import { escapeXml, walkPicture } from '../../../src/renderer/src/features/page-walk/walk-picture.ts';
import {
  jiffiesWalk,
  makeTable,
  nonCanonical,
  pagingOff,
  reservedBit,
  rootUnknown,
  tinyNotPresent,
  tinyOutside,
  tinyTableMissing,
} from './real-walks.ts';

const WALKS = { jiffiesWalk, nonCanonical, pagingOff, reservedBit, rootUnknown, tinyNotPresent, tinyOutside, tinyTableMissing };
const directory = makeTable(0x204000, 2, { 0: 0x205027n, 1: 0x2000e3n });

describe.each(Object.entries(WALKS))('the picture of %s', (_, walk) => {
  const { svg, width, height } = walkPicture(walk, new Map([[2, directory]]));
  it('is well-formed XML without a value that went wrong', () => {
    const open: string[] = [];
    for (const [, close, name, empty] of svg.matchAll(/<(\/?)([a-z]+)[^<>]*?(\/?)>/g)) {
      if (close) expect(open.pop()).toBe(name);
      else if (!empty) open.push(name ?? '');
    }
    expect(open).toEqual([]);
    expect(svg).not.toMatch(/NaN|undefined|null/);
  });
  it('says what it shows in words', () => {
    expect(svg).toContain(`Page walk of 0x${walk.address.toString(16)}`);
    expect(svg).toContain(escapeXml(walk.result.sentence));
  });
  it('has the size it says', () => {
    expect(svg).toContain(`width="${width}" height="${height}"`);
    expect(height).toBeGreaterThan(300);
  });
});

it('lets no text of a dump become markup', () => expect(escapeXml(`<a b="c">&'\u0000`)).toBe('&#60;a b=&#34;c&#34;&#62;&#38;&#39;�'));
