/** One table whole. */
import { describe, expect, it } from 'vitest';
import { readPageTable } from '#engine/translate/page-table.ts';
import { BufferMemory } from './buffer-memory.ts';
import { FOUR_LEVEL, TINY_ROOT, tinyMemory } from './tiny-memory.ts';

describe('a page table', () => {
  it('shows every kind of entry with the first address that it covers', () => {
    const { entries, levelName } = readPageTable(tinyMemory(), FOUR_LEVEL, TINY_ROOT, 4, 0xffffffff80000000n);
    expect(levelName).toBe('PML4');
    expect(entries).toHaveLength(512);
    expect(entries[0]).toMatchObject({ kind: 'table', target: 0x201000, virtual: 0n, flags: ['P', 'RW', 'US', 'A'] });
    expect(entries[100]).toMatchObject({ kind: 'not-present', entry: 0xdead0ffen, target: null, flags: [] });
    expect(entries[256]).toMatchObject({ kind: 'table', virtual: 0xffff_8000_0000_0000n });
    expect(entries[511]).toMatchObject({ kind: 'table', target: 0x202000, virtual: 0xffff_ff80_0000_0000n });
  });

  it('names pages by the address that leads there', () => {
    const { entries } = readPageTable(tinyMemory(), FOUR_LEVEL, 0x206000, 2, 0xffffffff80312345n);
    expect(entries[3]).toMatchObject({ kind: 'page', target: 0x600000, virtual: 0xffff_ffff_8060_0000n, flags: ['P', 'RW', 'A', 'D', 'PS'] });
  });

  it('that the dump lacks has entries that are missing, not zero', () => {
    const { entries } = readPageTable(tinyMemory(), FOUR_LEVEL, 0x40000000, 2, 0xffffffff40000000n);
    expect(new Set(entries.map(({ kind }) => kind))).toEqual(new Set(['missing']));
  });

  it('marks entries that break the rules', () => {
    const memory = new BufferMemory([{ start: 0x1000, bytes: new Uint8Array(0x1000) }]);
    memory.writeU64(0x1008, 0x2087n);
    expect(readPageTable(memory, FOUR_LEVEL, 0x1000, 4, 0n).entries[1]).toMatchObject({ kind: 'reserved', target: null });
  });

  it('of a level that the mode does not have is refused', () => {
    expect(() => readPageTable(tinyMemory(), FOUR_LEVEL, TINY_ROOT, 5, 0n)).toThrow('4-level paging has no level 5');
  });
});
