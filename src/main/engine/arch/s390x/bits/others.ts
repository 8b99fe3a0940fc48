/**
 * The floating-point-control register (Principles of Operation, chapter "Floating-Point Overview", "Floating-Point-Control (FPC) Register"), the prefix, and what QEMU keeps of a CPU (QEMU
 * qapi/machine.json, CpuS390State).
 */
import { formatAddress } from '#shared/address-text.ts';
import { field, flag, type BitRow, type BitTable } from '../../bit-table.ts';

const EXCEPTIONS = [
  ['i', 'IEEE-invalid-operation'],
  ['z', 'IEEE-division-by-zero'],
  ['o', 'IEEE-overflow'],
  ['u', 'IEEE-underflow'],
  ['x', 'IEEE-inexact'],
  ['q', 'Quantum-exception'],
] as const;

const rowsFrom = (top: number, prefix: string, suffix: string, clear: string, set: string): BitRow[] =>
  EXCEPTIONS.map(([letter, title], n) => flag(top - n, `${prefix}${letter}`, `${title} ${suffix}`, clear, set));

const BINARY_ROUNDING = [
  'to nearest, ties to even',
  'towards 0',
  'up',
  'down',
  'reserved',
  'reserved',
  'reserved',
  'to prepare for shorter precision',
];
const DECIMAL_ROUNDING = [
  ...['to nearest, ties to even', 'towards 0', 'up', 'down', 'to nearest, ties away from 0', 'to nearest, ties towards 0', 'away from 0'],
  'to prepare for shorter precision',
];

export const FPC_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [
    ...rowsFrom(31, 'IM', 'mask', 'no interruption', 'interrupts'),
    ...rowsFrom(23, 'SF', 'flag', 'has not happened', 'has happened since it was cleared'),
    field(8, 8, 'DXC', 'Data-exception code', (value) => `0x${value.toString(16).padStart(2, '0')}`),
    field(4, 3, 'DRM', 'DFP rounding mode', DECIMAL_ROUNDING),
    field(0, 3, 'BRM', 'BFP rounding mode', BINARY_ROUNDING),
  ],
};

/** As QEMU's streams keep it; SET PREFIX takes bits 1 to 18 of a word. Principles of Operation, chapter "Storage", "Prefixing". */
export const PREFIX_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [
    field(13, 18, 'prefix', 'Prefix', (value) =>
      value === 0n
        ? 'real addresses are absolute ones'
        : `real addresses 0 to 8191 are at absolute ${formatAddress(value << 13n)}, and those there at 0`,
    ),
  ],
};

export const CPU_STATE_BITS: BitTable = {
  unlisted: 'other',
  rows: [field(0, 8, 'state', 'CPU state', ['not started yet', 'stopped', 'check stop', 'operating', 'load'])],
};

export const BPBC_BITS: BitTable = { unlisted: 'other', rows: [flag(0, 'BPBC', 'Branch-prediction blocking', 'off', 'on')] };
