/**
 * What a Linux guest keeps in entries whose V bit is clear; true only if the guest is Linux.
 *
 * Source: Linux arch/riscv/include/asm/pgtable.h: since v6.3 bit 5 is a page without any access right (PROT_NONE), bit 6 says that a swap entry is exclusive, bits 7 to 11 are its type and the rest its offset.
 * Before, the type was bits 6 to 10.
 */
import { formatAddress } from '#shared/address-text.ts';

const PROT_NONE = 1n << 5n;

/** One clause; undefined for an entry that Linux takes as empty. */
export function linuxNotPresentNote(entry: bigint): string | undefined {
  if (entry === 0n) return undefined;
  if ((entry & PROT_NONE) !== 0n)
    return `Linux would read it as a page without any access right, at GPA ${formatAddress(((entry >> 10n) & ((1n << 44n) - 1n)) << 12n)}`;
  return `Linux since 6.3 would read the rest as a swap entry: type ${(entry >> 7n) & 31n}, offset ${formatAddress(entry >> 12n)}`;
}
