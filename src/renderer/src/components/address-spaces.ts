/** Words and widths for the address spaces; the colours are in styles/tokens.css. */
import type { AddressSpace } from '#shared/units.ts';
import { addressDigits, type AddressBits } from '#shared/virtual-address.ts';

export interface SpaceWords {
  badge: string;
  title: string;
  /** Least digits to show, so that columns line up; see `digitsIn` for virtual addresses. */
  digits: number;
}

export const ADDRESS_SPACES: Readonly<Record<AddressSpace, SpaceWords>> = {
  gva: { badge: 'GVA', title: 'guest-virtual address', digits: 16 },
  gpa: { badge: 'GPA', title: 'guest-physical address', digits: 12 },
  hva: { badge: 'HVA', title: 'host-virtual address', digits: 16 },
  hpa: { badge: 'HPA', title: 'host-physical address', digits: 12 },
  file: { badge: 'FILE', title: 'offset in the file', digits: 8 },
};

/** Least digits of an address of `space`, where virtual ones have `bits`. */
export function digitsIn(space: AddressSpace, bits: AddressBits): number {
  return space === 'gva' ? addressDigits(bits) : ADDRESS_SPACES[space].digits;
}
