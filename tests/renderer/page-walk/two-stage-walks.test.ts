/** A walk of two stages as the panel and its texts show it: a RISC-V guest of its own hypervisor (tests/fixtures/riscv64/bare.S), Sv48 through Sv48x4. */
import { describe, expect, it } from 'vitest';
import { layoutWalk } from '../../../src/renderer/src/features/page-walk/walk-layout.ts';
import { rightsAnswers } from '../../../src/renderer/src/features/page-walk/effective-rights.ts';
import { hasVtop } from '../../../src/renderer/src/features/page-walk/vtop-text.ts';
import { stopOfStep, walksBelow, walkStops } from '../../../src/renderer/src/features/page-walk/walk-stops.ts';
import { walkText } from '../../../src/renderer/src/features/page-walk/walk-text.ts';
import { bareGuest, spaceOf } from '../../engine/arch/riscv64/bare-guest.ts';

const space = spaceOf(bareGuest('sv48-sv48x4'));
const small = space.walk(0x4000_3123n);

describe('a page of 4 KiB under four levels of each stage', () => {
  const stops = walkStops(small);
  it('takes 24 accesses and its outcome, those of the second stage before the entry that they find', () => {
    expect(stops).toHaveLength(25);
    expect(stops.map(({ kind }) => kind).join(' ')).toBe(`${'below below below below step '.repeat(4)}below below below below result`);
    expect(stops.map(({ at }) => at)).toEqual([0, 1, 2, 3, 4].flatMap((at) => Array<number>(5).fill(at)));
  });
  it('is drawn as the first stage, whose steps lead to their own entries', () => {
    const layout = layoutWalk(small, { width: 900, rows: 7, starts: new Map() });
    expect(layout.columns).toHaveLength(4);
    expect(layout.columns.map(({ stop }) => stopOfStep(stops, stop))).toEqual([4, 9, 14, 19]);
    expect(stopOfStep(stops, 4)).toBe(24);
  });
  it('loses the right to write in the second stage', () => {
    expect(rightsAnswers(small).find(({ right }) => right === 'writable')).toMatchObject({
      granted: false,
      takenBy: expect.arrayContaining(['the second stage']),
    });
  });
  it('is text with the nested walks indented, and none that crash would print', () => {
    const lines = walkText(small).split('\n');
    expect(lines[0]).toBe('Sv48, root 0x80201000 (vsatp of CPU 0)');
    expect(lines.filter((line) => line.startsWith('    Sv48x4'))).toHaveLength(5);
    expect(lines).toContain('0x40003123 → 0x80402123 (4 KiB page)');
    expect(hasVtop(small)).toBe(false);
  });
});

it('a fault of the second stage is told once, with its walk', () => {
  const walks = Array.from({ length: 512 }, (_, page) => space.walk(0x4000_0000n + BigInt(page) * 4096n));
  const faults = walks.filter(({ result }) => result.kind === 'fault' && result.below !== undefined);
  expect(faults.length).toBeGreaterThan(0);
  for (const walk of faults) {
    const nested = walksBelow(walk).filter(Boolean);
    expect(new Set(nested).size).toBe(nested.length);
    expect(walkStops(walk).at(-1)).toMatchObject({ kind: 'result', title: 'Not mapped by the second stage' });
  }
});
