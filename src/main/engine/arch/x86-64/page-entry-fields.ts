/**
 * The bits of an x86 page-table entry in words, lowest bit first; which bits there are depends on what the entry is.
 *
 * Source: as page-entry.ts. Memory types: Intel SDM vol. 3A, chapter "Paging", "Paging and Memory Typing"; protection keys:
 * the same chapter, "Protection Keys".
 */
import { formatAddress } from '#shared/address-text.ts';
import type { BitField } from '#shared/model/index.ts';
import { ENTRY_NOT_PRESENT, type EntryKind } from '#engine/translate/paging-mode.ts';
import { FieldList } from '../field-list.ts';

const PAGE_SHIFT = [0, 12, 21, 30];
const NEXT_TABLE = ['', '', 'PT', 'PD', 'PDPT', 'PML4'];

export const software = (value: bigint) => (value === 0n ? 'unused' : 'the CPU ignores these; the operating system keeps its own flags here');

export function pageEntryFields(level: number, entry: bigint, kind: EntryKind, noExecuteOff: boolean): BitField[] {
  const list = new FieldList(entry);
  if (kind === ENTRY_NOT_PRESENT) {
    list.flag(0, 'P', 'Present', 'not present: the walk ends here with a page fault', '');
    list.add(1, 63, 'ignored', 'Ignored', (value) =>
      value === 0n ? 'all clear' : 'the CPU ignores these; the operating system may keep something here',
    );
    return list.fields;
  }
  const large = level > 1 && ((entry >> 7n) & 1n) === 1n;
  const page = level === 1 || (large && level <= 3);
  const what = page ? 'this page' : 'everything below';

  list.flag(0, 'P', 'Present', '', 'present');
  list.flag(1, 'RW', 'Read/write', `writes to ${what} are not allowed`, `writes to ${what} are allowed as far as this level is concerned`);
  list.flag(2, 'US', 'User/supervisor', `${what} is for the kernel only`, `user mode may use ${what} as far as this level is concerned`);
  if (page) {
    // PWT, PCD and PAT are bits 0, 1 and 2 of the number of a PAT entry.
    list.flag(3, 'PWT', 'Page-level write-through', 'adds 0 to the number of the PAT entry', 'adds 1 to the number of the PAT entry');
    list.flag(4, 'PCD', 'Page-level cache disable', 'adds 0 to the number of the PAT entry', 'adds 2 to the number of the PAT entry');
  } else {
    list.flag(3, 'PWT', 'Page-level write-through', 'the next table is read write-back', 'the next table is read write-through');
    list.flag(4, 'PCD', 'Page-level cache disable', 'the next table is read through the cache', 'the next table is read without the cache');
  }
  list.flag(5, 'A', 'Accessed', 'not used for a translation since software cleared it', 'has been used for a translation');
  if (page) list.flag(6, 'D', 'Dirty', 'no write since software cleared it', 'has been written to');
  else list.add(6, 1, 'ignored', 'Ignored', () => 'the CPU ignores it in an entry that points to a table');
  if (level === 1) list.flag(7, 'PAT', 'Page attribute table', 'adds 0 to the number of the PAT entry', 'adds 4 to the number of the PAT entry');
  else if (level >= 4) list.reserved(7, 1, 'PS', 'Page size (reserved at this level)');
  else list.flag(7, 'PS', 'Page size', `points to a ${NEXT_TABLE[level]}`, `maps a ${level === 2 ? '2 MiB' : '1 GiB'} page: the walk ends here`);
  if (page) list.flag(8, 'G', 'Global', 'flushed from the TLB when CR3 is loaded', 'stays in the TLB when CR3 is loaded (with CR4.PGE)');
  else list.add(8, 1, 'ignored', 'Ignored', () => 'the CPU ignores it in an entry that points to a table');
  list.add(9, 3, 'AVL', 'Available to software', software);
  if (page && level > 1) {
    const shift = PAGE_SHIFT[level] ?? 12;
    list.flag(12, 'PAT', 'Page attribute table', 'adds 0 to the number of the PAT entry', 'adds 4 to the number of the PAT entry');
    list.reserved(13, shift - 13, 'reserved', 'Address bits below the page size');
    list.add(shift, 52 - shift, 'address', 'Page address', (value) => `the page starts at GPA ${formatAddress(value << BigInt(shift))}`);
  } else {
    const noun = page ? 'the page' : `the ${NEXT_TABLE[level]}`;
    const title = page ? 'Page address' : 'Table address';
    list.add(12, 40, 'address', title, (value) => `${noun} ${page ? 'starts' : 'is'} at GPA ${formatAddress(value << 12n)}`);
  }
  if (page) {
    list.add(52, 7, 'AVL', 'Available to software', software);
    list.add(59, 4, 'PK', 'Protection key', (value) => `key ${value}; counts only with CR4.PKE (user pages) or CR4.PKS (kernel pages)`);
  } else list.add(52, 11, 'AVL', 'Available to software', software);
  if (noExecuteOff) list.reserved(63, 1, 'NX', 'No execute (reserved: EFER.NXE is 0)');
  else list.flag(63, 'NX', 'No execute', 'code may be fetched, as far as this level is concerned', `no code may be fetched from ${what}`);
  return list.fields;
}
