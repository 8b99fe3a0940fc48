/** The map of a small PC (8 MiB, pc-i440fx), as `info mtree -f` shows it: what the memory map's tests start from. */
import type { MemoryMap, MemoryRegion } from '#shared/model/index.ts';

export const region = (start: number, last: number, block: string, blockOffset: number, more: Partial<MemoryRegion> = {}): MemoryRegion => ({
  start,
  last,
  block,
  blockOffset,
  readOnly: false,
  evidence: { strength: 'derived', text: 'i440fx keeps all memory below 4 GiB.' },
  states: { present: last - start + 1 },
  ...more,
});

export const PC: MemoryMap = {
  regions: [
    region(0, 0x9_ffff, 'pc.ram', 0),
    region(0xc_0000, 0xd_ffff, 'pc.rom', 0, { readOnly: true, evidence: { strength: 'proven', text: 'PAM registers.' } }),
    region(0xe_0000, 0xf_ffff, 'pc.bios', 0x2_0000, { readOnly: true }),
    region(0x10_0000, 0x7f_ffff, 'pc.ram', 0x10_0000, { states: { present: 0x60_0000, absent: 0x10_0000 } }),
    region(0xfffc_0000, 0xffff_ffff, 'pc.bios', 0, { readOnly: true }),
  ],
  blocks: [
    { name: 'pc.ram', length: 0x80_0000, mappedAt: [0, 0x10_0000], role: 'main memory', states: {} },
    { name: 'pc.bios', length: 0x4_0000, mappedAt: [0xe_0000, 0xfffc_0000], role: 'firmware', states: {} },
    { name: 'pc.rom', length: 0x2_0000, mappedAt: [0xc_0000], states: {} },
    { name: '/rom@etc/acpi/tables', length: 0x20_0000, mappedAt: [], states: {} },
  ],
  corrections: [],
};
