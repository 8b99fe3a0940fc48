/**
 * Descriptors of AArch64 translation tables: one decoder for all levels, for each granule, address layout and stage.
 *
 * Source: Arm Architecture Reference Manual for A-profile (DDI 0487J), D8.3 "Translation table descriptor formats", D8.4 "Memory access control".
 *
 *   table         0 = 1  1 = 1  12-47 address                                       59 PXNTable  60 UXNTable  61-62 APTable  63 NSTable
 *   block, page   0 = 1  1 = 0 (block), 1 (page)  2-4 AttrIndx  5 NS  6-7 AP  8-9 SH  10 AF  11 nG  12-47 address  50 GP  51 DBM  52 Contiguous  53 PXN  54 UXN
 *   stage 2       the same, with 2-5 MemAttr  6-7 S2AP  53-54 XN
 *
 * Addresses of 52 bits: with 64 KiB pages bits 12 to 15 are bits 48 to 51 of the address (FEAT_LPA; CPUs without it want 0 there); with LPA2 bits 48 and 49 are in place and
 * bits 8 and 9 are bits 50 and 51.
 *
 * A level counts from 1, the one of the smallest pages: `level` 1 is the manual's level 3, 4 its level 0, 5 its level -1.
 * The access flag (AF) does not decide what is mapped: a page whose flag is clear is shown as mapped, since the operating system takes it for that.
 * Not supported: address-size faults (TCR.IPS); SCTLR.WXN; permission indirection and overlays (FEAT_S1PIE, FEAT_S1POE); 128-bit descriptors (FEAT_D128).
 */
import {
  ENTRY_NOT_PRESENT,
  ENTRY_PAGE,
  ENTRY_TABLE,
  RIGHT_EXECUTE,
  RIGHT_EXECUTE_PRIVILEGED,
  RIGHT_USER,
  RIGHT_WRITE,
  RIGHTS_ALL,
  type EntryFormat,
  type EntryKind,
} from '#engine/translate/paging-mode.ts';
import { blockFields, invalidFields, tableFields } from './descriptor-fields.ts';
import { flagNamesOf } from './descriptor-flags.ts';
import { linuxNotPresentNote } from './linux-not-present.ts';

export type GranuleSize = 4 | 16 | 64;
/**
 * `two`: EL0 has its own rights (EL1&0, EL2&0). `one`: a regime of one exception level (EL2 without E2H, EL3). `aarch32`: as `two`, of an AArch32 CPU, where bit 54 (XN) is for both levels.
 */
export type DescriptorUse = 'two' | 'one' | 'aarch32' | 'stage-2';

export interface DescriptorForm {
  /** KiB. */
  granule: GranuleSize;
  /** TCR.DS: addresses of 52 bits with 4 and 16 KiB pages. */
  lpa2: boolean;
  use: DescriptorUse;
  /** TCR.HPD: rights of table descriptors do not count. */
  flat: boolean;
  /** 40 on AArch32, whose descriptors have no more bits of an address; else 48, or what `lpa2` and 64 KiB add. */
  addressBits?: 40;
}

/** Bits of an address inside a page. */
export const GRANULE_SHIFT: Readonly<Record<GranuleSize, number>> = { 4: 12, 16: 14, 64: 16 };

/** The level as the manual numbers it. */
export const manualLevel = (level: number): number => 4 - level;

/** Highest level that can have blocks. */
export function topBlockLevel({ granule, lpa2 }: DescriptorForm): number {
  if (granule === 4) return lpa2 ? 4 : 3;
  if (granule === 16) return lpa2 ? 3 : 2;
  return 3;
}

const VALID = 1;
const TYPE = 2;
const TWO_TO_32 = 2 ** 32;
const TWO_TO_48 = 2 ** 48;
const TWO_TO_50 = 2 ** 50;

/** The low and the high half's part of an address of which bits `shift` and up count. */
function masksOf(shift: number, highBits: number): { low: number; high: number } {
  const high = 2 ** highBits - 1;
  return shift >= 32 ? { low: 0, high: high & ~(2 ** (shift - 32) - 1) } : { low: -(2 ** shift), high };
}

export function descriptorFormat(form: DescriptorForm): EntryFormat {
  const { granule, lpa2, use } = form;
  const pageShift = GRANULE_SHIFT[granule];
  const stride = pageShift - 3;
  const blocks = topBlockLevel(form);
  const highBits = lpa2 ? 18 : (form.addressBits ?? 48) - 32;
  /** By level; 0 is for tables. */
  const masks = [0, 1, 2, 3, 4, 5].map((level) => masksOf(pageShift + Math.max(0, level - 1) * stride, highBits));
  const lowMasks = Int32Array.from(masks, ({ low }) => low);
  const highMasks = Int32Array.from(masks, ({ high }) => high);
  const upper = granule === 64 ? (low: number) => ((low >>> 12) & 15) * TWO_TO_48 : lpa2 ? (low: number) => ((low >>> 8) & 3) * TWO_TO_50 : () => 0;

  const kindOf = (level: number, low: number): EntryKind => {
    if ((low & VALID) === 0) return ENTRY_NOT_PRESENT;
    if (level === 1) return (low & TYPE) === 0 ? ENTRY_NOT_PRESENT : ENTRY_PAGE;
    if ((low & TYPE) !== 0) return ENTRY_TABLE;
    return level <= blocks ? ENTRY_PAGE : ENTRY_NOT_PRESENT;
  };

  return {
    kind: kindOf,

    target(level, low, high, kind) {
      const row = kind === ENTRY_PAGE ? level : 0;
      return (high & (highMasks[row] as number)) * TWO_TO_32 + ((low & (lowMasks[row] as number)) >>> 0) + upper(low);
    },

    rights(low, high, level) {
      const leaf = kindOf(level, low) === ENTRY_PAGE;
      if (use === 'stage-2') return leaf ? stage2Rights(low, high) : RIGHTS_ALL;
      if (!leaf) return form.flat ? RIGHTS_ALL : tableRights(high, use);
      return use === 'one' ? oneLevelRights(low, high) : twoLevelRights(low, high, use === 'aarch32');
    },

    reservedBits: () => [],
    flagNames: (_level, low, high, kind) => flagNamesOf(form, low, high, kind),

    fields(level, entry, kind) {
      if (kind === ENTRY_NOT_PRESENT) return invalidFields(entry);
      return kind === ENTRY_TABLE ? tableFields(form, level, entry) : blockFields(form, level, entry);
    },

    notPresentNote: (level, entry) => (use === 'stage-2' ? undefined : linuxNotPresentNote(level, entry)),
    pageReason: (level) => (level === 1 ? 'level 3 is the last' : 'bit 1 (type) is clear, which makes it a block and ends the walk here'),
    bitName: (_level, bit) => `bit ${bit}`,

    notPresentReason(level, entry) {
      const fault = `the CPU raises a ${use === 'stage-2' ? 'stage 2 ' : ''}translation fault at level ${manualLevel(level)}`;
      return (entry & 1n) === 0n ? `bit 0 (valid) is clear, so ${fault}` : `bits 1:0 are 01, and there are no blocks at this level, so ${fault}`;
    },
  };
}

const bitOf = (word: number, bit: number): boolean => ((word >>> bit) & 1) !== 0;

/** AP[1] opens it to EL0, AP[2] makes it read-only; what EL0 can write, EL1 does not execute. */
function twoLevelRights(low: number, high: number, shared: boolean): number {
  const user = bitOf(low, 6);
  const writable = !bitOf(low, 7);
  const privileged = !bitOf(high, 21) && (shared ? !bitOf(high, 22) : !(user && writable));
  return (writable ? RIGHT_WRITE : 0) | (user ? RIGHT_USER : 0) | (bitOf(high, 22) ? 0 : RIGHT_EXECUTE) | (privileged ? RIGHT_EXECUTE_PRIVILEGED : 0);
}

function oneLevelRights(low: number, high: number): number {
  return (bitOf(low, 7) ? 0 : RIGHT_WRITE) | (bitOf(high, 22) ? 0 : RIGHT_EXECUTE_PRIVILEGED);
}

/** By XN[1:0], bits 54 and 53; only EL0 or only EL1 with FEAT_XNX, without which bit 53 is 0. */
const STAGE_2_EXECUTE = [RIGHT_EXECUTE | RIGHT_EXECUTE_PRIVILEGED, RIGHT_EXECUTE, 0, RIGHT_EXECUTE_PRIVILEGED];

/** S2AP[1] allows writes. A second stage has no rights of EL0 alone. */
function stage2Rights(low: number, high: number): number {
  return RIGHT_USER | (bitOf(low, 7) ? RIGHT_WRITE : 0) | (STAGE_2_EXECUTE[(high >>> 21) & 3] as number);
}

function tableRights(high: number, use: DescriptorUse): number {
  const noWrite = bitOf(high, 30);
  if (use === 'one') return (noWrite ? 0 : RIGHT_WRITE) | RIGHT_USER | RIGHT_EXECUTE | (bitOf(high, 28) ? 0 : RIGHT_EXECUTE_PRIVILEGED);
  return (
    (noWrite ? 0 : RIGHT_WRITE) |
    (bitOf(high, 29) ? 0 : RIGHT_USER) |
    (bitOf(high, 28) ? 0 : RIGHT_EXECUTE) |
    (bitOf(high, 27) || (use === 'aarch32' && bitOf(high, 28)) ? 0 : RIGHT_EXECUTE_PRIVILEGED)
  );
}
