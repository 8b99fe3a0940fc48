import { describe, expect, test } from 'vitest';
import type { PagingLevel, Walk, WalkStep } from '#shared/model/index.ts';
import { holeAround } from '../../../src/renderer/src/features/memory/hole-reason.ts';
import { holeWords, reasonWords } from '../../../src/renderer/src/features/memory/hole-words.ts';

const level = (nth: number, name: string): PagingLevel => ({ level: nth, name, shift: 12 + 9 * (nth - 1), bits: 9 });
const LEVELS = [level(4, 'PML4'), level(3, 'PDPT'), level(2, 'PD'), level(1, 'PT')];

function walkTo(address: bigint, at: PagingLevel, index: number, conclusion: WalkStep['conclusion'], reason: 'not-present' | 'table-missing'): Walk {
  const step = {
    level: at.level,
    levelName: at.name,
    table: 0x4000_0000,
    index,
    indexHighBit: 0,
    indexLowBit: 0,
    entryAddress: 0,
    entry: null,
    flags: [],
    conclusion,
    sentence: '',
  };
  return {
    address,
    mode: { id: 'x86-64-4level', title: '', levels: LEVELS, virtualBits: 48, upperBits: 'sign' as const, entrySize: 8, tableAlignment: 4096 },
    root: 0,
    rootSource: '',
    steps: [step],
    result: { kind: 'fault', reason, sentence: '' },
  };
}

describe('why a hole is a hole', () => {
  test('an entry that is not present speaks for all that it covers', () => {
    expect(holeAround(walkTo(0x15_5123n, LEVELS[3]!, 0x155, { kind: 'not-present' }, 'not-present'))).toEqual({
      start: 0x15_5000n,
      last: 0x15_5fffn,
      kind: 'hole',
      state: 'unmapped',
      reason: 'PT[341] not present',
    });
  });

  test('a table that is not in the dump is absent, not unmapped', () => {
    const hole = holeAround(walkTo(0xffff_ffff_7fff_ffffn, LEVELS[2]!, 511, { kind: 'table-missing', state: 'absent' }, 'table-missing'));
    expect(hole).toMatchObject({
      start: 0xffff_ffff_4000_0000n,
      last: 0xffff_ffff_7fff_ffffn,
      state: 'absent',
      reason: 'the PD at GPA 0000 4000 0000 is not in the dump',
    });
  });

  test('an address that no walk can start from is said to be so', () => {
    const walk: Walk = {
      ...walkTo(1n << 50n, LEVELS[0]!, 0, { kind: 'not-present' }, 'not-present'),
      steps: [],
      result: { kind: 'fault', reason: 'non-canonical', sentence: '' },
    };
    expect(holeAround(walk)).toMatchObject({ start: 1n << 50n, last: 1n << 50n, reason: 'not a canonical address' });
  });
});

describe('words', () => {
  test('a hole is told with its length, in hexadecimal and in units, and its kind', () => {
    expect(holeWords({ start: 0x1000n, last: 0x3fffn, kind: 'hole', state: 'unmapped' })).toBe('0x3000 bytes (12 KiB) not mapped');
    expect(holeWords({ start: 0n, last: 0x7fn, kind: 'hole', state: 'absent' })).toBe('0x80 bytes not in the dump');
    expect(holeWords({ start: 0n, last: 0xfffn, kind: 'unexplored' })).toContain('not been listed');
  });

  test('a reason that repeats the state is left out', () => {
    expect(reasonWords('unmapped', 'not mapped')).toBeUndefined();
    expect(reasonWords('unmapped', 'PD[4] not present')).toBe('PD[4] not present');
  });
});
