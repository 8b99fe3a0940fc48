/**
 * satp and hgatp.
 *
 * Source: RISC-V Privileged Architecture (20240411), "Supervisor Address Translation and Protection (satp) Register", "Hypervisor Guest Address Translation and Protection (hgatp) Register".
 */
import { formatAddress } from '#shared/address-text.ts';
import { field, flag, type BitTable } from '../../bit-table.ts';

const root = (value: bigint): string => `the top table is at GPA ${formatAddress(value << 12n)}`;
const MODES: Partial<Record<string, string>> = { '0': 'Bare: no translation', '8': 'Sv39', '9': 'Sv48', '10': 'Sv57' };
/** Of the second stage they are Sv39x4, Sv48x4, Sv57x4. */
const modes =
  (suffix: string) =>
  (value: bigint): string => {
    const mode = MODES[`${value}`];
    return mode === undefined ? 'reserved' : value === 0n ? mode : `${mode}${suffix}`;
  };
const number = (value: bigint): string => `${value}`;

export const SATP_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [field(0, 44, 'PPN', 'Page of the top table', root), field(44, 16, 'ASID', 'Address space', number), field(60, 4, 'MODE', 'Mode', modes(''))],
};

export const SATP_32_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [
    field(0, 22, 'PPN', 'Page of the top table', root),
    field(22, 9, 'ASID', 'Address space', number),
    flag(31, 'MODE', 'Mode', 'Bare: no translation', 'Sv32'),
  ],
};

export const HGATP_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [
    field(0, 44, 'PPN', 'Page of the top table', root),
    field(44, 14, 'VMID', 'Virtual machine', number),
    field(60, 4, 'MODE', 'Mode', modes('x4')),
  ],
};

export const HGATP_32_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [
    field(0, 22, 'PPN', 'Page of the top table', root),
    field(22, 7, 'VMID', 'Virtual machine', number),
    flag(31, 'MODE', 'Mode', 'Bare: no translation', 'Sv32x4'),
  ],
};
