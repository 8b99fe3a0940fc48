import { describe, expect, it } from 'vitest';
import { compareWalks } from '../../../src/renderer/src/features/page-walk/compare-walks.ts';
import { levelRights, rightsAnswers } from '../../../src/renderer/src/features/page-walk/effective-rights.ts';
import {
  centredStart,
  describeRow,
  nextOccupied,
  occupancyRuns,
  startShowing,
  tableWindow,
} from '../../../src/renderer/src/features/page-walk/table-rows.ts';
import { keyBelongsTo, keyLegend, walkKeyCommand } from '../../../src/renderer/src/features/page-walk/walk-keys.ts';
import { pageLevel, stopOfLevel, walkStops } from '../../../src/renderer/src/features/page-walk/walk-stops.ts';
import {
  FIVE_LEVELS,
  FOUR_LEVELS,
  makeWalk,
  jiffiesWalk,
  makeTable,
  moduleWalk,
  nonCanonical,
  tinyGigabyte,
  tinyNotPresent,
  tinyReadOnly,
  tinyWalk,
} from './real-walks.ts';

/** tiny.S: the page directory at 0x204000. */
const tinyDirectory = makeTable(0x204000, 2, { 0: 0x205027n, 1: 0x2000e3n, 2: 0x4000e3n, 3: 0x6000e3n, 4: 0x400000e3n });
/** tiny.S: the PDPT at 0x203000 and the first GiB of the identity map lead to one page. */
const twins = makeTable(0x204000, 2, { 1: 0x2000e3n, 300: 0x2000e3n });

describe('stops', () => {
  it('are one per entry read and one for the outcome', () => {
    expect(walkStops(jiffiesWalk).map(({ title }) => title)).toEqual(['PML5[511]', 'PML4[511]', 'PDPT[510]', 'PD[44]', 'Page']);
    expect(walkStops(nonCanonical).map(({ title }) => title)).toEqual(['Not a canonical address']);
  });
  it('are found by level, and not for a level that the walk does not reach', () => {
    expect(stopOfLevel(walkStops(jiffiesWalk), 5)).toBe(0);
    expect(stopOfLevel(walkStops(jiffiesWalk), 1)).toBeUndefined();
  });
  it('tell the level that maps the page', () => {
    expect([jiffiesWalk, moduleWalk, tinyGigabyte, tinyNotPresent].map(pageLevel)).toEqual([2, 1, 3, undefined]);
  });
});

describe('rows of a table', () => {
  it('tell a large page from a table and an empty entry', () => {
    const { rows, above, below } = tableWindow(tinyDirectory, 1, 0, 7);
    expect(rows.map(({ look }) => look)).toEqual(['table', 'huge', 'huge', 'huge', 'huge', 'not-present', 'not-present']);
    expect([above, below]).toEqual([0, 505]);
  });
  it('mark entries that lead where the chosen one leads', () => {
    expect(tableWindow(twins, 1, 298, 5).rows.map(({ sameTarget }) => sameTarget)).toEqual([false, false, true, false, false]);
    expect(tableWindow(twins, 1, 0, 5).rows.some(({ sameTarget }) => sameTarget)).toBe(false);
  });
  it('do not mark empty entries as having one target', () =>
    expect(tableWindow(twins, 5, 0, 7).rows.some(({ sameTarget }) => sameTarget)).toBe(false));
  it('keep the window inside the table', () => {
    expect([centredStart(0, 7, 512), centredStart(100, 7, 512), centredStart(511, 7, 512)]).toEqual([0, 97, 505]);
    expect([startShowing(4, 5, 7), startShowing(5, 5, 7), startShowing(11, 5, 7), startShowing(12, 5, 7)]).toEqual([4, 5, 5, 6]);
  });
  it('are described with what they lead to, their flags and their address', () => {
    const [row] = tableWindow(tinyDirectory, 1, 1, 1).rows;
    expect(describeRow(row!, tinyDirectory, FOUR_LEVELS)).toBe('PD[1], 2 MiB page at 0x200000, P RW A D PS, chosen, from 0x200000');
  });
  it('describe bits of an entry that is not present', () => {
    const table = makeTable(0x205000, 1, { 0x155: 0xabcdeffen });
    const [row] = tableWindow(table, 0, 0x155, 1).rows;
    expect(describeRow(row!, table, FOUR_LEVELS)).toContain('PT[341], not present, other bits set: 0xabcdeffe');
  });
  it('become runs for the strip, and lead to the next entry in use', () => {
    expect(occupancyRuns(tinyDirectory)).toEqual([
      { start: 0, end: 1, look: 'table' },
      { start: 1, end: 5, look: 'huge' },
    ]);
    expect([nextOccupied(twins, 1, 1), nextOccupied(twins, 300, 1), nextOccupied(twins, 300, -1)]).toEqual([300, 300, 1]);
  });
});

describe('rights', () => {
  it('name the entry that takes a right away', () => {
    expect(rightsAnswers(tinyReadOnly)).toEqual([
      { right: 'writable', granted: false, takenBy: ['PT[336]'] },
      { right: 'user', granted: false, takenBy: ['PT[336]'] },
      { right: 'executable', granted: true, takenBy: [] },
    ]);
  });
  it('agree with the walk: a right is granted exactly when no entry takes it', () => {
    for (const walk of [jiffiesWalk, moduleWalk, tinyReadOnly, tinyGigabyte]) {
      for (const { granted, takenBy } of rightsAnswers(walk)) expect(granted).toBe(takenBy.length === 0);
      expect(levelRights(walk)).toHaveLength(walk.steps.length);
    }
  });
  it('are not claimed for a walk that ends without a page', () => expect(rightsAnswers(tinyNotPresent)).toEqual([]));
});

describe('two walks', () => {
  it('part where their entries differ', () => {
    const { levels, sentence } = compareWalks(jiffiesWalk, moduleWalk);
    expect(levels.map(({ relation }) => relation)).toEqual(['same-entry', 'same-entry', 'same-table', 'different', 'one-side']);
    expect(sentence).toBe('The walks share 2 entries and part at PDPT. They end at physical 0x6a079c0 and 0x28352c0.');
  });
  it('of one address are one', () =>
    expect(compareWalks(jiffiesWalk, jiffiesWalk).sentence).toBe('The walks read the same entries. Both end at physical 0x6a079c0.'));
  it('can meet in one place by different tables', () => {
    // tiny.S: the kernel text mapping and the identity map lead to one page.
    const [high, low] = [tinyWalk(0xffffffff80300000n, [0x202023n, 0x206023n, 0x2000e3n]), tinyWalk(0x300000n, [0x201027n, 0x204027n, 0x2000e3n])];
    const { levels, sentence } = compareWalks(high, low);
    expect(levels.at(-1)?.relation).toBe('same-target');
    expect(sentence).toBe('The walks share no entry: they part at PML4. Both end at physical 0x300000.');
  });
  it('can meet again after they parted', () => {
    // The lab's x86_64 guest: each CPU has a PML5 of its own, and both lead to one PML4.
    const [first, second] = [0x1078000, 0x28a2000].map((root) =>
      makeWalk(0xffffffff8484e8cbn, FIVE_LEVELS, root, 160 * 2 ** 20, [0x6a14067n, 0x6a15067n, 0x6a16063n, 0x5a001e1n]),
    );
    const { levels, sentence } = compareWalks(first!, second!);
    expect(levels.map(({ relation }) => relation)).toEqual(['same-target', 'same-entry', 'same-entry', 'same-entry']);
    expect(sentence).toBe('The walks read different entries at PML5 and meet again at PML4. Both end at physical 0x5a4e8cb.');
  });
  it('name the flags that differ', () =>
    expect(compareWalks(moduleWalk, jiffiesWalk).levels[3]?.differentFlags).toEqual(['US', 'D', 'PS', 'G', 'NX']));
  it('without steps still have a sentence', () =>
    expect(compareWalks(nonCanonical, nonCanonical)).toEqual({ levels: [], sentence: 'Neither ends in a page.' }));
});

describe('keys', () => {
  const press = (key: string, held = {}) => walkKeyCommand({ key, ctrlKey: false, altKey: false, metaKey: false, ...held });
  it('step, jump and play', () => {
    expect(press('ArrowRight')).toEqual({ kind: 'forward' });
    expect(press('5')).toEqual({ kind: 'level', level: 5 });
    expect(press(' ')).toEqual({ kind: 'play' });
    expect([press('0'), press('a')]).toEqual([undefined, undefined]);
  });
  it('leave the history its Alt+Left', () => expect(press('ArrowLeft', { altKey: true })).toBeUndefined());
  it('leave text entry alone, and Space to buttons', () => {
    expect(keyBelongsTo({ tagName: 'INPUT' }, 'ArrowLeft')).toBe(true);
    expect(keyBelongsTo({ tagName: 'BUTTON' }, ' ')).toBe(true);
    expect(keyBelongsTo({ tagName: 'BUTTON' }, 'ArrowLeft')).toBe(false);
    expect(keyBelongsTo({ tagName: 'BUTTON', ariaCurrent: 'step' }, ' ')).toBe(false);
  });
  it('are all in the legend', () => {
    const listed = keyLegend(jiffiesWalk.mode.levels).flatMap(({ keys }) => keys);
    expect(listed).toEqual(expect.arrayContaining(['←', '→', 'Home', 'End', 'Space', '1', '5', 'Enter']));
  });
});
