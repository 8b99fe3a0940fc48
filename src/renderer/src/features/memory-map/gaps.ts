/**
 * What lies between the regions of a guest-physical map, by name.
 *
 * The names are those of a PC (x86-64 guests): the VGA window and the ROM area below 1 MiB, the PCI hole below 4 GiB with its fixed devices
 * (QEMU hw/i386/pc.c, hw/intc/ioapic, include/hw/timer/hpet.h, target/i386 apic: fec00000, fed00000, fee00000). A gap on any other
 * machine is just a gap. Nothing here says that memory is missing from the dump: a gap holds no RAM block.
 */
import { PHYSICAL_LIMIT } from '#shared/units.ts';

/** Guest-physical range without a RAM block behind it; `last` inclusive. */
export interface Gap {
  start: number;
  last: number;
  title: string;
  detail: string;
}

interface Range {
  start: number;
  last: number;
}

const MiB = 2 ** 20;
const FOUR_GIB = 2 ** 32;
const FIXED_DEVICES: readonly (Range & { name: string })[] = [
  { start: 0xfec0_0000, last: 0xfec0_0fff, name: 'I/O APIC' },
  { start: 0xfed0_0000, last: 0xfed0_03ff, name: 'HPET' },
  { start: 0xfee0_0000, last: 0xfee0_0fff, name: 'local APIC' },
];

const overlaps = (a: Range, b: Range): boolean => a.start <= b.last && b.start <= a.last;

function nameOnPc(range: Range): { title: string; detail: string } {
  const { start, last } = range;
  if (start >= 0xa_0000 && last <= 0xb_ffff) return { title: 'VGA window', detail: 'Legacy video memory of the display adapter, not RAM.' };
  if (start >= 0xa_0000 && last < MiB) return { title: 'ROM area', detail: 'Option ROMs and firmware are shown here; no RAM block is mapped.' };
  if (start >= MiB && last < FOUR_GIB) {
    const devices = FIXED_DEVICES.filter((device) => overlaps(device, range)).map((device) => device.name);
    const also = devices.length > 0 ? ` The ${devices.join(', ')} registers lie in it.` : '';
    return { title: 'PCI hole', detail: `Device registers and memory (MMIO) below 4 GiB, not RAM.${also}` };
  }
  return { title: 'gap', detail: 'No RAM block is mapped here.' };
}

/** What an ELF vmcore leaves out may well have been RAM: nobody can tell from it. */
const UNNAMED = { title: 'gap', detail: 'No region of the dump covers this.' };

/** Gaps before, between and not after the regions, which are sorted and disjoint. `pc` when RAM blocks of a PC lie in them. */
export function gapsBetween(regions: readonly Range[], pc: boolean): Gap[] {
  const gaps: Gap[] = [];
  let from = 0;
  for (const { start, last } of regions) {
    if (start > from) {
      const range = { start: from, last: start - 1 };
      gaps.push({ ...range, ...(pc ? nameOnPc(range) : UNNAMED) });
    }
    from = last + 1;
  }
  return gaps;
}

/** One past the last address that any region covers; 0 without regions. */
export const mapEnd = (regions: readonly Range[]): number => Math.min((regions.at(-1)?.last ?? -1) + 1, PHYSICAL_LIMIT);
