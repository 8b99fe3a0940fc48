/**
 * Short descriptors, 4 bytes each: the first level maps 1 MiB sections and 16 MiB supersections, the second 4 KiB and 64 KiB pages.
 *
 * Source: Arm Architecture Reference Manual, ARMv7-A (DDI 0406C), B3.5 "Short-descriptor translation table format", B3.7 "Memory access control".
 *
 *   table         0-1 = 01  2 PXN  3 NS  5-8 domain  10-31 address
 *   section       1 = 1  0 PXN  2 B  3 C  4 XN  5-8 domain  10-11 AP[1:0]  12-14 TEX  15 AP[2]  16 S  17 nG  18 = 0  19 NS  20-31 address
 *   supersection  18 = 1  5-8 bits 36 to 39 of the address  20-23 bits 32 to 35  24-31 address
 *   large page    0-1 = 01  2 B  3 C  4-5 AP[1:0]  9 AP[2]  10 S  11 nG  12-14 TEX  15 XN  16-31 address
 *   small page    1 = 1  0 XN  2 B  3 C  4-5 AP[1:0]  6-8 TEX  9 AP[2]  10 S  11 nG  12-31 address
 *
 * A large page and a supersection stand in 16 entries in a row, all alike.
 * Not supported: rights of domains (DACR): a page shows what it allows a client; formats before ARMv6 (subpages, SCTLR.XP = 0).
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
import { shortFields, shortFlagNames } from './short-fields.ts';

const FIRST = 2;
const SUPER = 1 << 18;
const TWO_TO_32 = 2 ** 32;
const TWO_TO_36 = 2 ** 36;

export const isSuper = (level: number, low: number): boolean => level === FIRST && (low & 2) !== 0 && (low & SUPER) !== 0;
export const isLarge = (level: number, low: number): boolean => level !== FIRST && (low & 3) === 1;

function kindOf(level: number, low: number): EntryKind {
  if ((low & 3) === 0) return ENTRY_NOT_PRESENT;
  return level === FIRST && (low & 3) === 1 ? ENTRY_TABLE : ENTRY_PAGE;
}

/** AP[2:0]. */
export function permissionsOf(level: number, low: number): number {
  return level === FIRST ? ((low >>> 10) & 3) | ((low >>> 13) & 4) : ((low >>> 4) & 3) | ((low >>> 7) & 4);
}

/** Writes and EL0 by AP[2:0]. */
const RIGHTS = [0, RIGHT_WRITE, RIGHT_WRITE | RIGHT_USER, RIGHT_WRITE | RIGHT_USER, 0, 0, RIGHT_USER, RIGHT_USER];

export function executeNever(level: number, low: number): boolean {
  if (level === FIRST) return (low & 16) !== 0;
  return isLarge(level, low) ? (low & 0x8000) !== 0 : (low & 1) !== 0;
}

/** `simple`: SCTLR.AFE, with which AP[0] is the access flag. */
export function shortDescriptor(simple: boolean): EntryFormat {
  return {
    kind: (level, low) => kindOf(level, low),

    target(level, low, _high, kind) {
      if (kind === ENTRY_TABLE) return (low & 0xffff_fc00) >>> 0;
      if (isSuper(level, low)) return ((low & 0xff00_0000) >>> 0) + ((low >>> 20) & 15) * TWO_TO_32 + ((low >>> 5) & 15) * TWO_TO_36;
      if (level === FIRST) return (low & 0xfff0_0000) >>> 0;
      return (low & (isLarge(level, low) ? 0xffff_0000 : 0xffff_f000)) >>> 0;
    },

    rights(low, _high, level) {
      if (kindOf(level, low) === ENTRY_TABLE) return (low & 4) === 0 ? RIGHTS_ALL : RIGHTS_ALL & ~RIGHT_EXECUTE_PRIVILEGED;
      const permissions = permissionsOf(level, low);
      const data = RIGHTS[simple ? permissions | 1 : permissions] as number;
      if (executeNever(level, low)) return data;
      const privileged = level === FIRST && (low & 1) !== 0 ? 0 : RIGHT_EXECUTE_PRIVILEGED;
      return data | RIGHT_EXECUTE | privileged;
    },

    reservedBits: () => [],
    flagNames: (level, low, _high, kind) => shortFlagNames(level, low, kind, simple),
    fields: (level, entry, kind) => shortFields(level, entry, kind, simple),
    notPresentNote: (level, entry) => linuxSwapNote(level, entry),
    pageReason: (level) => (level === FIRST ? 'bit 1 is set, which makes it a section and ends the walk here' : 'the second level is the last'),
    bitName: (_level, bit) => `bit ${bit}`,
    notPresentReason: (level) => `bits 1:0 are 00, so the CPU raises a translation fault at level ${level === FIRST ? 1 : 2}`,

    pageShift(level, low) {
      if (level === FIRST) return isSuper(level, low) ? 24 : 20;
      return isLarge(level, low) ? 16 : 12;
    },
  };
}

/** Linux keeps its own flags in a second table behind this one (arch/arm/include/asm/pgtable-2level.h): the CPU's entry of a page that is away is 0. */
function linuxSwapNote(_level: number, entry: bigint): string | undefined {
  return entry === 0n ? undefined : 'the CPU ignores the rest';
}
