/**
 * CPSR, SCTLR, TTBCR, TTBRs, DACR and fault status registers bit by bit.
 *
 * Source: Arm Architecture Reference Manual, ARMv7-A (DDI 0406C), B1.3.3 (CPSR), B4.1 by the register's name.
 */
import { formatAddress } from '#shared/address-text.ts';
import { field, flag, type BitTable } from '../../bit-table.ts';
import { MODE_WORDS } from '../cpu-mode.ts';

export const CPSR_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    flag(31, 'N', 'Negative', 'the last comparison was not negative', 'the last comparison was negative'),
    flag(30, 'Z', 'Zero', 'the last comparison was not equal', 'the last comparison was equal'),
    flag(29, 'C', 'Carry', 'no carry', 'carry, or no borrow'),
    flag(28, 'V', 'Overflow', 'no signed overflow', 'signed overflow'),
    flag(27, 'Q', 'Saturation', 'none since it was cleared', 'an operation saturated'),
    field(25, 2, 'IT[1:0]', 'If-then state, low bits', (value) => `${value}`),
    flag(24, 'J', 'Jazelle', 'off', 'on'),
    field(16, 4, 'GE', 'Results of parallel comparisons', (value) => `${value}`),
    field(10, 6, 'IT[7:2]', 'If-then state, high bits', (value) => (value === 0n ? 'not in an IT block' : `${value}`)),
    flag(9, 'E', 'Byte order of data', 'little-endian', 'big-endian'),
    flag(8, 'A', 'Asynchronous aborts', 'taken', 'held back'),
    flag(7, 'I', 'IRQ interrupts', 'taken', 'held back'),
    flag(6, 'F', 'FIQ interrupts', 'taken', 'held back'),
    flag(5, 'T', 'Thumb', 'ARM instructions', 'Thumb instructions'),
    field(0, 5, 'M', 'Mode', (value) => MODE_WORDS[Number(value)] ?? `mode ${value} is not defined`),
  ],
};

export const SCTLR_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    flag(30, 'TE', 'Exceptions in Thumb', 'ARM instructions', 'Thumb instructions'),
    flag(29, 'AFE', 'Access flag', 'AP[0] is a permission', 'AP[0] is the access flag'),
    flag(28, 'TRE', 'TEX remap', 'TEX, C and B name the memory type', 'TEX[0], C and B number a type of PRRR and NMRR'),
    flag(27, 'NMFI', 'Non-maskable FIQ', 'off', 'on'),
    flag(25, 'EE', 'Byte order of exceptions and of page tables', 'little-endian', 'big-endian'),
    flag(20, 'UWXN', 'What user writes PL1 does not execute', 'off', 'on'),
    flag(19, 'WXN', 'Writable means execute-never', 'off', 'on'),
    flag(14, 'RR', 'Cache replacement', 'random', 'round-robin'),
    flag(13, 'V', 'Exception vectors', 'at VBAR', 'at 0xffff0000'),
    flag(12, 'I', 'Instruction cache', 'off', 'on'),
    flag(11, 'Z', 'Branch prediction', 'off', 'on'),
    flag(10, 'SW', 'SWP instruction', 'undefined', 'enabled'),
    flag(5, 'CP15BEN', 'CP15 barriers', 'undefined', 'enabled'),
    flag(2, 'C', 'Data cache', 'off', 'on'),
    flag(1, 'A', 'Alignment check', 'off', 'on'),
    flag(0, 'M', 'MMU', 'off: addresses are physical', 'on'),
  ],
};

/** Without EAE. */
export const TTBCR_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    flag(31, 'EAE', 'Extended addresses (LPAE)', 'short descriptors', 'long descriptors'),
    flag(5, 'PD1', 'Walks from TTBR1', 'on', 'off'),
    flag(4, 'PD0', 'Walks from TTBR0', 'on', 'off'),
    field(0, 3, 'N', 'Width of TTBR0’s part', (value) =>
      value === 0n ? 'TTBR0 has all addresses' : `TTBR0 has the addresses of ${32n - value} bits, TTBR1 the others`,
    ),
  ],
};

export const TTBCR_LONG_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    flag(31, 'EAE', 'Extended addresses (LPAE)', 'short descriptors', 'long descriptors'),
    flag(23, 'EPD1', 'Walks from TTBR1', 'on', 'off'),
    flag(22, 'A1', 'ASID', 'that of TTBR0', 'that of TTBR1'),
    field(16, 3, 'T1SZ', 'Size of TTBR1’s part', (value) => (value === 0n ? 'what TTBR0 leaves' : `${32n - value} bits, the highest addresses`)),
    flag(7, 'EPD0', 'Walks from TTBR0', 'on', 'off'),
    field(0, 3, 'T0SZ', 'Size of TTBR0’s part', (value) => (value === 0n ? 'what TTBR1 leaves' : `${32n - value} bits`)),
  ],
};

export const TTBR_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    field(7, 25, 'base', 'Table address', (value) => `GPA ${formatAddress(value << 7n)}; the low bits count for nothing where the table is larger`),
    flag(5, 'NOS', 'Not outer shareable', 'outer shareable', 'inner shareable'),
    field(3, 2, 'RGN', 'Outer cacheability of table walks', ['non-cacheable', 'write-back, write-allocate', 'write-through', 'write-back']),
    flag(1, 'S', 'Shareable table walks', 'no', 'yes'),
  ],
};

export const DACR_BITS: BitTable = {
  unlisted: 'other',
  rows: Array.from({ length: 16 }, (_, n) =>
    field(2 * (15 - n), 2, `D${15 - n}`, `Domain ${15 - n}`, [
      'no access: every access faults',
      'client: rights count',
      'reserved',
      'manager: rights do not count',
    ]),
  ),
};

const FAULTS: Readonly<Record<number, string>> = {
  1: 'alignment fault',
  2: 'debug event',
  3: 'access flag fault, first level',
  4: 'fault on instruction cache maintenance',
  5: 'translation fault, first level',
  6: 'access flag fault, second level',
  7: 'translation fault, second level',
  8: 'external abort',
  9: 'domain fault, first level',
  11: 'domain fault, second level',
  12: 'external abort on a table walk, first level',
  13: 'permission fault, first level',
  14: 'external abort on a table walk, second level',
  15: 'permission fault, second level',
};

/** DFSR and IFSR of short descriptors. */
export const FSR_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    flag(12, 'ExT', 'External abort type', 'clear', 'set'),
    flag(11, 'WnR', 'Write, not read', 'a read', 'a write'),
    flag(10, 'FS[4]', 'Fault status, high bit', 'as below', 'asynchronous, or of the implementation'),
    flag(9, 'LPAE', 'Format', 'short descriptors', 'long descriptors'),
    field(4, 4, 'domain', 'Domain', (value) => `${value}`),
    field(0, 4, 'FS', 'Fault status', (value) => FAULTS[Number(value)] ?? 'no fault'),
  ],
};
