import { cpuView } from '../cpu-view.ts';
/** Walks under 32-bit paging as they are drawn and copied. The entries are those of the lab's guests i386 (two levels) and i386-pae: EIP of CPU 0. */
import { describe, expect, it } from 'vitest';
import { i386 } from '#engine/arch/i386/index.ts';
import { readPageTable } from '#engine/translate/page-table.ts';
import { viewOfMode } from '#engine/translate/paging-mode.ts';
import { collectWalk } from '#engine/translate/walk.ts';
import type { PagingModeId } from '#shared/model/index.ts';
import { splitAddress } from '../../../src/renderer/src/features/page-walk/address-fields.ts';
import { vtopText } from '../../../src/renderer/src/features/page-walk/vtop-text.ts';
import { suggestions } from '../../../src/renderer/src/features/page-walk/walk-addresses.ts';
import { layoutWalk } from '../../../src/renderer/src/features/page-walk/walk-layout.ts';
import { walkPicture } from '../../../src/renderer/src/features/page-walk/walk-picture.ts';
import { resultTitle } from '../../../src/renderer/src/features/page-walk/walk-stops.ts';
import { sparseMemory } from './real-walks.ts';

const SIZE = 128 * 2 ** 20;
// Entry 790 is the low half of its word.
const twoLevel = sparseMemory(SIZE, new Map([[0x1016c58, 0x0000_0000_0580_01e1n]]));
const pae = sparseMemory(
  SIZE,
  new Map([
    [0x127cb58, 0x3e94021n],
    [0x3e940e0, 0x1d9b063n],
    [0x1d9b978, 0x392f161n],
  ]),
);
const walk = (id: PagingModeId, address: bigint) =>
  collectWalk(id === 'x86-pae' ? pae : twoLevel, i386.pagingMode(id), id === 'x86-pae' ? 0x127cb40 : 0x1016000, 'CR3 of CPU 0', address);

describe('a 32-bit address', () => {
  it.each([
    ['x86-32', 1, ['PD', 'PT', 'page offset']],
    ['x86-32', 2, ['PD', 'page offset']],
    ['x86-pae', 1, ['PDPT', 'PD', 'PT', 'page offset']],
    ['x86-pae', 2, ['PDPT', 'PD', 'page offset']],
  ] as const)('under %s, page at level %i, has fields that cover its 32 bits and no sign extension', (id, level, names) => {
    const fields = splitAddress(0xc392fcf3n, viewOfMode(i386.pagingMode(id)), level);
    expect(fields.map(({ name }) => name)).toEqual(names);
    expect(fields.map(({ binary }) => binary).join('')).toBe(0xc392fcf3n.toString(2));
  });
  it('above 4 GiB shows the bits that must be 0, and is out of range, not "not canonical"', () => {
    const out = walk('x86-pae', 0x1_c392_fcf3n);
    expect(splitAddress(out.address, out.mode)[0]).toMatchObject({ kind: 'sign', highBit: 63, lowBit: 32, value: 1n, valid: false });
    expect(resultTitle(out)).toBe('Address out of range');
    const { svg } = walkPicture(out, new Map());
    expect(svg).toContain('must be 0');
    expect(svg).not.toContain('canonical');
  });
});

describe('the drawing', () => {
  it('of a 4 MiB page has one table, and the offset takes the place of the other', () => {
    const shown = walk('x86-32', 0xc5917b83n);
    const layout = layoutWalk(shown, { width: 900, rows: 7, starts: new Map() });
    expect(layout.columns.map(({ entries, step }) => [step.levelName, step.index, entries])).toEqual([['PD', 790, 1024]]);
    expect(layout.fields.at(-1)?.rect.x).toBe(layout.outcome.x);
    expect(walkPicture(shown, new Map()).svg).toContain('>c591 7b83<');
  });
  it('of a PDPT shows its four entries, whatever was scrolled', () => {
    const shown = walk('x86-pae', 0xc392fcf3n);
    const layout = layoutWalk(shown, { width: 900, rows: 7, starts: new Map([[3, 3]]) });
    expect(layout.columns[0]).toMatchObject({ entries: 4, start: 0 });
    const view = readPageTable(pae, i386.pagingMode('x86-pae'), 0x127cb40, 3, shown.address);
    expect(view.entries.map(({ virtual }) => virtual)).toEqual([0n, 0x4000_0000n, 0x8000_0000n, 0xc000_0000n]);
    expect(walkPicture(shown, new Map([[3, view]])).svg).toContain('PDPT[3]');
  });
});

describe('the text', () => {
  it('names the tables as Linux does, with entries of 4 bytes and pages of 4 MiB', () => {
    expect(vtopText(walk('x86-32', 0xc5917b83n))).toBe(`VIRTUAL   PHYSICAL
c5917b83  5917b83

PGD DIRECTORY: 1016000
   PGD: 1016c58 => 58001e1
  PAGE: 5800000  (4MB)

  PTE    PHYSICAL  FLAGS
58001e1   5800000  (PRESENT|ACCESSED|DIRTY|PSE|GLOBAL)
`);
  });
  it('has three levels under PAE', () => {
    const lines = vtopText(walk('x86-pae', 0xc392fcf3n)).split('\n');
    expect(lines.slice(4, 8)).toEqual(['   PGD: 127cb58 => 3e94021', '   PMD: 3e940e0 => 1d9b063', '   PTE: 1d9b978 => 392f161', '  PAGE: 392f000']);
  });
});

it('a 32-bit CPU is asked where EIP, ESP and its system call entry are', () => {
  const values = { eip: 0n, esp: 0xc5c3bf28n, cr2: 0n, sysenter_eip: 0xc5918000n };
  const registers = Object.entries(values).map(([name, value]) => ({ name, value, width: 32, group: 'general' as const, source: '', fields: [] }));
  const cpu = cpuView({ registers, pointers: { instruction: 'eip', stack: 'esp' } });
  expect(suggestions(cpu).map(({ title }) => title.split(',')[0])).toEqual(['EIP', 'ESP', 'SYSENTER_EIP']);
});
