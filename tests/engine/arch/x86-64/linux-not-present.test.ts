import { describe, expect, it } from 'vitest';
import { linuxKept } from '#engine/arch/x86-64/linux-not-present.ts';

/**
 * Entries of a process's tables in a dump of Linux 6.1, and what /proc/self/pagemap had told of the same addresses: pages that MADV_PAGEOUT wrote to swap, small and huge pages after
 * mprotect(PROT_NONE).
 */
describe('what Linux keeps in an entry that is not present', () => {
  it.each([
    [0x07ff_ffff_fffb_fe0an, 0, 0x200n],
    [0x07ff_ffff_fffb_fc0an, 0, 0x201n],
  ])('%s is a page in swap', (entry, type, offset) => {
    expect(linuxKept(1, entry)).toEqual({ kind: 'swap', type, offset });
  });

  it.each([
    [1, 0x000f_ffff_f580_e960n, 0xa7f1n],
    [1, 0x000f_ffff_f580_f960n, 0xa7f0n],
    [2, 0x000f_ffff_f720_09e0n, 0x8c00n],
  ])('level %i, %s is a page that nobody may touch', (level, entry, pfn) => {
    expect(linuxKept(level, entry)).toEqual({ kind: 'page', physical: pfn << 12n });
  });

  it('is nothing where the CPU only marked it accessed and dirty while it was cleared', () => {
    expect([0n, 0x20n, 0x60n].map((entry) => linuxKept(1, entry).kind)).toEqual(['empty', 'empty', 'empty']);
  });

  it('is the highest swap type with the first page where all bits of the offset are set', () => {
    expect(linuxKept(1, 0xffff_ffff_ffff_fe02n)).toEqual({ kind: 'swap', type: 31, offset: 0n });
  });
});
