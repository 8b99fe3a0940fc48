/**
 * What a 64-bit Linux guest keeps in page-table entries whose present bit is clear. The CPU ignores all of it; these are notes for the
 * reader, true only if the guest is Linux.
 *
 * Source: Linux arch/x86/include/asm/pgtable_64.h ("Encode and de-code a swap entry"), pgtable-invert.h and pgtable_types.h, as since
 * commits bcd11afa7ade and 2f22b4cd45b6 ("x86/speculation/l1tf: Protect swap entries against L1TF", in v4.19):
 *
 *   63-59 swap type   58-9 swap offset, inverted   8 _PAGE_PROTNONE (G when present)   7-1 flags of the swap entry   0 P = 0
 *
 * A PROT_NONE entry is an ordinary one with bit 8 for bit 0 and its address bits inverted; one of a huge page that is being split has PS and neither of them.
 * Not supported: kernels before v4.19, which kept the offset uninverted; huge swap entries are read as the same layout (they are).
 */
import { formatAddress } from '#shared/address-text.ts';

const PROT_NONE = 1n << 8n;
/** PS: pmd_mkinvalid leaves it set. */
const PAGE_SIZE_BIT = 1n << 7n;
const PFN_MASK = ((1n << 52n) - 1n) & ~0xfffn;
/** Accessed and dirty: some CPUs set them in an entry that is being cleared, and Linux does not look at them then (pte_none). */
const NONE_IGNORES = 0x60n;
const SWAP_OFFSET_BITS = 50;

/** What Linux keeps in an entry that is not present. */
export type LinuxKept =
  | { kind: 'empty' }
  /** The page is there, but whoever touches it faults: PROT_NONE, waiting for NUMA balancing, or a huge page that is being split. GPA of its first byte. */
  | { kind: 'page'; physical: bigint }
  /** Swapped out; or one of the types beyond those of swap areas: on its way to another place, poisoned. */
  | { kind: 'swap'; type: number; offset: bigint };

/** `level`: 1 for the tables that map the smallest pages. */
export function linuxKept(level: number, entry: bigint): LinuxKept {
  // Linux keeps nothing in non-present entries of the upper two levels.
  if ((entry & ~NONE_IGNORES) === 0n || level > 3) return { kind: 'empty' };
  if ((entry & PROT_NONE) !== 0n || (level > 1 && (entry & PAGE_SIZE_BIT) !== 0n)) {
    const inPage = (1n << BigInt(12 + 9 * (level - 1))) - 1n;
    return { kind: 'page', physical: ~entry & PFN_MASK & ~inPage };
  }
  return { kind: 'swap', type: Number(entry >> 59n), offset: BigInt.asUintN(SWAP_OFFSET_BITS, ~entry >> 9n) };
}

/** One clause; undefined for an entry that Linux takes as empty. */
export function linuxNotPresentNote(level: number, entry: bigint): string | undefined {
  const kept = linuxKept(level, entry);
  if (kept.kind === 'empty') return undefined;
  if (kept.kind === 'page') return `Linux would read the rest as a page with PROT_NONE (no access) at GPA ${formatAddress(kept.physical)}`;
  return `Linux would read the rest as a swap entry: type ${kept.type}, offset ${formatAddress(kept.offset)}`;
}
