import { describe, expect, it } from 'vitest';
import { matchScore } from '../../../src/renderer/src/features/command-palette/match-words.ts';

describe('finding a command', () => {
  it('takes the beginnings of its words in any order', () => {
    expect(matchScore('map mem', 'Memory map View')).not.toBeNull();
    expect(matchScore('exp', 'Export as vmcore… File')).not.toBeNull();
  });
  it('takes initials', () => expect(matchScore('pw', 'Page walk View')).not.toBeNull());
  it('refuses what does not appear', () => expect(matchScore('registry', 'Registers View')).toBeNull());
  it('puts the beginning of a title before its middle, and initials last', () => {
    const [start, middle, initials] = ['Memory', 'Show memory', 'Make each map'].map((title) => matchScore('mem', title));
    expect(start).toBeLessThan(middle ?? 0);
    expect(middle).toBeLessThan(initials ?? 0);
  });
  it('lists everything while nothing is typed', () => expect(matchScore('  ', 'Anything')).toBe(0));
});
