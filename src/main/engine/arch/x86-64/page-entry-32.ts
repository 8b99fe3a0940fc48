/**
 * Entries of 32-bit page tables, 4 bytes each; 4 MiB pages may lie above 4 GiB (PSE-36).
 *
 * Source: Intel SDM vol. 3A, chapter "Paging", "32-Bit Paging" (the tables of entry formats); AMD APM vol. 2 section 5.2.1.
 *
 *   0 P  1 RW  2 US  3 PWT  4 PCD  5 A  6 D(page)  7 PS(PD) or PAT(PT)  8 G(page)  9-11 software  12-31 address
 *   4 MiB page: 12 PAT  13-20 bits 32 to 39 of the address  21 reserved  22-31 address
 *
 * Not supported: CPUs without PSE-36, to which bits 13 to 20 are reserved.
 */
import { formatAddress } from '#shared/address-text.ts';
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
import { FieldList } from '../field-list.ts';
import { pageEntry } from './page-entry.ts';
import { pageEntryFields, software } from './page-entry-fields.ts';

const P = 1 << 0;
const RW = 1 << 1;
const US = 1 << 2;
const PS = 1 << 7;
const LARGE_RESERVED_BIT = 21;
const TWO_TO_32 = 2 ** 32;

const isLarge = (level: number, low: number): boolean => level === 2 && (low & PS) !== 0;

export const pageEntry32: EntryFormat = {
  kind(level, low): EntryKind {
    if ((low & P) === 0) return ENTRY_NOT_PRESENT;
    if (isLarge(level, low)) return (low & (1 << LARGE_RESERVED_BIT)) !== 0 ? ENTRY_RESERVED : ENTRY_PAGE;
    return level === 1 ? ENTRY_PAGE : ENTRY_TABLE;
  },

  target(level, low, _high, kind) {
    if (kind === ENTRY_PAGE && level === 2) return ((low >>> 13) & 0xff) * TWO_TO_32 + ((low & 0xffc0_0000) >>> 0);
    return (low & 0xffff_f000) >>> 0;
  },

  rights(low) {
    return ((low & RW) !== 0 ? RIGHT_WRITE : 0) | ((low & US) !== 0 ? RIGHT_USER : 0) | RIGHT_EXECUTE;
  },

  reservedBits(level, low) {
    return isLarge(level, low) && (low & (1 << LARGE_RESERVED_BIT)) !== 0 ? [LARGE_RESERVED_BIT] : [];
  },

  flagNames(level, low, _high, kind) {
    return pageEntry.flagNames(level, low, 0, kind);
  },

  fields(level, entry, kind): BitField[] {
    if (kind === ENTRY_NOT_PRESENT) return notPresentFields(entry);
    const low = Number(entry);
    const list = new FieldList(entry);
    // Bits 0 to 11 mean what they mean in an entry of 8 bytes.
    const shared = pageEntryFields(level, entry, kind, false).filter(({ bit }) => bit < 12);
    for (const field of shared) if (field.name === 'PS' && isLarge(level, low)) field.meaning = 'maps a 4 MiB page: the walk ends here';
    if (isLarge(level, low)) {
      list.flag(12, 'PAT', 'Page attribute table', 'adds 0 to the number of the PAT entry', 'adds 4 to the number of the PAT entry');
      list.add(13, 8, 'address high', 'Bits 32 to 39 of the page address', (value) =>
        value === 0n ? 'the page is below 4 GiB' : formatAddress(value << 32n),
      );
      list.reserved(LARGE_RESERVED_BIT, 1, 'reserved', 'Reserved');
      list.add(
        22,
        10,
        'address',
        'Bits 22 to 31 of the page address',
        () => `the page starts at GPA ${formatAddress(pageEntry32.target(2, low, 0, ENTRY_PAGE))}`,
      );
    } else {
      const what = level === 1 ? 'the page starts' : 'the PT is';
      list.add(12, 20, 'address', level === 1 ? 'Page address' : 'Table address', (value) => `${what} at GPA ${formatAddress(value << 12n)}`);
    }
    return [...shared, ...list.fields];
  },

  notPresentNote() {
    return undefined;
  },

  pageReason: pageEntry.pageReason,
  bitName: pageEntry.bitName,
};

function notPresentFields(entry: bigint): BitField[] {
  const list = new FieldList(entry);
  list.flag(0, 'P', 'Present', 'not present: the walk ends here with a page fault', '');
  list.add(1, 31, 'ignored', 'Ignored', software);
  return list.fields;
}
