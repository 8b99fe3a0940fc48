/**
 * What a Linux guest keeps in entries of radix trees whose V bit is clear; true only if the guest is Linux.
 *
 * Source: Linux arch/powerpc/include/asm/book3s/64/pgtable.h (v6.1): _PAGE_INVALID (bit 61) with _PAGE_PTE (bit 62) is a page that is being changed; __swp_type is bits 0
 * to 4, __swp_offset the page number, of pages of 64 KiB here: with pages of 4 KiB the offset has four more bits at its end.
 */
import { formatAddress } from '#shared/address-text.ts';

const INVALID = 1n << 61n;
const PAGE_MASK = ((1n << 57n) - 1n) & ~0xffffn;

/** One clause; undefined for an entry that Linux takes as empty. */
export function linuxNotPresentNote(entry: bigint): string | undefined {
  if (entry === 0n) return undefined;
  if ((entry & INVALID) !== 0n) return `Linux would read it as a page that is being changed, at GPA ${formatAddress(entry & PAGE_MASK)}`;
  return `Linux would read the rest as a swap entry: type ${entry & 31n}, offset ${formatAddress((entry & PAGE_MASK) >> 16n)}`;
}
