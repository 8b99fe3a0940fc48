/**
 * What says where translations are: partition and process table entries, SLB entries, SDR1. Source: Power ISA 3.0B, Book III, sections 5.7.6 (process and partition
 * tables), 5.7.8 (segment lookaside buffer); 2.07B section 5.7.7.2 (SDR1).
 */
import { formatAddress } from '#shared/address-text.ts';
import type { BitRow, BitTable } from '../../bit-table.ts';
import { powerField, powerFlag } from './power-bits.ts';

const at = (shift: bigint) => (value: bigint) => `at ${formatAddress(value << shift)}`;

/** RTS is cut in two: bits 1:2 and 56:58; the tree translates that and 31 bits. */
const treeSize = [
  powerField(1, 2, 'RTS1', 'Radix tree size, upper bits', (value) => `${value << 3n} of RTS; the tree translates 31 + RTS bits`),
  powerField(56, 58, 'RTS2', 'Radix tree size, lower bits', (value) => `${value} of RTS`),
];
const rootSize: BitRow = powerField(59, 63, 'RPDS', 'Root page directory size', (value) => `2^${value} entries`);

/** Doubleword 1 of a partition table entry; what a pseries guest registered. */
export const PARTITION_ENTRY_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    powerFlag(0, 'GR', 'Guest radix', 'the guest uses a hashed page table', 'the guest uses radix trees'),
    powerField(4, 51, 'PRTB', 'Process table base', at(12n)),
    powerField(59, 63, 'PRTS', 'Process table size', (value) => `2^${value + 12n} bytes`),
  ],
};

/** Doubleword 0 of a partition table entry of a radix host. */
export const PARTITION_TREE_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    powerFlag(0, 'HR', 'Host radix', 'hashed page table', 'radix tree'),
    ...treeSize,
    powerField(4, 55, 'RPDB', 'Root page directory base', at(8n)),
    rootSize,
  ],
};

/** Doubleword 0 of a process table entry of a radix guest. */
export const PROCESS_ENTRY_BITS: BitTable = {
  unlisted: 'other',
  rows: [...treeSize, powerField(4, 55, 'RPDB', 'Root page directory base', at(8n)), rootSize],
};

export const PTCR_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    powerField(4, 51, 'PATB', 'Partition table base', at(12n)),
    powerField(59, 63, 'PATS', 'Partition table size', (value) => `2^${value + 12n} bytes`),
  ],
};

export const SDR1_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    powerField(4, 45, 'HTABORG', 'Hashed page table origin', at(18n)),
    powerField(59, 63, 'HTABSIZE', 'Hashed page table size', (value) => `2^${value + 18n} bytes`),
  ],
};

export const SLB_ESID_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    powerField(0, 35, 'ESID', 'Effective segment', (value) => `addresses from ${formatAddress(value << 28n)}`),
    powerFlag(36, 'V', 'Valid', 'not valid', 'valid'),
  ],
};

const BASE_PAGES: Record<string, string> = { '0': '4 KiB', '4': '16 MiB', '5': '64 KiB', '6': '16 GiB' };

/** L and LP as one number, L on top. */
export const basePageWords = (encoding: bigint): string => BASE_PAGES[encoding.toString()] ?? `an encoding that is not known (${encoding})`;

export const SLB_VSID_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    powerField(0, 1, 'B', 'Segment size', ['256 MiB', '1 TiB', 'value 2 is reserved', 'value 3 is reserved']),
    powerField(2, 51, 'VSID', 'Virtual segment', (value) => `${formatAddress(value)} (of a 1 TiB segment without its lowest 12 bits)`),
    powerFlag(52, 'Ks', 'Supervisor key', 'key 0: privileged accesses are wide', 'key 1: privileged accesses are narrow'),
    powerFlag(53, 'Kp', 'Problem state key', 'key 0: user accesses are wide', 'key 1: user accesses are narrow'),
    powerFlag(54, 'N', 'No execute', 'code may be fetched', 'no code may be fetched from the segment'),
    powerFlag(55, 'L', 'Large pages', 'base pages of 4 KiB', 'base pages as LP says'),
    powerFlag(56, 'C', 'Class', 'class 0', 'class 1'),
    powerField(58, 59, 'LP', 'Large page size', (value) =>
      value === 0n ? '16 MiB with L' : value === 1n ? '64 KiB with L' : value === 2n ? '16 GiB with L' : 'not known',
    ),
  ],
};
