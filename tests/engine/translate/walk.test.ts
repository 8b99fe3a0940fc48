/** Walks over the page tables of the `tiny` guest, which hold every kind of entry (tiny.S lists them), and over tables made by hand. */
import { describe, expect, it } from 'vitest';
import { x86_64 } from '#engine/arch/x86-64/index.ts';
import { collectWalk } from '#engine/translate/walk.ts';
import { tiny } from '../arch/x86-64/tiny-cpus.ts';
import { BufferMemory } from './buffer-memory.ts';
import { FIVE_LEVEL, FOUR_LEVEL, TINY_ROOT, tinyMemory } from './tiny-memory.ts';

const walkTiny = (address: bigint) => collectWalk(tinyMemory(), FOUR_LEVEL, TINY_ROOT, 'CR3 of CPU 0', address);

describe('walks of the tiny guest', () => {
  it.each(tiny.translations)('lead 0x$gva where gva2gpa leads', ({ gva, gpa }) => {
    const { result } = walkTiny(BigInt(`0x${gva}`));
    if (gpa === null) expect(result.kind).toBe('fault');
    else expect(result.kind === 'page' && result.physical.toString(16)).toBe(gpa);
  });

  it('show each level with its bits of the address and what it concludes', () => {
    const { steps, result, mode, root } = walkTiny(0xffffffff80300123n);
    expect({ root, levels: mode.levels.length }).toEqual({ root: TINY_ROOT, levels: 4 });
    expect(steps.map(({ levelName, index, table, entryAddress }) => [levelName, index, table, entryAddress])).toEqual([
      ['PML4', 511, 0x200000, 0x200ff8],
      ['PDPT', 510, 0x202000, 0x202ff0],
      ['PD', 1, 0x206000, 0x206008],
    ]);
    expect(steps.map(({ indexHighBit, indexLowBit }) => [indexHighBit, indexLowBit])).toEqual([
      [47, 39],
      [38, 30],
      [29, 21],
    ]);
    expect(steps[1]?.conclusion).toEqual({ kind: 'table', next: 0x206000 });
    expect(steps[2]?.conclusion).toEqual({ kind: 'page', physical: 0x300123, pageStart: 0x200000, pageSize: 0x200000 });
    expect(steps[2]?.sentence).toBe('PD[1] maps a 2 MiB page at GPA 0x200000; bit 7 (PS) ends the walk here.');
    expect(result).toMatchObject({ kind: 'page', flags: ['P', 'RW', 'A', 'D', 'PS'], effective: { writable: true, user: false, executable: true } });
  });

  it.each([
    ['read-only', 0x150000n, ['P', 'A', 'D'], { writable: false, user: false, executable: true }],
    ['user', 0x151000n, ['P', 'RW', 'US', 'A', 'D'], { writable: true, user: true, executable: true }],
    ['no-execute', 0x152000n, ['P', 'RW', 'A', 'D', 'NX'], { writable: true, user: false, executable: false }],
    ['global', 0x153000n, ['P', 'RW', 'A', 'D', 'G'], { writable: true, user: false, executable: true }],
    ['uncached', 0x154000n, ['P', 'RW', 'PWT', 'PCD', 'A', 'D'], { writable: true, user: false, executable: true }],
    ['1 GiB no-execute', 0x40000000n, ['P', 'RW', 'A', 'D', 'PS', 'NX'], { writable: true, user: false, executable: false }],
  ])('name the flags of a %s page', (_, address, flags, effective) => {
    expect(walkTiny(address).result).toMatchObject({ kind: 'page', flags, effective });
  });

  it('give user rights only where every level gives them', () => {
    // PML4[511] is not a user entry, whatever is below.
    expect(walkTiny(0xffffffff80000000n).result).toMatchObject({ effective: { user: false } });
  });
});

describe('three kinds of missing', () => {
  it('an entry that is not present, with a note of what Linux keeps there', () => {
    const { steps, result } = walkTiny(0x155000n);
    expect(result).toMatchObject({ kind: 'fault', reason: 'not-present' });
    expect(steps.at(-1)).toMatchObject({ entry: 0xabcdeffen, conclusion: { kind: 'not-present' } });
    expect(steps.at(-1)?.flags.map(({ name }) => name)).toEqual(['P', 'ignored']);
    expect(walkTiny(0x320000000000n).steps.at(-1)).toMatchObject({ levelName: 'PML4', index: 100, conclusion: { kind: 'not-present' } });
    expect(walkTiny(0x320000000000n).steps.at(-1)?.conclusion).not.toHaveProperty('note');
  });

  it('a table that the dump does not hold', () => {
    const { steps, result } = walkTiny(0xffffffff40000000n);
    expect(result).toMatchObject({ kind: 'fault', reason: 'table-missing' });
    expect(steps.at(-1)).toMatchObject({
      levelName: 'PD',
      table: 0x40000000,
      entry: null,
      flags: [],
      conclusion: { kind: 'table-missing', state: 'absent' },
    });
  });

  it('a page that is mapped but not in the dump', () => {
    expect(walkTiny(0x156000n).result).toMatchObject({ kind: 'page', physical: 0x8000000, state: 'absent' });
  });
});

describe('addresses and roots', () => {
  it.each([
    [FOUR_LEVEL, 0x0000_8000_0000_0000n],
    [FOUR_LEVEL, 0xffff_7fff_ffff_ffffn],
    [FIVE_LEVEL, 0x0100_0000_0000_0000n],
    [FIVE_LEVEL, 0xfeff_ffff_ffff_ffffn],
  ])('an address that is not canonical takes no step (%#)', (mode, address) => {
    const { steps, result } = collectWalk(tinyMemory(), mode, TINY_ROOT, 'typed in', address);
    expect(steps).toEqual([]);
    expect(result).toMatchObject({ kind: 'fault', reason: 'non-canonical' });
  });

  it('an address that is canonical only with five levels is walked by five', () => {
    const result = collectWalk(tinyMemory(), FIVE_LEVEL, TINY_ROOT, 'typed in', 0x0000_8000_0000_0000n).result;
    expect(result).not.toMatchObject({ reason: 'non-canonical' });
  });

  it('PCID, PWT and PCD in the low bits of a root do not move it', () => {
    const { root, result } = collectWalk(tinyMemory(), FOUR_LEVEL, TINY_ROOT + 0x018, 'typed in', 0x151000n);
    expect(root).toBe(TINY_ROOT);
    expect(result).toMatchObject({ physical: 0x301000 });
  });

  it('no root is no walk', () => {
    expect(collectWalk(tinyMemory(), FOUR_LEVEL, null, 'CR3', 0n)).toMatchObject({ root: null, steps: [], result: { reason: 'no-root' } });
  });

  it('with paging off every 32-bit address is its own translation, and no other is one', () => {
    const off = x86_64.pagingMode('off');
    expect(collectWalk(tinyMemory(), off, 0, 'CR3', 0x200123n)).toMatchObject({
      steps: [],
      result: { kind: 'page', physical: 0x200123, state: 'present' },
    });
    expect(collectWalk(tinyMemory(), off, 0, 'CR3', 0x1_0000_0000n).result).toMatchObject({ kind: 'fault' });
  });
});

/** Five tables at 0x1000 to 0x5000, one entry each, for address 0. */
function chain(entries: bigint[]): BufferMemory {
  const memory = new BufferMemory([{ start: 0x1000, bytes: new Uint8Array(0x6000) }]);
  for (const [depth, entry] of entries.entries()) memory.writeU64(0x1000 * (depth + 1), entry);
  return memory;
}

describe('hand-made entries', () => {
  const walkChain = (mode: typeof FOUR_LEVEL, entries: bigint[], address = 0n, noExecuteOff = false) =>
    collectWalk(chain(entries), mode, 0x1000, 'test', address, { noExecuteOff });

  it('five levels with an address above 4 GiB in every entry end where they should', () => {
    const { steps, result } = walkChain(FIVE_LEVEL, [0x2007n, 0x3007n, 0x4007n, 0x5007n, 0xf_ffff_ffff_f007n], 0xabcn);
    expect(steps.map(({ levelName }) => levelName)).toEqual(['PML5', 'PML4', 'PDPT', 'PD', 'PT']);
    expect(result).toMatchObject({ kind: 'page', physical: 0xf_ffff_ffff_fabc, pageSize: 4096 });
  });

  it.each([
    ['bit 7 of a PML4 entry', [0x2087n], [7]],
    ['an address bit below a 2 MiB page', [0x2007n, 0x3007n, 0x20_2087n], [13]],
    ['address bits below a 1 GiB page', [0x2007n, 0x6000_0087n | 0x2000n], [13, 29]],
  ])('%s is reserved', (_, entries, bits) => {
    const { steps, result } = walkChain(FOUR_LEVEL, entries);
    expect(steps.at(-1)?.conclusion).toEqual({ kind: 'reserved', bits });
    expect(result).toMatchObject({ kind: 'fault', reason: 'reserved-bit' });
    expect(steps.at(-1)?.flags.some(({ reserved }) => reserved)).toBe(true);
  });

  it('bit 12 of a 2 MiB page is PAT, not part of its address', () => {
    expect(walkChain(FOUR_LEVEL, [0x2007n, 0x3007n, 0x20_1087n]).result).toMatchObject({
      physical: 0x20_0000,
      flags: ['P', 'RW', 'US', 'PS', 'PAT'],
    });
  });

  it('NX is a reserved bit only when EFER.NXE is known to be 0', () => {
    const entries = [0x2007n, 0x3007n, 0x4007n, 0x8000_0000_0000_5007n];
    expect(walkChain(FOUR_LEVEL, entries).result).toMatchObject({ kind: 'page', effective: { executable: false } });
    expect(walkChain(FOUR_LEVEL, entries, 0n, true).steps.at(-1)?.conclusion).toEqual({ kind: 'reserved', bits: [63] });
  });

  it('NX of an upper level takes execution from everything below', () => {
    expect(walkChain(FOUR_LEVEL, [0x8000_0000_0000_2007n, 0x3007n, 0x4007n, 0x5007n]).result).toMatchObject({ effective: { executable: false } });
  });

  it('keeps software bits and the protection key out of the address', () => {
    const { steps, result } = walkChain(FOUR_LEVEL, [0x2e07n, 0x3007n, 0x4007n, 0x7ff0_0000_0000_5e07n]);
    expect(result).toMatchObject({ physical: 0x5000 });
    expect(steps.at(-1)?.flags.find(({ name }) => name === 'PK')?.value).toBe(15n);
  });

  it('every field list covers all 64 bits of the entry once', () => {
    for (const entry of [0x2007n, 0x2006n, 0x2087n, 0x20_3087n, 0x8000_0000_0000_2067n]) {
      const { steps } = walkChain(FOUR_LEVEL, [0x2007n, 0x3007n, entry, 0x5007n]);
      for (const { flags } of steps) {
        expect(flags.reduce((next, { bit, width }) => (bit === next ? bit + width : -1), 0)).toBe(64);
      }
    }
  });
});

describe('what Linux keeps in entries that are not present', () => {
  const noteOf = (entry: bigint) => {
    const conclusion = collectWalk(chain([0x2007n, 0x3007n, 0x4007n, entry]), FOUR_LEVEL, 0x1000, 'test', 0n).steps.at(-1)?.conclusion;
    return conclusion?.kind === 'not-present' ? conclusion.note : conclusion;
  };

  it('a swap entry: type in the top five bits, offset inverted in bits 9 to 58', () => {
    const entry = (3n << 59n) | (BigInt.asUintN(50, ~0x15e6fn) << 9n);
    expect(noteOf(entry)).toBe('Linux would read the rest as a swap entry: type 3, offset 0x15e6f');
  });

  it('PROT_NONE: bit 8 set, address inverted', () => {
    const entry = (~0x1234000n & 0x000f_ffff_ffff_f000n) | 0x160n;
    expect(noteOf(entry)).toBe('Linux would read the rest as a page with PROT_NONE (no access) at GPA 0x1234000');
  });

  it('nothing, also with stray accessed and dirty bits', () => {
    expect(noteOf(0n)).toBeUndefined();
    expect(noteOf(0x60n)).toBeUndefined();
  });
});
