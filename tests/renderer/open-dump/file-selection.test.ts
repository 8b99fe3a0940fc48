import { describe, expect, it } from 'vitest';
import { choose, keepChosen, NOTHING_CHOSEN, type SelectionMode } from '../../../src/renderer/src/features/open-dump/file-selection.ts';

const FILES = ['a', 'b', 'c', 'd', 'e'];
const after = (...steps: [path: string, mode: SelectionMode][]): readonly string[] =>
  steps.reduce((selection, [path, mode]) => choose(FILES, selection, path, mode), NOTHING_CHOSEN).chosen;

describe('choosing files', () => {
  it('one takes the others away', () => expect(after(['a', 'one'], ['c', 'one'])).toEqual(['c']));
  it('Ctrl adds in the order of the list, and takes away', () => {
    expect(after(['d', 'one'], ['a', 'toggle'])).toEqual(['a', 'd']);
    expect(after(['d', 'one'], ['a', 'toggle'], ['d', 'toggle'])).toEqual(['a']);
  });
  it('Shift chooses from the last one chosen alone, in either direction, and again from there', () => {
    expect(after(['b', 'one'], ['d', 'range'])).toEqual(['b', 'c', 'd']);
    expect(after(['d', 'one'], ['b', 'range'])).toEqual(['b', 'c', 'd']);
    expect(after(['c', 'one'], ['e', 'range'], ['a', 'range'])).toEqual(['a', 'b', 'c']);
  });
  it('Shift without one before it chooses one', () => expect(after(['c', 'range'])).toEqual(['c']));
  it('Shift after another folder was entered does not reach for a file that is not there', () => {
    expect(choose(FILES, { chosen: ['x'], anchor: 'x' }, 'b', 'range').chosen).toEqual(['b']);
  });
  it('a folder that is read again keeps the files that are still there; another keeps none', () => {
    const before = { chosen: ['b', 'd'], anchor: 'd' };
    expect(keepChosen(FILES, before)).toEqual(before);
    expect(keepChosen(['a', 'b', 'f'], before)).toEqual({ chosen: ['b'], anchor: null });
    expect(keepChosen(['x'], before)).toEqual(NOTHING_CHOSEN);
  });
});
