/** The bits of an EPT entry in words, lowest bit first. Source: as ept-entry.ts. */
import { formatAddress } from '#shared/address-text.ts';
import type { BitField } from '#shared/model/index.ts';
import { ENTRY_NOT_PRESENT, type EntryKind } from '#engine/translate/paging-mode.ts';
import { FieldList } from '../field-list.ts';
import { software } from './page-entry-fields.ts';

/** By number; 2, 3 and 7 are reserved. */
export const EPT_MEMORY_TYPES: Readonly<Record<number, string>> = { 0: 'UC', 1: 'WC', 4: 'WT', 5: 'WP', 6: 'WB' };
const TYPE_WORDS: Readonly<Record<number, string>> = {
  0: 'uncacheable (UC)',
  1: 'write combining (WC)',
  4: 'write-through (WT)',
  5: 'write-protected (WP)',
  6: 'write-back (WB)',
};

const PAGE_SHIFT = [0, 12, 21, 30];
const NEXT_TABLE = ['', '', 'PT', 'PD', 'PDPT', 'PML4'];
const IGNORED = 'the CPU ignores it here';

export function eptEntryFields(level: number, entry: bigint, kind: EntryKind): BitField[] {
  const list = new FieldList(entry);
  const present = kind !== ENTRY_NOT_PRESENT;
  const large = level > 1 && ((entry >> 7n) & 1n) === 1n;
  const page = level === 1 || (large && level <= 3);
  const what = page ? 'this page' : 'everything below';
  const allowed = (act: string) => [`${act} ${what} is not allowed`, `${act} ${what} is allowed as far as this level is concerned`] as const;
  list.flag(0, 'R', 'Read', ...allowed('reading'));
  list.flag(1, 'W', 'Write', ...allowed('writing to'));
  list.flag(2, 'X', 'Execute', ...allowed('executing'));
  if (!present) {
    list.add(3, 61, 'ignored', 'Ignored', (value) => (value === 0n ? 'all clear' : 'the CPU ignores these; the hypervisor may keep something here'));
    return list.fields;
  }
  if (page) {
    list.add(3, 3, 'MT', 'Memory type', (type) => TYPE_WORDS[Number(type)] ?? `type ${type}: reserved, which is an EPT misconfiguration`, false);
    list.flag(
      6,
      'IPAT',
      'Ignore PAT',
      "the guest's PAT and the memory type count together",
      "the memory type counts alone, whatever the guest's PAT says",
    );
  } else list.reserved(3, 4, 'reserved', 'Reserved');
  if (level === 1) list.add(7, 1, 'ignored', 'Ignored', () => IGNORED);
  else if (level >= 4) list.reserved(7, 1, 'PS', 'Page size (reserved at this level)');
  else list.flag(7, 'PS', 'Page size', `points to a ${NEXT_TABLE[level]}`, `maps a ${level === 2 ? '2 MiB' : '1 GiB'} page: the walk ends here`);
  list.flag(
    8,
    'A',
    'Accessed',
    'not used since software cleared it, where EPTP turns such flags on',
    'has been used for a translation, where EPTP turns such flags on',
  );
  if (page)
    list.flag(
      9,
      'D',
      'Dirty',
      'no write since software cleared it, where EPTP turns such flags on',
      'has been written to, where EPTP turns such flags on',
    );
  else list.add(9, 1, 'ignored', 'Ignored', () => IGNORED);
  list.flag(10, 'XU', 'Execute for user mode', 'no right of its own', 'counts only with mode-based execute control: user mode may execute');
  list.add(11, 1, 'AVL', 'Available to software', software);
  const shift = page ? (PAGE_SHIFT[level] ?? 12) : 12;
  if (shift > 12) list.reserved(12, shift - 12, 'reserved', 'Address bits below the page size');
  const noun = page ? 'the page starts' : `the ${NEXT_TABLE[level]} is`;
  list.add(
    shift,
    52 - shift,
    'address',
    page ? 'Page address' : 'Table address',
    (value) => `${noun} at HPA ${formatAddress(value << BigInt(shift))}`,
  );
  list.add(52, 11, 'AVL', 'Available to software', software);
  if (page)
    list.flag(
      63,
      'SVE',
      'Suppress #VE',
      'a violation here may become an exception in the guest, where that is on',
      'a violation here is never an exception in the guest',
    );
  else list.add(63, 1, 'ignored', 'Ignored', () => IGNORED);
  return list.fields;
}
