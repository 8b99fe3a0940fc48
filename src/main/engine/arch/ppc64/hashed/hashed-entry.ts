/**
 * Entries of a hashed page table, two doublewords of 8 bytes: which virtual page (0), and where it is (1). As an entry format it is the second that counts.
 *
 * Source: Power ISA 2.07B, Book III-S, section 5.7.7.1 (page table entry), 5.7.9 (storage protection); 3.0B, section 5.7.9.1, where B is in the second doubleword unless a hypervisor
 * keeps the table, as here. Encodings of page sizes: POWER8 Processor User's Manual, section 4.10.5, as QEMU target/ppc/mmu-hash64.c has them.
 */
import { formatAddress } from '#shared/address-text.ts';
import type { BitField } from '#shared/model/index.ts';
import { ENTRY_PAGE, RIGHTS_ALL, type EntryFormat } from '#engine/translate/paging-mode.ts';
import { FieldList } from '../../field-list.ts';
import { software } from '../software-bits.ts';

export const HPTE_VALID = 1n;
export const HPTE_SECONDARY = 2n;
export const HPTE_LARGE = 4n;
/** The page's address, whose lowest bits tell its size where HPTE_LARGE is set. */
export const HPTE_PAGE = 0x0fff_ffff_ffff_f000n;

const FLAGS: readonly [number, string][] = [
  [8, 'R'],
  [7, 'C'],
  [6, 'W'],
  [5, 'I'],
  [4, 'M'],
  [3, 'G'],
  [2, 'N'],
];

/** PP0, then PP: 0 to 7. */
export const protectionOf = (second: bigint): number => Number((second & 3n) | ((second >> 61n) & 4n));

/** The first doubleword's bits. */
export function firstFields(first: bigint): BitField[] {
  const list = new FieldList(first);
  list.flag(0, 'V', 'Valid', 'not valid', 'valid');
  list.flag(1, 'H', 'Hash function', 'stands in its primary group', 'stands in its secondary group');
  list.flag(2, 'L', 'Large page', 'a page of 4 KiB', 'a larger page: the second doubleword tells its size');
  list.add(3, 4, 'software', 'Software', software);
  list.add(7, 55, 'AVPN', 'Abbreviated virtual page number', (value) => `virtual addresses from ${formatAddress(value << 23n)}, cut at 2^78`);
  list.add(62, 2, 'B', 'Segment size', (value) => ['256 MiB', '1 TiB'][Number(value)] ?? 'reserved');
  return list.fields;
}

export const hashedEntry: EntryFormat = {
  kind: () => ENTRY_PAGE,
  // A page of 4 KiB; larger ones have their size in the lowest bits.
  target: (_level, low, high) => (high & 0x0fff_ffff) * 2 ** 32 + ((low & 0xffff_f000) >>> 0),
  rights: () => RIGHTS_ALL,
  reservedBits: () => [],

  flagNames(_level, low, high) {
    const names = [`PP${(low & 3) | ((high >>> 29) & 4)}`];
    for (const [bit, name] of FLAGS) if (((low >>> bit) & 1) !== 0) names.push(name);
    return names;
  },

  fields(_level, entry): BitField[] {
    const list = new FieldList(entry);
    list.add(0, 2, 'PP', 'Page protection', () => `with PP0, ${protectionOf(entry)}: the rights also depend on the key of the segment`);
    list.flag(2, 'N', 'No execute', 'code may be fetched', 'no code may be fetched');
    list.flag(3, 'G', 'Guarded', 'not guarded', 'guarded: no code may be fetched');
    list.flag(4, 'M', 'Memory coherence', 'not required', 'required');
    list.flag(5, 'I', 'Caching inhibited', 'cached', 'not cached');
    list.flag(6, 'W', 'Write through', 'write back', 'write through');
    list.flag(7, 'C', 'Change', 'not written to', 'has been written to');
    list.flag(8, 'R', 'Reference', 'not used since software cleared it', 'has been used');
    list.add(9, 3, 'key', 'Storage key, lower bits', (value) => `${value}`);
    list.add(12, 48, 'ARPN', 'Page', (value) => `the page starts at ${formatAddress(value << 12n)}, less the bits that tell its size`);
    list.add(60, 2, 'key', 'Storage key, upper bits', (value) => `${value}`);
    list.flag(62, 'software', 'Software', 'unused', 'software keeps a flag here');
    list.flag(63, 'PP0', 'Page protection 0', 'clear', 'set');
    return list.fields;
  },

  notPresentNote: () => undefined,
  pageReason: () => 'the group has an entry of this virtual page',
  bitName: (_level, bit) => `bit ${bit}`,
};
