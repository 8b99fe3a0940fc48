/**
 * Entries of Intel's extended page tables (EPT), which translate a guest's physical addresses.
 *
 * Source: Intel SDM vol. 3C, "The Extended Page Table Mechanism (EPT)": "EPT Translation Mechanism" (the tables of entry formats), "EPT Misconfigurations", "EPT and Memory Typing".
 *
 *   0 R  1 W  2 X  3-5 memory type (page)  6 ignore PAT (page)  7 PS(PD, PDPT)  8 A  9 D(page)  10 XU  12-51 address  52-62 software  63 suppress #VE (page)
 *
 * Not present: bits 0 to 2 all clear. Misconfigured, which ends in an exit of its own: W without R; of a pointer bits 3 to 6 (and 7 above the PDPT); of a page memory type 2, 3 or 7, and address bits below the page size.
 * Pages that can be executed and not read are taken as allowed, which most CPUs do. Not supported: mode-based execute control (bit 10 gives no right, and alone makes no entry present); bits above MAXPHYADDR,
 * which no dump tells; sub-page write permissions; that a page cannot be read, which `Rights` do not tell.
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
import { EPT_MEMORY_TYPES, eptEntryFields } from './ept-entry-fields.ts';
import { pageEntry } from './page-entry.ts';

const R = 1 << 0;
const W = 1 << 1;
const X = 1 << 2;
const PRESENT = R | W | X;
const PS = 1 << 7;
/** Of an entry that points to a table, in a PD or PDPT and above. */
const POINTER_RESERVED = 0x78;
const UPPER_RESERVED = 0xf8;
/** Address bits below the page size, from 12 on, of a 2 MiB (level 2) and a 1 GiB (level 3) page. */
const HUGE_RESERVED = [0, 0, 0x001f_f000, 0x3fff_f000];
const SUPPRESS_HIGH = 1 << 31;

const FLAGS: readonly [bit: number, name: string][] = [
  [0, 'R'],
  [1, 'W'],
  [2, 'X'],
];

const isPage = (level: number, low: number): boolean => level === 1 || (level <= 3 && (low & PS) !== 0);
const typeOf = (low: number): number => (low >>> 3) & 7;
const isBadType = (low: number): boolean => ((0b1000_1100 >>> typeOf(low)) & 1) !== 0;

function lowReserved(level: number, low: number): number {
  if (isPage(level, low)) return level === 1 ? 0 : low & (HUGE_RESERVED[level] ?? 0);
  return low & (level >= 4 ? UPPER_RESERVED : POINTER_RESERVED);
}

export const eptEntry: EntryFormat = {
  kind(level, low): EntryKind {
    if ((low & PRESENT) === 0) return ENTRY_NOT_PRESENT;
    if ((low & (R | W)) === W || lowReserved(level, low) !== 0) return ENTRY_RESERVED;
    if (!isPage(level, low)) return ENTRY_TABLE;
    return isBadType(low) ? ENTRY_RESERVED : ENTRY_PAGE;
  },

  target: (level, low, high, kind) => pageEntry.target(level, low, high, kind),

  rights(low) {
    return ((low & W) !== 0 ? RIGHT_WRITE : 0) | ((low & X) !== 0 ? RIGHT_EXECUTE : 0) | RIGHT_USER;
  },

  reservedBits(level, low) {
    const wrong = lowReserved(level, low) | ((low & (R | W)) === W ? W : 0) | (isPage(level, low) && isBadType(low) ? 0x38 & low : 0);
    return Array.from({ length: 32 }, (_, bit) => bit).filter((bit) => ((wrong >>> bit) & 1) !== 0);
  },

  reservedReason(level, entry) {
    const low = Number(entry & 0xffff_ffffn);
    if ((low & (R | W)) === W) return `may be written and not read (bit 1 (W) without bit 0 (R)), which is misconfigured: ${MISCONFIGURATION}`;
    if (lowReserved(level, low) === 0) return `has memory type ${typeOf(low)}, which there is not: ${MISCONFIGURATION}`;
    return undefined;
  },

  flagNames(level, low, high, kind) {
    if (kind === ENTRY_NOT_PRESENT) return [];
    const names = FLAGS.filter(([bit]) => ((low >>> bit) & 1) !== 0).map(([, name]) => name);
    const page = isPage(level, low);
    if (page) names.push(EPT_MEMORY_TYPES[typeOf(low)] ?? `MT${typeOf(low)}`);
    if (page && (low & 0x40) !== 0) names.push('IPAT');
    if (level > 1 && (low & PS) !== 0) names.push('PS');
    if ((low & 0x100) !== 0) names.push('A');
    if (page && (low & 0x200) !== 0) names.push('D');
    if ((low & 0x400) !== 0) names.push('XU');
    if (page && (high & SUPPRESS_HIGH) !== 0) names.push('SVE');
    return names;
  },

  fields(level, entry, kind): BitField[] {
    return eptEntryFields(level, entry, kind);
  },

  notPresentReason() {
    return 'bits 0 to 2 (R, W, X) are clear';
  },

  notPresentNote() {
    return undefined;
  },

  pageReason: pageEntry.pageReason,

  bitName(level, bit) {
    const named = FLAGS.find(([candidate]) => candidate === bit);
    if (named) return `bit ${bit} (${named[1]})`;
    return bit === 7 && level > 1 ? 'bit 7 (PS)' : `bit ${bit}`;
  },

  /** KVM since v6.10 keeps bit 63 (suppress #VE) in entries that nothing uses. */
  isEmpty(_level, low, high) {
    return low === 0 && (high === 0 || high >>> 0 === 0x8000_0000);
  },

  reservedConsequence: 'it is misconfigured, and the CPU leaves the guest with an EPT misconfiguration',
};

const MISCONFIGURATION = 'the CPU leaves the guest with an EPT misconfiguration';
