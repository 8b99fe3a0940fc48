/**
 * Entries of PAE page tables (32-bit virtual addresses, 8-byte entries): those of long mode, with more reserved bits, and a top table whose four
 * entries give no rights of their own.
 *
 * Source: Intel SDM vol. 3A, chapter "Paging", "PAE Paging" (the tables of entry formats); AMD APM vol. 2 section 5.2.2.
 *
 *   PDPTE  0 P  1-2 reserved  3 PWT  4 PCD  5 reserved (A)  6-8 reserved  9-11 software  12-51 address  52-63 reserved
 *   PDE, PTE  as page-entry.ts, but 52-62 reserved
 *
 * A CPU checks PDPTEs when CR3 is loaded, not on a walk; a reserved bit in one is shown all the same, but for bit 5: QEMU's emulator (TCG, 7.2) sets
 * it in memory as it would an accessed bit, and does not mind it.
 */
import { formatAddress } from '#shared/address-text.ts';
import type { BitField } from '#shared/model/index.ts';
import { ENTRY_NOT_PRESENT, ENTRY_RESERVED, ENTRY_TABLE, RIGHTS_ALL, type EntryFormat, type EntryKind } from '#engine/translate/paging-mode.ts';
import { FieldList } from '../field-list.ts';
import { pageEntry } from './page-entry.ts';
import { pageEntryFields, software } from './page-entry-fields.ts';

const TOP = 3;
const PDPTE_LOW_RESERVED = 0x1c6;
const PDPTE_HIGH_RESERVED = 0xfff0_0000;
const HIGH_RESERVED = 0x7ff0_0000;

function reserved(level: number, high: number): number {
  return high & (level === TOP ? PDPTE_HIGH_RESERVED : HIGH_RESERVED);
}

export const pageEntryPae: EntryFormat = {
  ...pageEntry,

  kind(level, low, high, noExecuteOff): EntryKind {
    if ((low & 1) === 0) return ENTRY_NOT_PRESENT;
    if (reserved(level, high) !== 0) return ENTRY_RESERVED;
    if (level === TOP) return (low & PDPTE_LOW_RESERVED) !== 0 ? ENTRY_RESERVED : ENTRY_TABLE;
    return pageEntry.kind(level, low, high, noExecuteOff);
  },

  rights(low, high, level, noExecuteOff) {
    return level === TOP ? RIGHTS_ALL : pageEntry.rights(low, high, level, noExecuteOff);
  },

  reservedBits(level, low, high, noExecuteOff) {
    const bits = level === TOP ? bitsOf(low & PDPTE_LOW_RESERVED, 0) : pageEntry.reservedBits(level, low, high, noExecuteOff);
    return [...new Set([...bits, ...bitsOf(reserved(level, high), 32)])].sort((a, b) => a - b);
  },

  flagNames(level, low, high, kind) {
    if (level !== TOP) return pageEntry.flagNames(level, low, high, kind);
    return kind === ENTRY_NOT_PRESENT ? [] : ['P', ...((low & 8) !== 0 ? ['PWT'] : []), ...((low & 16) !== 0 ? ['PCD'] : [])];
  },

  fields(level, entry, kind, noExecuteOff): BitField[] {
    if (kind === ENTRY_NOT_PRESENT) return pageEntryFields(level, entry, kind, noExecuteOff);
    if (level === TOP) return topFields(entry);
    const fields = pageEntryFields(level, entry, kind, noExecuteOff).filter(({ bit }) => bit < 52 || bit === 63);
    const list = new FieldList(entry);
    list.reserved(52, 11, 'reserved', 'Reserved');
    return [...fields, ...list.fields].sort((a, b) => a.bit - b.bit);
  },

  // What Linux keeps in such entries is laid out differently from 64-bit kernels.
  notPresentNote() {
    return undefined;
  },
};

function topFields(entry: bigint): BitField[] {
  const list = new FieldList(entry);
  list.flag(0, 'P', 'Present', '', 'present');
  list.reserved(1, 2, 'reserved', 'Reserved');
  list.flag(3, 'PWT', 'Page-level write-through', 'the next table is read write-back', 'the next table is read write-through');
  list.flag(4, 'PCD', 'Page-level cache disable', 'the next table is read through the cache', 'the next table is read without the cache');
  list.flag(5, 'A', 'Reserved (accessed)', 'clear', "set, although the manual reserves it: QEMU's emulator uses it as an accessed bit");
  list.reserved(6, 3, 'reserved', 'Reserved');
  list.add(9, 3, 'AVL', 'Available to software', software);
  list.add(12, 40, 'address', 'Table address', (value) => `the PD is at GPA ${formatAddress(value << 12n)}`);
  list.reserved(52, 12, 'reserved', 'Reserved');
  return list.fields;
}

function bitsOf(value: number, first: number): number[] {
  return Array.from({ length: 32 }, (_, bit) => bit)
    .filter((bit) => ((value >>> bit) & 1) !== 0)
    .map((bit) => first + bit);
}
