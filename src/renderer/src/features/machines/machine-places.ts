/** Where an address of a machine lies: in the dump itself, or in a guest of it. */
import type { AddressSpace } from '#shared/units.ts';
import type { Place } from '../../stores/location.store.ts';
import type { GuestQuestion } from '../../stores/machines.store.ts';

/** An address of a guest, with what it takes to follow it. */
export type GuestPlace = GuestQuestion;

export const isGuestSpace = (space: AddressSpace): space is GuestQuestion['space'] => space === 'gva' || space === 'gpa' || space === 'hva';

/** Addresses of a kernel have the top bit set, on x86-64 and AArch64. */
const isKernels = (address: bigint): boolean => address >> 63n === 1n;

/** The same byte as the host's dump names it, whose physical addresses are the HPAs; null for an address of a guest or of a process. */
export function placeInHost({ space, address }: Place): Place | null {
  if (space === 'hpa') return { space: 'gpa', address };
  if (space === 'file') return { space, address };
  return space === 'hva' && isKernels(address) ? { space: 'gva', address } : null;
}
