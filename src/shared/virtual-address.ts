/** How wide virtual addresses are: 32 bits under 32-bit paging, 64 otherwise. The one place that decides how many digits they have and where they end. */
import type { PagingModeId, PagingModeView } from './model/index.ts';
import { VIRTUAL_LAST } from './units.ts';

export type AddressBits = 32 | 64;

/**
 * Bits of an address under `mode`. Where that is unknown, or paging is off, those of the widest mode that the CPU family has (`rootModes`); 64 of a
 * family whose page tables are not walked.
 */
export function addressBits(rootModes: readonly Pick<PagingModeView, 'id' | 'virtualBits'>[], mode?: PagingModeId): AddressBits {
  const known = rootModes.filter(({ id }) => id === mode);
  const modes = known.length > 0 ? known : rootModes;
  return modes.length > 0 && modes.every(({ virtualBits }) => virtualBits <= 32) ? 32 : 64;
}

/** Hex digits that show any address, so that columns line up. */
export const addressDigits = (bits: AddressBits): number => bits / 4;

/** The last address, inclusive. */
export const lastVirtual = (bits: AddressBits): bigint => (bits === 32 ? 0xffff_ffffn : VIRTUAL_LAST);

/** Why an address cannot be one under a mode of `virtualBits`, in a few words. */
export const impossibleWords = (virtualBits: number): string => (virtualBits <= 32 ? `wider than ${virtualBits} bits` : 'not a canonical address');
