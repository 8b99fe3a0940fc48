/**
 * ESR_ELx, PAR_EL1 and the floating-point status and control registers bit by bit.
 *
 * Source: Arm Architecture Reference Manual for A-profile (DDI 0487J), D19.2 (ESR_ELx, PAR_EL1), C5.2 (FPCR, FPSR).
 */
import { formatAddress } from '#shared/address-text.ts';
import { field, flag, type BitTable } from '../../bit-table.ts';

const CLASSES: Readonly<Record<number, string>> = {
  0x00: 'unknown reason',
  0x01: 'WFI or WFE trapped',
  0x03: 'MCR or MRC (coprocessor 15) trapped',
  0x04: 'MCRR or MRRC (coprocessor 15) trapped',
  0x05: 'MCR or MRC (coprocessor 14) trapped',
  0x06: 'LDC or STC trapped',
  0x07: 'floating point, vectors or SVE trapped',
  0x0c: 'MRRC (coprocessor 14) trapped',
  0x0d: 'branch target exception',
  0x0e: 'illegal execution state',
  0x11: 'SVC from AArch32',
  0x12: 'HVC from AArch32',
  0x13: 'SMC from AArch32',
  0x15: 'SVC (system call)',
  0x16: 'HVC (hypervisor call)',
  0x17: 'SMC (secure monitor call)',
  0x18: 'system register access trapped',
  0x19: 'SVE trapped',
  0x1a: 'ERET trapped',
  0x1c: 'pointer authentication failure',
  0x1d: 'SME trapped',
  0x20: 'instruction abort from a lower level',
  0x21: 'instruction abort from this level',
  0x22: 'PC alignment fault',
  0x24: 'data abort from a lower level',
  0x25: 'data abort from this level',
  0x26: 'SP alignment fault',
  0x27: 'memory operation exception',
  0x28: 'floating-point exception from AArch32',
  0x2c: 'floating-point exception',
  0x2f: 'SError interrupt',
  0x30: 'breakpoint from a lower level',
  0x31: 'breakpoint from this level',
  0x32: 'software step from a lower level',
  0x33: 'software step from this level',
  0x34: 'watchpoint from a lower level',
  0x35: 'watchpoint from this level',
  0x38: 'BKPT from AArch32',
  0x3c: 'BRK instruction',
};

export const ESR_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    field(32, 24, 'ISS2', 'Syndrome, second part', (value) => (value === 0n ? 'nothing' : formatAddress(value))),
    field(26, 6, 'EC', 'Exception class', (value) => CLASSES[Number(value)] ?? 'not defined'),
    flag(25, 'IL', 'Instruction length', '16 bits', '32 bits'),
    field(0, 25, 'ISS', 'Syndrome', (value) => formatAddress(value)),
  ],
};

const FAULTS: Readonly<Record<number, string>> = {
  0: 'address size',
  1: 'translation',
  2: 'access flag',
  3: 'permission',
  4: 'external abort or tag check',
  5: 'external abort on a table walk',
};

/** DFSC and IFSC of aborts: fault and level. */
export function faultStatus(value: bigint): string {
  const code = Number(value);
  if (code === 0x10) return 'synchronous external abort';
  if (code === 0x11) return 'synchronous tag check fault';
  if (code === 0x21) return 'alignment fault';
  if (code === 0x30) return 'TLB conflict';
  if (code === 0x29) return 'address size fault at level -1';
  if (code === 0x2b) return 'translation fault at level -1';
  const fault = FAULTS[code >> 2];
  return fault === undefined || code >= 0x18 ? `status ${code}` : `${fault}${code < 16 ? ' fault' : ''} at level ${code & 3}`;
}

const ABORT_ROWS = [
  flag(24, 'ISV', 'Access syndrome valid', 'bits 23 to 14 say nothing', 'bits 23 to 14 describe the access'),
  flag(10, 'FnV', 'FAR not valid', 'FAR holds the address', 'FAR holds nothing'),
  flag(9, 'EA', 'External abort type', 'clear', 'set'),
  flag(8, 'CM', 'Cache maintenance', 'no', 'the access was cache maintenance'),
  flag(7, 'S1PTW', 'Stage 2 fault of a stage 1 walk', 'no', 'yes'),
  flag(6, 'WnR', 'Write, not read', 'a read or a fetch', 'a write'),
  field(0, 6, 'FSC', 'Fault status', faultStatus),
];

/** As ESR_BITS, of an instruction or a data abort. */
export const ESR_ABORT_BITS: BitTable = { unlisted: 'other', rows: [...ESR_BITS.rows.slice(0, 3), ...ABORT_ROWS] };

export const PAR_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    field(56, 8, 'ATTR', 'Memory attributes, or of the fault', (value) => formatAddress(value)),
    field(12, 40, 'PA', 'Page address, where the translation succeeded', (value) => `GPA ${formatAddress(value << 12n)}`),
    field(7, 2, 'SH', 'Shareability', ['non-shareable', 'reserved', 'outer shareable', 'inner shareable']),
    flag(0, 'F', 'Failed', 'the address was translated', 'the translation failed'),
  ],
};

const ROUNDING = ['to nearest', 'towards plus infinity', 'towards minus infinity', 'towards zero'];

export const FPCR_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    flag(26, 'AHP', 'Alternative half precision', 'IEEE', 'alternative'),
    flag(25, 'DN', 'Default NaN', 'NaNs are kept', 'every NaN is the default one'),
    flag(24, 'FZ', 'Flush to zero', 'denormals are kept', 'denormals become zero'),
    field(22, 2, 'RMode', 'Rounding', ROUNDING),
    flag(19, 'FZ16', 'Flush half precision to zero', 'denormals are kept', 'denormals become zero'),
    ...(['IDE', 'IXE', 'UFE', 'OFE', 'DZE', 'IOE'] as const).map((name, n) =>
      flag([15, 12, 11, 10, 9, 8][n]!, name, 'Exception trap', 'not trapped', 'trapped'),
    ),
  ],
};

export const FPSR_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    flag(27, 'QC', 'Saturation', 'none since it was cleared', 'an integer operation saturated'),
    flag(7, 'IDC', 'Input denormal', 'none', 'happened'),
    flag(4, 'IXC', 'Inexact', 'none', 'happened'),
    flag(3, 'UFC', 'Underflow', 'none', 'happened'),
    flag(2, 'OFC', 'Overflow', 'none', 'happened'),
    flag(1, 'DZC', 'Division by zero', 'none', 'happened'),
    flag(0, 'IOC', 'Invalid operation', 'none', 'happened'),
  ],
};
