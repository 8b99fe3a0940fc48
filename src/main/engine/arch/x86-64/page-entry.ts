/**
 * Entries of x86 page tables with 8-byte entries: one decoder for all levels of 4- and 5-level paging.
 *
 * Source: Intel SDM vol. 3A, chapter "Paging", "4-Level Paging and 5-Level Paging" (the tables of entry formats); AMD APM vol. 2 sections 5.3
 * (long-mode page translation) and 5.4 (page-translation-table entry fields).
 *
 *   0 P  1 RW  2 US  3 PWT  4 PCD  5 A  6 D(page)  7 PS(PD, PDPT) or PAT(PT)  8 G(page)  9-11 software  12 PAT(2 MiB, 1 GiB page)
 *   12-51 address  52-58 software  59-62 protection key (page)  63 NX
 *
 * Reserved: bit 7 of PML5 and PML4 entries; address bits below the page size of 2 MiB and 1 GiB pages (13 up); NX when EFER.NXE is 0.
 * Not supported: address bits above MAXPHYADDR, which no dump tells (52 is assumed); the keys' own rights (PKRU); HLAT's bit 11;
 * TDX's bit of shared memory. AMD's encryption bit: translate/encryption-bit.ts.
 */
import type { BitField } from '#shared/model/index.ts';
import {
  ENTRY_NOT_PRESENT,
  ENTRY_PAGE,
  ENTRY_RESERVED,
  ENTRY_TABLE,
  RIGHT_EXECUTE,
  RIGHT_USER,
  RIGHT_WRITE,
  type EntryFormat,
  type EntryKind,
} from '#engine/translate/paging-mode.ts';
import { pageEntryFields } from './page-entry-fields.ts';
import { linuxNotPresentNote } from './linux-not-present.ts';

const P = 1 << 0;
const RW = 1 << 1;
const US = 1 << 2;
const PS = 1 << 7;
const PAT_4K = 1 << 7;
const PAT_HUGE = 1 << 12;
const NX_HIGH = 1 << 31;
const TWO_TO_32 = 2 ** 32;

/** Bits of the low half that must be 0 in a 2 MiB (level 2) and a 1 GiB (level 3) page: 13 up to the page size. */
const HUGE_RESERVED = [0, 0, 0x001f_e000, 0x3fff_e000];
/** The low half's part of the page address, by level. */
const PAGE_LOW = [0, 0xffff_f000, 0xffe0_0000, 0xc000_0000];
/** Bits 32 to 51, in the high half. */
const ADDRESS_HIGH = 0x000f_ffff;

function isPage(level: number, low: number): boolean {
  return level === 1 || (level <= 3 && (low & PS) !== 0);
}

function lowReserved(level: number, low: number): number {
  if (level >= 4) return low & PS;
  return level >= 2 && (low & PS) !== 0 ? low & (HUGE_RESERVED[level] ?? 0) : 0;
}

const PLAIN_FLAGS: [number, string][] = [
  [0, 'P'],
  [1, 'RW'],
  [2, 'US'],
  [3, 'PWT'],
  [4, 'PCD'],
  [5, 'A'],
];

export const pageEntry: EntryFormat = {
  kind(level, low, high, noExecuteOff): EntryKind {
    if ((low & P) === 0) return ENTRY_NOT_PRESENT;
    if (lowReserved(level, low) !== 0 || (noExecuteOff && (high & NX_HIGH) !== 0)) return ENTRY_RESERVED;
    return isPage(level, low) ? ENTRY_PAGE : ENTRY_TABLE;
  },

  target(level, low, high, kind) {
    const mask = kind === ENTRY_PAGE ? (PAGE_LOW[level] ?? 0) : 0xffff_f000;
    return (high & ADDRESS_HIGH) * TWO_TO_32 + ((low & mask) >>> 0);
  },

  rights(low, high) {
    return ((low & RW) !== 0 ? RIGHT_WRITE : 0) | ((low & US) !== 0 ? RIGHT_USER : 0) | ((high & NX_HIGH) === 0 ? RIGHT_EXECUTE : 0);
  },

  reservedBits(level, low, high, noExecuteOff) {
    const bits: number[] = [];
    const wrong = lowReserved(level, low);
    for (let bit = 0; bit < 32; bit++) if (((wrong >>> bit) & 1) !== 0) bits.push(bit);
    if (noExecuteOff && (high & NX_HIGH) !== 0) bits.push(63);
    return bits;
  },

  flagNames(level, low, high, kind) {
    if (kind === ENTRY_NOT_PRESENT) return [];
    const names = PLAIN_FLAGS.filter(([bit]) => ((low >>> bit) & 1) !== 0).map(([, name]) => name);
    if (isPage(level, low)) {
      if ((low & (1 << 6)) !== 0) names.push('D');
      if (level > 1) names.push('PS');
      if ((low & (1 << 8)) !== 0) names.push('G');
      if ((low & (level === 1 ? PAT_4K : PAT_HUGE)) !== 0) names.push('PAT');
    } else if ((low & PS) !== 0) names.push('PS');
    if ((high & NX_HIGH) !== 0) names.push('NX');
    return names;
  },

  fields(level, entry, kind, noExecuteOff): BitField[] {
    return pageEntryFields(level, entry, kind, noExecuteOff);
  },

  notPresentNote(level, entry) {
    return linuxNotPresentNote(level, entry);
  },

  pageReason(level) {
    return level === 1 ? 'the page table is the last level' : 'bit 7 (PS) ends the walk here';
  },

  bitName(level, bit) {
    if (bit === 63) return 'bit 63 (NX)';
    return bit === 7 && level > 1 ? 'bit 7 (PS)' : `bit ${bit}`;
  },
};
