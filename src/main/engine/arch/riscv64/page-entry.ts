/**
 * Entries of RISC-V page tables: one decoder for all levels, of 8 bytes (Sv39, Sv48, Sv57 and the second stage's x4 forms) and of 4 (Sv32).
 *
 * Source: RISC-V Privileged Architecture (version 20240411), sections "Sv32", "Sv39" and "Two-Stage Address Translation"; extensions Svnapot and Svpbmt there.
 *
 *   0 V  1 R  2 W  3 X  4 U  5 G  6 A  7 D  8-9 RSW  10-53 PPN (4 bytes: 10-31)  54-60 reserved  61-62 PBMT  63 N
 *
 * An entry without R, W and X leads to the next table; any other ends the walk. The walk ends in a page fault at W without R, at bits that a pointer must have clear (A, D, U, PBMT, N), at a large page whose
 * address is not a multiple of its size, at PBMT = 3, and at N with any pattern but that of 64 KiB. Svnapot and Svpbmt are taken as present: no register of a dump surely says so.
 * Not told: A and D clear, which make some CPUs raise a page fault and others set them (Svade, Svadu); whether a page can be read (a page may be executable only).
 */
import type { BitField } from '#shared/model/index.ts';
import { PHYSICAL_LIMIT } from '#shared/units.ts';
import { formatAddress } from '#shared/address-text.ts';
import {
  ENTRY_NOT_PRESENT,
  ENTRY_PAGE,
  ENTRY_RESERVED,
  ENTRY_TABLE,
  RIGHT_EXECUTE,
  RIGHT_EXECUTE_PRIVILEGED,
  RIGHT_USER,
  RIGHT_WRITE,
  RIGHTS_ALL,
  type EntryFormat,
  type EntryKind,
} from '#engine/translate/paging-mode.ts';
import { linuxNotPresentNote } from './linux-not-present.ts';
import { pageEntryFields } from './page-entry-fields.ts';

const V = 1 << 0;
const R = 1 << 1;
const W = 1 << 2;
const X = 1 << 3;
const U = 1 << 4;
const A = 1 << 6;
const D = 1 << 7;
const LEAF = R | W | X;
const POINTER_ZERO = U | A | D;
/** In the high half: reserved bits, PBMT, N, and the PPN's bits from 2^52 on, beyond what a dump can hold. */
const RESERVED_HIGH = 0x1fc0_0000;
const PBMT_HIGH = 0x6000_0000;
const N_HIGH = 1 << 31;
const BEYOND_HIGH = 0x003c_0000;
const PPN_HIGH = 0x003f_ffff;
/** The PPN's low bits of an entry of a 64 KiB page, in place: 1000. */
const NAPOT_MASK = 0xf << 10;
const NAPOT_64K = 8 << 10;
const NAPOT_SHIFT = 16;
const PAGE_SIZE = 4096;

const FLAGS: readonly [number, string][] = [
  [0, 'V'],
  [1, 'R'],
  [2, 'W'],
  [3, 'X'],
  [4, 'U'],
  [5, 'G'],
  [6, 'A'],
  [7, 'D'],
];

export interface EntryVariant {
  /** Of 8 bytes: Sv39 and up; of 4: Sv32. */
  wide: boolean;
  /** Of the second stage, all of whose accesses count as user mode's. */
  second: boolean;
}

export function entryFormat({ wide, second }: EntryVariant): EntryFormat {
  const levelBits = wide ? 9 : 10;
  /** Bits of the low half, and how many in the high one, that a page of a level must have clear: the PPN below the page's size. */
  const misaligned = (level: number): bigint => ((1n << BigInt(levelBits * (level - 1))) - 1n) << 10n;
  const misalignedLow = [0, 1, 2, 3, 4, 5].map((level) => (level === 0 ? 0 : Number(misaligned(level) & 0xffff_ffffn) | 0));
  const misalignedHigh = [0, 1, 2, 3, 4, 5].map((level) => (level === 0 ? 0 : Number(misaligned(level) >> 32n) | 0));

  const isNapot = (level: number, high: number): boolean => level === 1 && (high & N_HIGH) !== 0;

  function isBroken(level: number, low: number, high: number): boolean {
    if ((high & (RESERVED_HIGH | BEYOND_HIGH)) !== 0) return true;
    if ((low & LEAF) === 0) return (low & POINTER_ZERO) !== 0 || (high & (PBMT_HIGH | N_HIGH)) !== 0;
    if ((low & (R | W)) === W || (high & PBMT_HIGH) === PBMT_HIGH) return true;
    if ((low & misalignedLow[level]!) !== 0 || (high & misalignedHigh[level]!) !== 0) return true;
    return (high & N_HIGH) !== 0 && (level > 1 || (low & NAPOT_MASK) !== NAPOT_64K);
  }

  const format: EntryFormat = {
    kind(level, low, high): EntryKind {
      if ((low & V) === 0) return ENTRY_NOT_PRESENT;
      if (isBroken(level, low, high)) return ENTRY_RESERVED;
      if ((low & LEAF) === 0) return level === 1 ? ENTRY_NOT_PRESENT : ENTRY_TABLE;
      return second && (low & U) === 0 ? ENTRY_NOT_PRESENT : ENTRY_PAGE;
    },

    target(level, low, high) {
      const page = (high & PPN_HIGH) * 2 ** 22 + (low >>> 10);
      return (isNapot(level, high) ? page - (page % 16) : page) * PAGE_SIZE;
    },

    rights(low) {
      if ((low & LEAF) === 0) return RIGHTS_ALL;
      const executable = (low & X) !== 0 ? RIGHT_EXECUTE | RIGHT_EXECUTE_PRIVILEGED : 0;
      return ((low & W) !== 0 ? RIGHT_WRITE : 0) | ((low & U) !== 0 ? RIGHT_USER : 0) | executable;
    },

    reservedBits(level, low, high) {
      const entry = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
      const bits = bitsOf(entry & (BigInt(RESERVED_HIGH | BEYOND_HIGH) << 32n));
      if ((low & LEAF) === 0) return [...bitsOf(BigInt(low & POINTER_ZERO)), ...bits, ...bitsOf(entry & (7n << 61n))];
      if ((low & (R | W)) === W) bits.unshift(2);
      bits.push(...bitsOf(entry & misaligned(level)));
      if ((high & PBMT_HIGH) === PBMT_HIGH) bits.push(61, 62);
      if ((high & N_HIGH) !== 0 && (level > 1 || (low & NAPOT_MASK) !== NAPOT_64K)) bits.push(63);
      return bits.sort((a, b) => a - b);
    },

    reservedReason(level, entry) {
      const low = Number(entry & 0xffff_ffffn);
      const high = Number(entry >> 32n);
      const address = formatAddress(((entry >> 10n) & ((1n << 44n) - 1n)) << 12n);
      if ((high & BEYOND_HIGH) !== 0)
        return `leads to GPA ${address}, at or beyond ${formatAddress(PHYSICAL_LIMIT)}, where no dump holds memory: it is not followed`;
      const fault = `the CPU raises a ${second ? 'guest-page' : 'page'} fault`;
      if ((low & (R | W)) === W) return `may be written and not read (bit 2 (W) without bit 1 (R)), which is reserved: ${fault}`;
      if ((low & LEAF) !== 0 && (entry & misaligned(level)) !== 0n)
        return `is of a large page, but its address ${address} is not a multiple of the page's size: ${fault}`;
      if ((low & LEAF) !== 0 && (high & RESERVED_HIGH) === 0 && (high & N_HIGH) !== 0 && level === 1 && (high & PBMT_HIGH) !== PBMT_HIGH)
        return `has bit 63 (N) set, but bits 10 to 13 are not 1000, which stands for the one size there is, 64 KiB: ${fault}`;
      return undefined;
    },

    flagNames(_level, low, high, kind) {
      if (kind === ENTRY_NOT_PRESENT) return [];
      const names = FLAGS.filter(([bit]) => ((low >>> bit) & 1) !== 0).map(([, name]) => name);
      const type = wide ? (high >>> 29) & 3 : 0;
      if (type !== 0) names.push(['', 'NC', 'IO', 'PBMT3'][type]!);
      if ((high & N_HIGH) !== 0) names.push('N');
      return names;
    },

    fields(level, entry, kind): BitField[] {
      return pageEntryFields(level, entry, kind, { wide, second });
    },

    notPresentReason(level, entry) {
      const bits = Number(entry & 0xffn);
      if ((bits & V) === 0) return 'bit 0 (V) is clear';
      if ((bits & LEAF) === 0) return 'bits 1 to 3 (R, W, X) are clear, which leads to a further table, and there is none below this level';
      return `bit 4 (U) is clear, and every access through the second stage counts as user mode's${level > 1 ? ' (large page)' : ''}`;
    },

    notPresentNote(_level, entry) {
      return (entry & 1n) === 0n ? linuxNotPresentNote(entry) : undefined;
    },

    pageReason(level) {
      return level === 1 ? 'the table is of the last level' : 'one of bits 1 to 3 (R, W, X) is set, which ends the walk here';
    },

    bitName(_level, bit) {
      const named = FLAGS.find(([candidate]) => candidate === bit);
      if (named) return `bit ${bit} (${named[1]})`;
      return bit === 63 ? 'bit 63 (N)' : bit >= 61 ? `bit ${bit} (PBMT)` : `bit ${bit}`;
    },

    reservedConsequence: `the CPU raises a ${second ? 'guest-page' : 'page'} fault`,
  };
  if (wide) format.pageShift = (level, _low, high) => (isNapot(level, high) ? NAPOT_SHIFT : 12 + levelBits * (level - 1));
  return format;
}

function bitsOf(value: bigint): number[] {
  const bits: number[] = [];
  for (let bit = 0; bit < 64; bit++) if (((value >> BigInt(bit)) & 1n) !== 0n) bits.push(bit);
  return bits;
}
