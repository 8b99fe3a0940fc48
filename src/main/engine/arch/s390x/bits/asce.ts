/** An address-space-control element, as CR1, CR7 and CR13 hold it. Source: Principles of Operation, chapter "Storage", "Address-Space-Control Element". */
import { formatAddress } from '#shared/address-text.ts';
import { field, flag, type BitTable } from '../../bit-table.ts';
import { manual } from './psw.ts';

/** Tables that an ASCE may designate, by DT. */
export const DESIGNATED = ['segment table', 'region-third table', 'region-second table', 'region-first table'] as const;

const SHARED_ROWS = [
  flag(manual(54), 'G', 'Subspace-group control', 'not a subspace group', 'the space is the base space or a subspace of a group'),
  flag(manual(55), 'P', 'Private space', 'common segments and low-address protection count', 'no common segments, no low-address protection'),
  flag(manual(56), 'S', 'Storage-alteration event', 'stores are no PER events here', 'PER watches stores to this space (with CR9)'),
  flag(manual(57), 'X', 'Space-switch event', 'no event', 'a switch to or from this space interrupts'),
];

export const ASCE_BITS: BitTable = {
  unlisted: 'ignored',
  rows: [
    field(manual(51), 52, 'origin', 'Table origin', (value) => `the top table is at ${formatAddress(value << 12n)}`),
    ...SHARED_ROWS,
    flag(manual(58), 'R', 'Real space', 'tables translate the addresses', 'virtual addresses are real addresses'),
    field(manual(61), 2, 'DT', 'Designation type', DESIGNATED),
    field(manual(63), 2, 'TL', 'Table length', (value) => `the table has ${(Number(value) + 1) * 512} entries`),
  ],
};

/** With R set there is no table. */
export const REAL_SPACE_BITS: BitTable = {
  unlisted: 'ignored',
  rows: [
    field(manual(51), 52, 'token', 'Real-space token origin', (value) => `names the space ${formatAddress(value << 12n)}; not used for translation`),
    ...SHARED_ROWS,
    flag(manual(58), 'R', 'Real space', 'tables translate the addresses', 'virtual addresses are real addresses'),
  ],
};
