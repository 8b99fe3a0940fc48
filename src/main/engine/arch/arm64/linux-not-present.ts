/**
 * What a 64-bit Linux guest keeps in descriptors whose valid bit is clear. The CPU ignores all of it; these are notes for the reader, true only if the guest is Linux.
 *
 * Source: Linux arch/arm64/include/asm/pgtable.h ("Encode and decode a swap entry") and pgtable-prot.h (PTE_PROT_NONE, PMD_PRESENT_INVALID), v5.18 to v6.10:
 *
 *   0-1 zero   2 exclusive   3-7 swap type   8-57 swap offset   58 PTE_PROT_NONE   59 PMD_PRESENT_INVALID
 *
 * Not supported: kernels since v6.11, which moved the fields (there the same entry reads as another type and offset).
 */
import { formatAddress } from '#shared/address-text.ts';

const PROT_NONE = 1n << 58n;
const PRESENT_INVALID = 1n << 59n;
const ADDRESS = 0xffff_ffff_f000n;

/** One clause; undefined for an entry that Linux takes as empty. */
export function linuxNotPresentNote(level: number, entry: bigint): string | undefined {
  if (entry === 0n || (entry & 3n) !== 0n || level > 3) return undefined;
  if ((entry & PROT_NONE) !== 0n) return `Linux would read the rest as a page with PROT_NONE (no access) at GPA ${formatAddress(entry & ADDRESS)}`;
  if (level > 1 && (entry & PRESENT_INVALID) !== 0n)
    return `Linux would read the rest as a block that it is about to change, at GPA ${formatAddress(entry & ADDRESS)}`;
  const type = (entry >> 3n) & 31n;
  const offset = BigInt.asUintN(50, entry >> 8n);
  return `Linux would read the rest as a swap entry: type ${type}, offset ${formatAddress(offset)}`;
}
