/** The bits of a RISC-V page table entry with their meanings (page-entry.ts). */
import { formatAddress } from '#shared/address-text.ts';
import type { BitField } from '#shared/model/index.ts';
import { ENTRY_NOT_PRESENT, type EntryKind } from '#engine/translate/paging-mode.ts';
import { FieldList } from '../field-list.ts';
import type { EntryVariant } from './page-entry.ts';

const MEMORY_TYPES = [
  'as the platform says (PMA)',
  'NC: not cached, for main memory',
  'IO: not cached, in order, for devices',
  'reserved: the CPU raises a page fault',
];

/** Lowest bit first. */
export function pageEntryFields(_level: number, entry: bigint, kind: EntryKind, { wide, second }: EntryVariant): BitField[] {
  const list = new FieldList(entry);
  list.flag(0, 'V', 'Valid', 'not valid: the CPU raises a page fault', 'valid');
  if (kind === ENTRY_NOT_PRESENT && list.bits(0, 1) === 0n) {
    list.add(1, wide ? 63 : 31, 'software', 'Left to software', () => 'the CPU looks at no other bit of an entry that is not valid');
    return list.sorted();
  }
  const page = list.bits(1, 3) !== 0n;
  const next = 'R, W and X clear: the entry leads to the next table';
  list.flag(1, 'R', 'Readable', page ? 'may not be read' : next, 'may be read');
  list.flag(2, 'W', 'Writable', page ? 'may not be written' : next, 'may be written');
  list.flag(3, 'X', 'Executable', page ? 'code may not be fetched' : next, 'code may be fetched');
  if (page) {
    const user = second ? 'accesses fail: all of the second stage count as user mode' : 'not for user mode';
    const both = second
      ? 'open to all accesses, which count as user mode'
      : 'for user mode; for supervisor mode only with SUM set, and never to execute';
    list.flag(4, 'U', 'User', user, both);
    list.flag(
      5,
      'G',
      'Global',
      'of one address space',
      second ? 'ignored in the second stage' : 'in all address spaces: entries of the TLB stay when the ASID changes',
    );
    list.flag(6, 'A', 'Accessed', 'not read, written or fetched from since software cleared it', 'has been read, written or fetched from');
    list.flag(7, 'D', 'Dirty', 'not written since software cleared it', 'has been written');
  } else {
    list.reserved(4, 1, 'U', 'User (of pages only)');
    list.flag(5, 'G', 'Global', 'pages below say it themselves', 'all pages below are in all address spaces');
    list.reserved(6, 1, 'A', 'Accessed (of pages only)');
    list.reserved(7, 1, 'D', 'Dirty (of pages only)');
  }
  list.add(8, 2, 'RSW', 'Reserved for software', (value) => `software's own use: ${value}`);
  const noun = page ? 'the page starts' : 'the next table is';
  list.add(10, wide ? 44 : 22, 'PPN', 'Physical page number', (value) => `${noun} at GPA ${formatAddress(value << 12n)}`);
  if (!wide) return list.sorted();
  list.reserved(54, 7, 'reserved', 'Reserved');
  if (page) {
    list.add(61, 2, 'PBMT', 'Memory type (Svpbmt)', (value) => MEMORY_TYPES[Number(value)]!, list.bits(61, 2) === 3n);
    list.flag(
      63,
      'N',
      'Naturally aligned power of two (Svnapot)',
      'a page of its own',
      'one of 16 entries of a 64 KiB page; the low four bits of PPN are 1000',
    );
  } else {
    list.reserved(61, 2, 'PBMT', 'Memory type (of pages only)');
    list.reserved(63, 1, 'N', 'Naturally aligned power of two (of pages only)');
  }
  return list.sorted();
}
