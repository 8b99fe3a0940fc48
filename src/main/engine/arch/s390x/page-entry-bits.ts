/**
 * The bits of region-, segment- and page-table entries in words.
 *
 * Source: Principles of Operation, chapter "Storage", "Region-Table Entries", "Segment-Table Entries", "Page-Table Entries"; enhanced DAT: format control FC.
 */
import { formatAddress } from '#shared/address-text.ts';
import { field, flag, type BitRow, type BitTable } from '../bit-table.ts';
import { manual } from './bits/psw.ts';

const NEXT = ['', '', 'page table', 'segment table', 'region-third table', 'region-second table'];
const TYPES = ['segment-table entry', 'region-third-table entry', 'region-second-table entry', 'region-first-table entry'];

const TYPE = field(manual(61), 2, 'TT', 'Table type', TYPES);
const INVALID = flag(manual(58), 'I', 'Invalid', 'valid', 'invalid: a translation exception');
const PROTECTION = flag(manual(54), 'P', 'DAT protection', 'stores are allowed as far as this level is concerned', 'no stores to what lies below');
const NO_EXECUTE = flag(
  manual(55),
  'IEP',
  'Instruction-execution protection',
  'code may be fetched',
  'no code may be fetched, when CR0 has it enabled',
);
const COMMON = (bit: number, name: string, what: string): BitRow =>
  flag(manual(bit), name, `Common ${what}`, 'of this space alone', 'the same in all spaces that are not private');

const LARGE_ROWS: readonly BitRow[] = [
  flag(manual(47), 'AV', 'ACCF validity', 'the storage keys count', 'ACC and F stand for the storage keys'),
  field(manual(51), 4, 'ACC', 'Access-control bits', (value) => `access key ${value}, where AV is set`),
  flag(manual(52), 'F', 'Fetch protection', 'other keys may fetch, where AV is set', 'other keys may not fetch, where AV is set'),
  flag(manual(53), 'FC', 'Format control', 'points to a table', 'maps a large frame: the walk ends here'),
  PROTECTION,
  NO_EXECUTE,
  INVALID,
  TYPE,
];

const origin = (lastBit: number, level: number): BitRow => {
  const shift = BigInt(manual(lastBit));
  return field(manual(lastBit), lastBit + 1, 'origin', 'Table origin', (value) => `the ${NEXT[level]} is at ${formatAddress(value << shift)}`);
};
const frame = (lastBit: number): BitRow => {
  const shift = BigInt(manual(lastBit));
  return field(manual(lastBit), lastBit + 1, 'frame', 'Frame address', (value) => `the frame is at real address ${formatAddress(value << shift)}`);
};

/** Of an entry with FC clear that points to a table. */
export function regionBits(level: number, edat: boolean): BitTable {
  return {
    unlisted: 'ignored',
    rows: [
      origin(51, level),
      ...(level === 3 && edat ? [flag(manual(53), 'FC', 'Format control', 'points to a segment table', '')] : []),
      edat ? PROTECTION : { ...PROTECTION, meaning: ['clear', 'set; counts only with enhanced DAT'] },
      field(manual(57), 2, 'TF', 'Table offset', (value) => `the first ${Number(value) * 512} entries of the ${NEXT[level]} do not exist`),
      INVALID,
      ...(level === 3 && edat ? [COMMON(59, 'CR', 'region')] : []),
      TYPE,
      field(manual(63), 2, 'TL', 'Table length', (value) => `the ${NEXT[level]} ends with entry ${(Number(value) + 1) * 512 - 1}`),
    ],
  };
}

export function segmentBits(edat: boolean): BitTable {
  return {
    unlisted: 'ignored',
    rows: [
      origin(52, 2),
      ...(edat ? [flag(manual(53), 'FC', 'Format control', 'points to a page table', '')] : []),
      PROTECTION,
      INVALID,
      COMMON(59, 'CS', 'segment'),
      TYPE,
    ],
  };
}

/** Region-third-table entries with FC set: frames of 2 GiB. */
export const LARGE_REGION_BITS: BitTable = { unlisted: 'ignored', rows: [frame(32), ...LARGE_ROWS, COMMON(59, 'CR', 'region')] };
/** Segment-table entries with FC set: frames of 1 MiB. */
export const LARGE_SEGMENT_BITS: BitTable = { unlisted: 'ignored', rows: [frame(43), ...LARGE_ROWS, COMMON(59, 'CS', 'segment')] };

export const PAGE_BITS: BitTable = {
  unlisted: 'ignored',
  rows: [
    frame(51),
    { ...flag(manual(52), 'zero', 'Must be 0', '0, as it must be', 'must be 0: a translation-specification exception'), mustBe: 0n },
    flag(manual(53), 'I', 'Page invalid', 'valid', 'invalid: a page-translation exception'),
    flag(manual(54), 'P', 'DAT protection', 'stores are allowed as far as this level is concerned', 'no stores to this page'),
    NO_EXECUTE,
    field(manual(63), 8, 'software', 'Not looked at by the CPU', (value) =>
      value === 0n ? 'unused' : 'the CPU ignores these; the operating system keeps its own flags here',
    ),
  ],
};

/** Of an invalid entry: nothing but I counts. */
export const invalidBits = (level: number): BitTable => ({
  unlisted: 'ignored',
  rows: [level === 1 ? PAGE_BITS.rows[2]! : INVALID],
});
