/**
 * The first half of the PSW, 64 bits. Source: z/Architecture Principles of Operation (SA22-7832), chapter "Control", "Program-Status Word". The manual counts
 * bits from the top: its bit 5 is bit 58 here.
 */
import { field, flag, type BitTable } from '../../bit-table.ts';

/** The manual's bit `n` of a 64-bit register, or the last one of a field that ends there. */
export const manual = (n: number): number => 63 - n;

/** PSW.AS by value. */
export const ADDRESS_SPACES = ['primary space', 'access-register mode', 'secondary space', 'home space'] as const;

export const PSW_MASK_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [
    flag(manual(1), 'R', 'PER mask', 'program-event recording is off', 'program events that CR9 selects interrupt'),
    flag(manual(5), 'T', 'DAT mode', 'DAT is off: addresses are real', 'DAT is on: addresses are virtual'),
    flag(manual(6), 'IO', 'I/O mask', 'I/O interruptions wait', 'I/O interruptions are taken, by subclasses of CR6'),
    flag(manual(7), 'EX', 'External mask', 'external interruptions wait', 'external interruptions are taken, by subclasses of CR0'),
    field(manual(11), 4, 'Key', 'Access key', (value) =>
      value === 0n ? 'key 0: no storage key stops it' : `key ${value}: must match the storage key of what it accesses`,
    ),
    flag(manual(13), 'M', 'Machine-check mask', 'machine checks wait', 'machine checks interrupt, by subclasses of CR14'),
    flag(manual(14), 'W', 'Wait state', 'the CPU executes instructions', 'the CPU waits for an interruption'),
    flag(manual(15), 'P', 'Problem state', 'supervisor state', 'problem state: privileged instructions are not allowed'),
    field(manual(17), 2, 'AS', 'Address-space control', ADDRESS_SPACES),
    field(manual(19), 2, 'CC', 'Condition code', (value) => `condition code ${value}`),
    flag(manual(20), 'FO', 'Fixed-point-overflow mask', 'no interruption', 'a fixed-point overflow interrupts'),
    flag(manual(21), 'DO', 'Decimal-overflow mask', 'no interruption', 'a decimal overflow interrupts'),
    flag(manual(22), 'HU', 'HFP-exponent-underflow mask', 'no interruption', 'an underflow of hexadecimal floating point interrupts'),
    flag(manual(23), 'HS', 'HFP-significance mask', 'no interruption', 'a lost significance of hexadecimal floating point interrupts'),
    flag(manual(24), 'RI', 'Runtime instrumentation', 'off', 'on, as its controls (riccb) say'),
    flag(manual(31), 'EA', 'Extended addressing', '24 or 31 bits, as BA says', '64-bit addresses, together with BA'),
    flag(manual(32), 'BA', 'Basic addressing', '24-bit addresses', '31-bit addresses; 64-bit together with EA'),
  ],
};
