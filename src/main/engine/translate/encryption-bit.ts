/**
 * Page tables of machines that encrypt memory: one bit of the address in each entry is none of the address, but says that what it leads to is encrypted (the C-bit).
 *
 * Source: AMD APM vol. 2, "Secure Memory Encryption": "Page Table Support". Which bit it is, a CPU says in CPUID Fn8000_001F EBX, which no dump has; what a kernel made of it, it tells (arch/x86-64/complete.ts).
 * What reads a dump need not decrypt: Linux hands out a crashed kernel's memory as that kernel saw it.
 */
import type { BitField } from '#shared/model/index.ts';
import { ENTRY_NOT_PRESENT, type EntryFormat, type PagingMode } from './paging-mode.ts';

const NAME = 'C';
/** Bits of an address that are in an entry's high half. */
const FIRST = 32;
const LAST = 51;

/** The bit of a mask that has one where an address has its upper half; undefined for others. */
export function encryptionBitOf(mask: bigint): number | undefined {
  const bit = mask.toString(2).length - 1;
  return mask === 1n << BigInt(bit) && bit >= FIRST && bit <= LAST ? bit : undefined;
}

/** The mode with entries whose `bit` is none of the address; the mode itself without one. */
export function withEncryptionBit(mode: PagingMode, bit: number | undefined): PagingMode {
  return bit === undefined || mode.entrySize !== 8 ? mode : { ...mode, format: encryptedFormat(mode.format, bit) };
}

function encryptedFormat(format: EntryFormat, bit: number): EntryFormat {
  const address = ~(1 << (bit - FIRST));
  const mask = 1n << BigInt(bit);
  return {
    ...format,

    target: (level, low, high, kind) => format.target(level, low, (high & address) >>> 0, kind),

    flagNames(level, low, high, kind) {
      const names = format.flagNames(level, low, high, kind);
      return kind === ENTRY_NOT_PRESENT || (high & ~address) === 0 ? names : [...names, NAME];
    },

    fields(level, entry, kind, noExecuteOff) {
      const isSet = (entry & mask) !== 0n;
      const fields = format.fields(level, entry & ~mask, kind, noExecuteOff);
      return kind === ENTRY_NOT_PRESENT ? format.fields(level, entry, kind, noExecuteOff) : fields.flatMap((field) => around(field, bit, isSet));
    },
  };
}

/** A field in up to three parts where the bit lies inside it. */
function around(field: BitField, bit: number, isSet: boolean): BitField[] {
  const { bit: first, width, value } = field;
  const end = first + width;
  if (bit < first || bit >= end) return [field];
  const part = (from: number, to: number) => ({ bit: from, width: to - from, value: BigInt.asUintN(to - from, value >> BigInt(from - first)) });
  const encrypted: BitField = {
    ...part(bit, bit + 1),
    name: NAME,
    title: 'Encrypted (C-bit)',
    value: isSet ? 1n : 0n,
    meaning: isSet
      ? 'what it leads to is encrypted in memory; no part of the address'
      : 'what it leads to is not encrypted in memory; no part of the address',
  };
  const lower: BitField = { ...field, ...part(first, bit) };
  const upper: BitField = { ...field, ...part(bit + 1, end), meaning: 'more of the address' };
  return [...(bit > first ? [lower] : []), encrypted, ...(bit + 1 < end ? [upper] : [])];
}
