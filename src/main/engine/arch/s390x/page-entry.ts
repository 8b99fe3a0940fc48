/**
 * Entries of z/Architecture's region, segment and page tables: one decoder for all levels.
 *
 * Source: Principles of Operation, chapter "Storage", "Dynamic Address Translation" (the formats of entries, and "Translation Process" for the order of exceptions). As masks:
 *
 *   region entry   ~0xfff origin   0x400 FC (third)   0x200 P   0xc0 TF   0x20 I   0x10 CR (third)   0xc TT   0x3 TL
 *   segment entry  ~0x7ff origin   0x400 FC   0x200 P   0x20 I   0x10 CS   0xc TT
 *   with FC        frame of 2 GiB or 1 MiB   0x10000 AV   0xf000 ACC   0x800 F   0x100 IEP
 *   page entry     ~0xfff frame    0x800 must be 0   0x400 I   0x200 P   0x100 IEP
 *
 * DAT's tables do not tell user and kernel apart: storage keys and the choice of address space do, so every page counts as one for both. FC of a region-third entry counts where
 * enhanced DAT is enabled: whether the CPU has the second enhancement (EDAT-2) no dump tells, and without it systems do not set it.
 * Levels: 5 region-first, 4 region-second, 3 region-third, 2 segment, 1 page table.
 */
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
import { decodeBits, type BitTable } from '../bit-table.ts';
import { linuxNotPresentNote } from './linux-not-present.ts';
import { invalidBits, LARGE_REGION_BITS, LARGE_SEGMENT_BITS, PAGE_BITS, regionBits, segmentBits } from './page-entry-bits.ts';

const FC = 0x400;
const P = 0x200;
const IEP = 0x100;
const I = 0x20;
/** Of a region-third (CR) or segment entry (CS). */
const COMMON = 0x10;
const TT = 0xc;
const PAGE_ZERO = 0x800;
const PAGE_I = 0x400;
const TWO_TO_32 = 2 ** 32;

/** The low half's part of the address of a frame, by level; and of the next table. */
const FRAME_LOW = [0, 0xffff_f000, 0xfff0_0000, 0x8000_0000];
const TABLE_LOW = [0, 0, 0xffff_f800, 0xffff_f000, 0xffff_f000, 0xffff_f000];

/** The manual's name of the exception that an invalid entry of a level raises. */
export const EXCEPTIONS = [
  '',
  'page-translation',
  'segment-translation',
  'region-third-translation',
  'region-second-translation',
  'region-first-translation',
];
const ENTRY_NAMES = ['', 'page', 'segment', 'region-third', 'region-second', 'region-first'];

const typeOf = (level: number): number => (level - 2) << 2;

export interface EntryRules {
  /** Whether enhanced DAT is enabled: large frames, and P in region entries. */
  edat: boolean;
  /** Whether the space is private: common regions and segments are then wrong. */
  privateSpace: boolean;
}

export function entryFormat({ edat, privateSpace }: EntryRules): EntryFormat {
  const large = edat ? FC : 0;
  const common = [0, 0, privateSpace ? COMMON : 0, privateSpace && edat ? COMMON : 0, 0, 0];
  const isLarge = (level: number, low: number): boolean => (level === 2 || level === 3) && (low & large) !== 0;

  const kind = (level: number, low: number): EntryKind => {
    if (level === 1) return (low & PAGE_I) !== 0 ? ENTRY_NOT_PRESENT : (low & PAGE_ZERO) !== 0 ? ENTRY_RESERVED : ENTRY_PAGE;
    if ((low & I) !== 0) return ENTRY_NOT_PRESENT;
    if ((low & TT) !== typeOf(level) || (low & (common[level] as number)) !== 0) return ENTRY_RESERVED;
    return isLarge(level, low) ? ENTRY_PAGE : ENTRY_TABLE;
  };

  const bitsOf = (level: number, low: number, kind: EntryKind): BitTable => {
    if (kind === ENTRY_NOT_PRESENT) return invalidBits(level);
    if (level === 1) return PAGE_BITS;
    if (isLarge(level, low)) return level === 2 ? LARGE_SEGMENT_BITS : LARGE_REGION_BITS;
    return level === 2 ? segmentBits(edat) : regionBits(level, edat);
  };

  return {
    kind,

    target(level, low, high, kind) {
      const mask = (kind === ENTRY_PAGE ? FRAME_LOW : TABLE_LOW)[level] ?? 0;
      return high * TWO_TO_32 + ((low & mask) >>> 0);
    },

    rights(low, _high, level, noExecuteOff) {
      const writable = (low & P) === 0 || (level > 2 && !edat);
      const leaf = level === 1 || isLarge(level, low);
      const executable = noExecuteOff || !leaf || (low & IEP) === 0;
      return (writable ? RIGHT_WRITE : 0) | RIGHT_USER | (executable ? RIGHT_EXECUTE : 0);
    },

    reservedBits(level, low) {
      if (kind(level, low) !== ENTRY_RESERVED) return [];
      if (level === 1) return [11];
      const wrong = (low & TT) ^ typeOf(level);
      return [2, 3].filter((bit) => ((wrong >>> bit) & 1) !== 0).concat((low & (common[level] as number)) !== 0 ? [4] : []);
    },

    reservedConsequence: 'the CPU raises a translation-specification exception',

    reservedReason(level, entry) {
      const low = Number(entry & 0xffffn);
      if (level === 1) return undefined;
      if ((low & TT) === typeOf(level))
        return 'is valid, but common to all spaces (0x10), which a private space does not allow: the CPU raises a translation-specification exception';
      const found = ENTRY_NAMES[((low & TT) >> 2) + 2];
      return `is valid, but its type (TT) is that of a ${found}-table entry where a ${ENTRY_NAMES[level]}-table entry belongs: the CPU raises a translation-specification exception`;
    },

    nextRange(level, low) {
      // A page table is always whole.
      if (level === 2) return 255;
      return ((low & 0xc0) >>> 6) * 512 * 65536 + ((low & 3) + 1) * 512 - 1;
    },

    flagNames(level, low, _high, kind) {
      if (kind === ENTRY_NOT_PRESENT) return [];
      const names: string[] = [];
      const isFrame = isLarge(level, low);
      if ((low & P) !== 0 && (level <= 2 || edat)) names.push('P');
      if (isFrame) names.push('FC');
      if ((level === 1 || isFrame) && (low & IEP) !== 0) names.push('IEP');
      if (isFrame && (low & 0x1_0000) !== 0) names.push('AV');
      if (isFrame && (low & 0x800) !== 0) names.push('F');
      if (level === 2 && (low & COMMON) !== 0) names.push('CS');
      if (level === 3 && edat && (low & COMMON) !== 0) names.push('CR');
      return names;
    },

    fields(level, entry, kind) {
      return decodeBits(bitsOf(level, Number(entry & 0xffff_ffffn), kind), entry, 64).reverse();
    },

    notPresentNote: linuxNotPresentNote,

    isEmpty(level, low, high) {
      return high === 0 && (level === 1 ? low === PAGE_I : (low & ~TT) === I);
    },

    notPresentReason(level) {
      return `I (0x${(level === 1 ? PAGE_I : I).toString(16)}) is set, so the CPU raises a ${EXCEPTIONS[level]} exception`;
    },

    outsideConsequence(level) {
      return `the CPU raises a ${EXCEPTIONS[level]} exception`;
    },

    pageReason(level) {
      return level === 1 ? 'the page table is the last level' : 'FC (0x400) ends the walk here';
    },

    bitName(level, bit) {
      return level === 1 && bit === 11 ? 'bit 11 (bit 52 in the manual)' : `bit ${bit}`;
    },
  };
}
