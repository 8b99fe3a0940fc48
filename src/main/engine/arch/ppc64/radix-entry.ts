/**
 * Entries of radix trees, 8 bytes, always big-endian: page directory entries and page table entries, told apart by L.
 *
 * Source: Power ISA 3.0B, Book III, sections 5.7.10.2 (radix tree), figures "Radix Page Directory Entry" and "Radix Page Table Entry"; POWER9 Processor User's Manual,
 * section 4.10.4.1, for the trees that CPUs have: 2^13, 2^9, 2^9 and 2^5 or 2^9 entries, the last of 64 KiB or 4 KiB pages.
 *
 *   63 V  62 L
 *   directory  4-59 next table (multiples of its size)  0-4 size of the next table (NLS)
 *   page       56-12 page  11-9, 61 software  8 R  7 C  5-4 attributes  3 privileged  2 read  1 read and write  0 execute
 *
 * Not supported: tree forms that no CPU up to POWER10 has; they are shown as such.
 */
import type { BitField } from '#shared/model/index.ts';
import { formatAddress } from '#shared/address-text.ts';
import { FieldList } from '../field-list.ts';
import { software } from './software-bits.ts';
import {
  ENTRY_NOT_PRESENT,
  ENTRY_PAGE,
  ENTRY_RESERVED,
  ENTRY_TABLE,
  RIGHTS_ALL,
  RIGHT_EXECUTE,
  RIGHT_EXECUTE_PRIVILEGED,
  RIGHT_USER,
  RIGHT_WRITE,
  type EntryFormat,
  type EntryKind,
} from '#engine/translate/paging-mode.ts';
import { linuxNotPresentNote } from './linux-not-present.ts';

const V_HIGH = 1 << 31;
const L_HIGH = 1 << 30;
const TWO_TO_32 = 2 ** 32;
/** Bits 32 to 59 of a directory's next table, and to 56 of a page. */
const TABLE_HIGH = 0x0fff_ffff;
const PAGE_HIGH = 0x01ff_ffff;
const NLS = 0x1f;

export const RADIX_NAMES = ['', 'PTE', 'PMD', 'PUD', 'PGD'];
/** Shift of the pages of each level, 1 with tables of 2^9 entries. */
const SHIFTS = [0, 12, 21, 30, 39];

/** Whether a directory entry of `level` may say that the next table has 2^bits entries. */
function isTree(level: number, bits: number): boolean {
  return level > 1 && (bits === 9 || (level === 2 && bits === 5));
}

const ATTRIBUTES = ['normal memory', 'strong access order', 'not cached, not idempotent (devices)', 'not cached, tolerant'];

export const radixEntry: EntryFormat = {
  kind(level, low, high): EntryKind {
    if ((high & V_HIGH) === 0) return ENTRY_NOT_PRESENT;
    // A page of the top level would be as large as nothing that CPUs support.
    if ((high & L_HIGH) !== 0) return level === 4 ? ENTRY_RESERVED : ENTRY_PAGE;
    return isTree(level, low & NLS) ? ENTRY_TABLE : ENTRY_RESERVED;
  },

  target(level, low, high, kind) {
    if (kind === ENTRY_TABLE) return (high & TABLE_HIGH) * TWO_TO_32 + ((low & 0xffff_ff00) >>> 0);
    const page = (high & PAGE_HIGH) * TWO_TO_32 + ((low & 0xffff_f000) >>> 0);
    return level === 1 ? page : page - (page % 2 ** (SHIFTS[level] ?? 12));
  },

  rights(low, high) {
    // Directory entries give no rights of their own.
    if ((high & L_HIGH) === 0) return RIGHTS_ALL;
    const user = (low & 8) === 0;
    const execute = (low & 1) === 0 ? 0 : user ? RIGHT_EXECUTE | RIGHT_EXECUTE_PRIVILEGED : RIGHT_EXECUTE_PRIVILEGED;
    return ((low & 2) !== 0 ? RIGHT_WRITE : 0) | (user ? RIGHT_USER : 0) | execute;
  },

  reservedBits() {
    return [];
  },

  reservedReason(level, entry) {
    if (((entry >> 62n) & 1n) === 1n) return `is a page, which ${RADIX_NAMES[level]} entries cannot be`;
    if (level === 1) return 'points to a further table, which the last level cannot do: the CPU raises a storage interrupt (unsupported radix tree)';
    return `says that the next table has 2^${entry & 31n} entries, which no CPU supports: it raises a storage interrupt (unsupported radix tree)`;
  },

  nextShift(level, low) {
    return (SHIFTS[level] ?? 0) - (low & NLS);
  },

  flagNames(_level, low, high, kind) {
    if (kind === ENTRY_NOT_PRESENT) return [];
    const names = ['V'];
    if ((high & L_HIGH) === 0) return names;
    names.push('L');
    for (const [bit, name] of FLAGS) if (((low >>> bit) & 1) !== 0) names.push(name);
    const attributes = (low >>> 4) & 3;
    if (attributes !== 0) names.push(['', 'SAO', 'NI', 'TI'][attributes] ?? '');
    return names;
  },

  fields(level, entry, kind): BitField[] {
    const list = new FieldList(entry);
    if (kind === ENTRY_NOT_PRESENT) {
      list.add(0, 63, 'ignored', 'Ignored', software);
      list.flag(63, 'V', 'Valid', 'not valid: the walk ends here with a storage interrupt', '');
      return list.fields;
    }
    if (((entry >> 62n) & 1n) === 1n) pageFields(list);
    else {
      list.add(0, 5, 'NLS', 'Next level size', (value) => `the next table has 2^${value} entries`);
      list.add(5, 3, 'reserved', 'Reserved', (value) => (value === 0n ? '0' : 'set, although the manual reserves them'));
      const next = RADIX_NAMES[level - 1] ?? 'next';
      list.add(8, 52, 'NLB', 'Next level base', (value) => `the ${next} table is at ${formatAddress(value << 8n)}`);
      list.add(60, 2, 'software', 'Software', software);
    }
    list.flag(62, 'L', 'Leaf', 'points to a table', 'maps a page: the walk ends here');
    list.flag(63, 'V', 'Valid', '', 'valid');
    return list.fields;
  },

  notPresentNote(_level, entry) {
    return linuxNotPresentNote(entry);
  },

  notPresentReason: () => 'bit 63 (V) is clear',
  pageReason: () => 'bit 62 (L) ends the walk here',
  bitName: (_level, bit) => `bit ${bit}`,
};

const FLAGS: readonly [number, string][] = [
  [8, 'R'],
  [7, 'C'],
  [3, 'PRIV'],
  [2, 'READ'],
  [1, 'RW'],
  [0, 'X'],
];

function pageFields(list: FieldList): void {
  list.flag(0, 'X', 'Execute', 'no code may be fetched', 'code may be fetched');
  list.flag(1, 'RW', 'Read and write', 'no writes', 'reads and writes are allowed');
  list.flag(2, 'READ', 'Read', 'no reads, unless RW is set', 'reads are allowed');
  list.flag(
    3,
    'PRIV',
    'Privileged',
    'user mode may use the page; for privileged accesses AMR and IAMR may forbid it',
    'for privileged accesses only',
  );
  list.add(4, 2, 'ATT', 'Attributes', (value) => ATTRIBUTES[Number(value)] ?? '');
  list.add(6, 1, 'reserved', 'Reserved', (value) => (value === 0n ? '0' : 'set, although the manual reserves it'));
  list.flag(7, 'C', 'Change', 'not written to', 'has been written to');
  list.flag(8, 'R', 'Reference', 'not used since software cleared it', 'has been used');
  list.add(9, 3, 'software', 'Software', software);
  list.add(12, 45, 'RPN', 'Page', (value) => `the page starts at ${formatAddress(value << 12n)}, less what is below its size`);
  list.add(57, 4, 'reserved', 'Reserved', (value) => (value === 0n ? '0' : 'set, although the manual reserves them'));
  list.add(61, 1, 'software', 'Software', software);
}
