/**
 * What a 64-bit Linux guest keeps in page-table entries whose present bit is clear. The CPU ignores all of it; these are notes for the
 * reader, true only if the guest is Linux.
 *
 * Source: Linux arch/x86/include/asm/pgtable_64.h ("Encode and de-code a swap entry"), pgtable-invert.h and pgtable_types.h, as since
 * commits bcd11afa7ade and 2f22b4cd45b6 ("x86/speculation/l1tf: Protect swap entries against L1TF", in v4.19):
 *
 *   63-59 swap type   58-9 swap offset, inverted   8 _PAGE_PROTNONE (G when present)   7-1 flags of the swap entry   0 P = 0
 *
 * A PROT_NONE entry is an ordinary one with bit 8 for bit 0 and its address bits inverted.
 * Not supported: kernels before v4.19, which kept the offset uninverted; huge swap entries are read as the same layout (they are).
 */
import { formatAddress } from '#shared/address-text.ts';

const PROT_NONE = 1n << 8n;
const PFN_MASK = ((1n << 52n) - 1n) & ~0xfffn;
/** Accessed and dirty: some CPUs set them in an entry that is being cleared, and Linux does not look at them then (pte_none). */
const NONE_IGNORES = 0x60n;
const SWAP_OFFSET_BITS = 50;

/** One clause; undefined for an entry that Linux takes as empty. */
export function linuxNotPresentNote(level: number, entry: bigint): string | undefined {
  // Linux keeps nothing in non-present entries of the upper two levels.
  if ((entry & ~NONE_IGNORES) === 0n || level > 3) return undefined;
  if ((entry & PROT_NONE) !== 0n) {
    const page = ~entry & PFN_MASK;
    return `Linux would read the rest as a page with PROT_NONE (no access) at GPA ${formatAddress(page)}`;
  }
  const type = entry >> 59n;
  const offset = BigInt.asUintN(SWAP_OFFSET_BITS, ~entry >> 9n);
  return `Linux would read the rest as a swap entry: type ${type}, offset ${formatAddress(offset)}`;
}
