/**
 * TCR_ELx, VTCR_EL2, TTBRs and MAIR_ELx bit by bit.
 *
 * Source: Arm Architecture Reference Manual for A-profile (DDI 0487J), D19.2, by the register's name.
 */
import { formatAddress } from '#shared/address-text.ts';
import { field, flag, type BitRow, type BitTable } from '../../bit-table.ts';

const SHAREABLE = ['non-shareable', 'reserved', 'outer shareable', 'inner shareable'];
const CACHED = ['non-cacheable', 'write-back, write-allocate', 'write-through', 'write-back, no write-allocate'];
const LOWER_GRANULES = ['4 KiB', '64 KiB', '16 KiB', 'reserved'];
const UPPER_GRANULES = ['reserved', '16 KiB', '4 KiB', '64 KiB'];
const SIZES = ['32 bits', '36 bits', '40 bits', '42 bits', '44 bits', '48 bits', '52 bits', '56 bits'];

const sizeOf = (bit: number, name: string, what: string) => field(bit, 6, name, `Size of ${what}`, (value) => `${64n - value} bits`);
const walks = (bit: number, half: string): BitRow[] => [
  field(bit, 2, `SH${half}`, 'Shareability of table walks', SHAREABLE),
  field(bit - 2, 2, `ORGN${half}`, 'Outer cacheability of table walks', CACHED),
  field(bit - 4, 2, `IRGN${half}`, 'Inner cacheability of table walks', CACHED),
];
const tagged = (bit: number, name: string, what: string) =>
  flag(bit, name, `Top byte of ${what} ignored`, 'bits 63 to 56 count', 'bits 63 to 56 do not count: a program may keep tags there');
const hardware = (bit: number, name: string, what: string) => flag(bit, name, `${what} set by the CPU`, 'no: by software', 'yes');
const flat = (bit: number, name: string) =>
  flag(bit, name, 'Hierarchical permissions', 'table descriptors limit what is below', 'table descriptors limit nothing');
const wide = (bit: number) => flag(bit, 'DS', '52-bit addresses with 4 and 16 KiB (LPA2)', 'off', 'on');

export const TCR_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    flag(61, 'MTX1', 'Extended tag check of the upper half', 'off', 'on'),
    flag(60, 'MTX0', 'Extended tag check of the lower half', 'off', 'on'),
    wide(59),
    flag(58, 'TCMA1', 'Tag 15 of the upper half', 'checked', 'not checked'),
    flag(57, 'TCMA0', 'Tag 0 of the lower half', 'checked', 'not checked'),
    flag(56, 'E0PD1', 'Upper half for EL0', 'walked', 'faults at once'),
    flag(55, 'E0PD0', 'Lower half for EL0', 'walked', 'faults at once'),
    flag(54, 'NFD1', 'Non-faulting accesses of EL0 to the upper half', 'walked', 'not walked'),
    flag(53, 'NFD0', 'Non-faulting accesses of EL0 to the lower half', 'walked', 'not walked'),
    flag(52, 'TBID1', 'Top byte of the upper half ignored', 'for instructions and data', 'for data alone'),
    flag(51, 'TBID0', 'Top byte of the lower half ignored', 'for instructions and data', 'for data alone'),
    flat(42, 'HPD1'),
    flat(41, 'HPD0'),
    hardware(40, 'HD', 'Dirty state'),
    hardware(39, 'HA', 'Access flag'),
    tagged(38, 'TBI1', 'the upper half'),
    tagged(37, 'TBI0', 'the lower half'),
    flag(36, 'AS', 'ASID size', '8 bits', '16 bits'),
    field(32, 3, 'IPS', 'Size of physical addresses', SIZES),
    field(30, 2, 'TG1', 'Granule of TTBR1', UPPER_GRANULES),
    ...walks(28, '1'),
    flag(23, 'EPD1', 'Walks from TTBR1', 'on', 'off: the upper half faults'),
    flag(22, 'A1', 'ASID', 'that of TTBR0', 'that of TTBR1'),
    sizeOf(16, 'T1SZ', 'the upper half'),
    field(14, 2, 'TG0', 'Granule of TTBR0', LOWER_GRANULES),
    ...walks(12, '0'),
    flag(7, 'EPD0', 'Walks from TTBR0', 'on', 'off: the lower half faults'),
    sizeOf(0, 'T0SZ', 'the lower half'),
  ],
};

/** TCR_EL3, and TCR_EL2 without E2H. */
export const TCR_ONE_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    wide(32),
    flag(30, 'TCMA', 'Tag 0', 'checked', 'not checked'),
    flag(29, 'TBID', 'Top byte ignored', 'for instructions and data', 'for data alone'),
    flat(24, 'HPD'),
    hardware(22, 'HD', 'Dirty state'),
    hardware(21, 'HA', 'Access flag'),
    tagged(20, 'TBI', 'addresses'),
    field(16, 3, 'PS', 'Size of physical addresses', SIZES),
    field(14, 2, 'TG0', 'Granule', LOWER_GRANULES),
    ...walks(12, '0'),
    sizeOf(0, 'T0SZ', 'addresses'),
  ],
};

export const VTCR_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    flag(33, 'SL2', 'Start level -1, with SL0 = 0', 'no', 'yes'),
    wide(32),
    hardware(22, 'HD', 'Dirty state'),
    hardware(21, 'HA', 'Access flag'),
    flag(19, 'VS', 'VMID size', '8 bits', '16 bits'),
    field(16, 3, 'PS', 'Size of physical addresses', SIZES),
    field(14, 2, 'TG0', 'Granule', LOWER_GRANULES),
    ...walks(12, '0'),
    field(6, 2, 'SL0', 'Start level', (value) => `value ${value}: level ${2n - value} with 4 KiB, ${3n - value} with 16 and 64 KiB`),
    sizeOf(0, 'T0SZ', 'intermediate physical addresses'),
  ],
};

const table = field(
  1,
  47,
  'BADDR',
  'Table address',
  (value) => `GPA ${formatAddress(value << 1n)}; bits below the table’s size count for nothing, or are bits 48 to 51`,
);
const common = flag(0, 'CnP', 'Common not private', 'of this CPU alone', 'the same tables as those of the other CPUs');

export const TTBR_BITS: BitTable = { unlisted: 'other', rows: [field(48, 16, 'ASID', 'Address space', (value) => `${value}`), table, common] };
export const VTTBR_BITS: BitTable = { unlisted: 'other', rows: [field(48, 16, 'VMID', 'Virtual machine', (value) => `${value}`), table, common] };

const DEVICE: Readonly<Record<number, string>> = { 0: 'Device-nGnRnE', 4: 'Device-nGnRE', 8: 'Device-nGRE', 12: 'Device-GRE' };

function cacheOf(value: number): string {
  if (value === 4) return 'non-cacheable';
  const allocate = [value & 2 ? 'read-allocate' : '', value & 1 ? 'write-allocate' : ''].filter((word) => word !== '').join(', ');
  const kind = `${value < 4 ? 'transient write-through' : value < 8 ? 'transient write-back' : value < 12 ? 'write-through' : 'write-back'}`;
  return allocate === '' ? kind : `${kind}, ${allocate}`;
}

function memoryOf(value: bigint): string {
  const byte = Number(value);
  if (byte < 16) return DEVICE[byte] ?? `value ${byte} is reserved, or of an extension`;
  if (byte === 0xf0) return 'normal memory, write-back, with tags';
  return `normal memory, outer ${cacheOf(byte >> 4)}, inner ${cacheOf(byte & 15)}`;
}

export const MAIR_BITS: BitTable = {
  unlisted: 'other',
  rows: [7, 6, 5, 4, 3, 2, 1, 0].map((n) => field(8 * n, 8, `Attr${n}`, `Memory of pages with AttrIndx ${n}`, memoryOf)),
};
