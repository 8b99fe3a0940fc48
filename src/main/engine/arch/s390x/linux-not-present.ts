/**
 * What Linux keeps in entries that are invalid for the CPU: notes for the reader, true only if the guest is Linux.
 *
 * Source: Linux arch/s390/include/asm/pgtable.h (v6.1; the page-table entry's since v3.12). A page-table entry: present 0x1, young 0x4, dirty 0x8, invalid 0x400, protected 0x200. Linux makes pages
 * that were not used of late invalid, too, so that their next use is seen; so it does with PROT_NONE. A swap entry has 0x600 set and 0x1 clear: offset in the manual's bits 0 to 51, type in bits 57 to
 * 61. An empty entry is 0x400, an empty segment- or region-table entry 0x20 (with its type). Of a segment 0x400 says that it is a large one.
 */
import { formatAddress } from '#shared/address-text.ts';

const PRESENT = 0x1n;
const SWAP_MASK = 0x201n;
const SWAP = 0x200n;
const SEGMENT_INVALID = 0x20n;
const SEGMENT_LARGE = 0x400n;

/** One clause; undefined where Linux keeps nothing. */
export function linuxNotPresentNote(level: number, entry: bigint): string | undefined {
  if (level === 1) {
    if ((entry & PRESENT) !== 0n)
      return `Linux would read it as a page at ${formatAddress(entry & ~0xfffn)} that it lets fault: not used of late, or PROT_NONE`;
    if ((entry & SWAP_MASK) === SWAP)
      return `Linux would read it as a swap entry: type ${(entry >> 2n) & 0x1fn}, offset ${formatAddress(entry >> 12n)}`;
    return undefined;
  }
  if (level !== 2 || (entry & ~0xfn) === SEGMENT_INVALID || (entry & SEGMENT_LARGE) === 0n) return undefined;
  return `Linux would read it as a 1 MiB frame at ${formatAddress(entry & ~0xfffffn)} that it lets fault: not used of late, or PROT_NONE`;
}
