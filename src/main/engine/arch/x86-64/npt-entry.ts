/**
 * Entries of AMD's nested page tables (NPT), which translate a guest's physical addresses: those of page-entry.ts, as the second stage reads them.
 *
 * Source: AMD APM vol. 2, section 15.25 "Nested Paging". Every access of a guest, those of its own page walks included, counts as one of user mode (15.25.5 "Nested Versus Guest Page Faults, Fault Ordering"): an entry
 * with US clear lets nothing through. Whether the guest's own program or kernel may use a page is for the guest's tables to say.
 * Not told: that reads of the guest's tables count as writes, so that a read-only page that holds one faults; guest mode execute trap (GMET), under which US of a page means something else.
 */
import { formatAddress } from '#shared/address-text.ts';
import type { BitField } from '#shared/model/index.ts';
import {
  ENTRY_NOT_PRESENT,
  ENTRY_PAGE,
  ENTRY_RESERVED,
  ENTRY_TABLE,
  RIGHT_USER,
  type EntryFormat,
  type EntryKind,
} from '#engine/translate/paging-mode.ts';
import { pageEntry } from './page-entry.ts';
import { pageEntryFields } from './page-entry-fields.ts';

const P = 1 << 0;
const US = 1 << 2;

export const nptEntry: EntryFormat = {
  ...pageEntry,

  kind(level, low, high, noExecuteOff): EntryKind {
    if ((low & P) !== 0 && (low & US) === 0) return ENTRY_NOT_PRESENT;
    return pageEntry.kind(level, low, high, noExecuteOff);
  },

  rights(low, high, level, noExecuteOff) {
    return pageEntry.rights(low, high, level, noExecuteOff) | RIGHT_USER;
  },

  fields(level, entry, kind, noExecuteOff): BitField[] {
    const refused = kind === ENTRY_NOT_PRESENT && (entry & 1n) === 1n;
    const fields = pageEntryFields(level, entry, refused ? presentKind(level, entry, noExecuteOff) : kind, noExecuteOff);
    for (const field of fields) {
      if (field.name === 'P' && field.value === 0n) field.meaning = 'not present: the CPU leaves the guest with a nested page fault';
      if (field.name === 'US')
        field.meaning = field.value === 1n ? 'the guest may use what this leads to' : 'the guest may not: all its accesses count as user mode';
      if (field.name === 'address') field.meaning = field.meaning.replace('at GPA', 'at HPA');
    }
    return fields;
  },

  notPresentReason(_level, entry) {
    return (entry & 1n) === 0n ? 'bit 0 (P) is clear' : 'bit 2 (US) is clear, and every access of a guest counts as user mode';
  },

  notPresentNote(_level, entry) {
    const address = entry & 0x000f_ffff_ffff_f000n;
    return (entry & 1n) === 1n ? `the rest leads to HPA ${formatAddress(address)}` : undefined;
  },

  reservedConsequence: 'the CPU leaves the guest with a nested page fault (reserved bit)',
};

/** What an entry would be if US were set. */
function presentKind(level: number, entry: bigint, noExecuteOff: boolean): EntryKind {
  const kind = pageEntry.kind(level, Number(entry & 0xffff_ffffn) | 0, Number(entry >> 32n) | 0, noExecuteOff);
  return kind === ENTRY_PAGE || kind === ENTRY_RESERVED ? kind : ENTRY_TABLE;
}
