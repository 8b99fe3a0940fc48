/**
 * The attribute bits of a segment descriptor: bits 8 to 23 of its second word, in place, as QEMU keeps them.
 *
 * Source: Intel SDM vol. 3A sections 3.4.5 (segment descriptors), 3.5 (system descriptor types);
 * AMD APM vol. 2 sections 4.7 and 4.8. Bits 16 to 19 belong to the limit, which is shown on its own.
 */
import { field, flag, type BitRow, type BitTable } from '../../bit-table.ts';

const TAIL: readonly BitRow[] = [
  flag(15, 'P', 'Present', 'not present: using it faults', 'present'),
  field(13, 2, 'DPL', 'Descriptor privilege level', (value) => `ring ${value}`),
];

const GRANULARITY = flag(23, 'G', 'Granularity', 'the limit counts bytes', 'the limit counts 4 KiB pages');
const SOFTWARE = flag(20, 'AVL', 'Available to software', 'clear', 'set');
const ACCESSED = flag(8, 'A', 'Accessed', 'not loaded since it was cleared', 'has been loaded');

export const CODE_SEGMENT_BITS: BitTable = {
  unlisted: 'ignored',
  rows: [
    GRANULARITY,
    flag(22, 'D', 'Default size', '16-bit operands and addresses, unless L is set', '32-bit operands and addresses'),
    flag(21, 'L', 'Long', 'not 64-bit code', '64-bit code'),
    SOFTWARE,
    ...TAIL,
    flag(12, 'S', 'Descriptor type', 'system segment', 'code or data'),
    flag(11, 'code', 'Code', 'data', 'code'),
    flag(10, 'C', 'Conforming', 'only code of this ring may jump in', 'code of outer rings may jump in and stays in its ring'),
    flag(9, 'R', 'Readable', 'execute only', 'may be read as data'),
    ACCESSED,
  ],
};

export const DATA_SEGMENT_BITS: BitTable = {
  unlisted: 'ignored',
  rows: [
    GRANULARITY,
    flag(22, 'B', 'Big', '16-bit stack pointer', '32-bit stack pointer'),
    flag(21, 'L', 'Long', 'clear, as it must be for data', 'set, although reserved for data'),
    SOFTWARE,
    ...TAIL,
    flag(12, 'S', 'Descriptor type', 'system segment', 'code or data'),
    flag(11, 'code', 'Code', 'data', 'code'),
    flag(10, 'E', 'Expand down', 'grows up', 'grows down'),
    flag(9, 'W', 'Writable', 'read only', 'may be written'),
    ACCESSED,
  ],
};

/** Names of system segment types in long mode; 32-bit protected mode has the 16-bit ones besides. */
export const SYSTEM_TYPES: readonly string[] = [
  'reserved',
  '16-bit TSS, available',
  'LDT',
  '16-bit TSS, busy',
  '16-bit call gate',
  'task gate',
  '16-bit interrupt gate',
  '16-bit trap gate',
  'reserved',
  'TSS, available',
  'reserved',
  'TSS, busy',
  'call gate',
  'reserved',
  'interrupt gate',
  'trap gate',
];

export const SYSTEM_SEGMENT_BITS: BitTable = {
  unlisted: 'ignored',
  rows: [
    GRANULARITY,
    SOFTWARE,
    ...TAIL,
    flag(12, 'S', 'Descriptor type', 'system segment', 'code or data'),
    field(8, 4, 'type', 'Type', SYSTEM_TYPES),
  ],
};
