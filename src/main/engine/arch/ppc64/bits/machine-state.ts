/** The machine state register, and what interrupts keep of it. Source: Power ISA 3.0B, Book III, section 3.2.1 (MSR); 2.07 for TS and TM. */
import type { BitTable } from '../../bit-table.ts';
import { powerField, powerFlag } from './power-bits.ts';

export const MSR_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    powerFlag(0, 'SF', 'Sixty-four-bit mode', '32-bit mode', '64-bit mode'),
    powerFlag(3, 'HV', 'Hypervisor state', 'not in hypervisor state', 'in hypervisor state, unless PR is set'),
    powerField(29, 30, 'TS', 'Transaction state', ['no transaction', 'suspended', 'transactional', 'value 3 is reserved']),
    powerFlag(31, 'TM', 'Transactional memory available', 'its instructions raise an interrupt', 'available'),
    powerFlag(38, 'VEC', 'Vector available', 'vector instructions raise an interrupt', 'vector instructions may be used'),
    powerFlag(40, 'VSX', 'VSX available', 'VSX instructions raise an interrupt', 'VSX instructions may be used'),
    powerFlag(41, 'S', 'Secure state', 'not secure', 'in ultravisor or secure state'),
    powerFlag(48, 'EE', 'External interrupt enable', 'external and decrementer interrupts wait', 'external and decrementer interrupts are taken'),
    powerFlag(49, 'PR', 'Problem state', 'privileged', 'problem state: user mode'),
    powerFlag(50, 'FP', 'Floating-point available', 'floating-point instructions raise an interrupt', 'floating-point instructions may be used'),
    powerFlag(51, 'ME', 'Machine check interrupt enable', 'a machine check stops the CPU', 'machine checks interrupt'),
    powerFlag(52, 'FE0', 'Floating-point exception mode 0', 'with FE1: the exception mode', 'with FE1: the exception mode'),
    powerField(53, 54, 'TE', 'Trace enable', ['no tracing', 'traces branches', 'traces every instruction', 'value 3 is reserved']),
    powerFlag(55, 'FE1', 'Floating-point exception mode 1', 'with FE0: the exception mode', 'with FE0: the exception mode'),
    powerFlag(58, 'IR', 'Instruction relocate', 'instructions are fetched from real addresses', 'instruction addresses are translated'),
    powerFlag(59, 'DR', 'Data relocate', 'data is accessed at real addresses', 'data addresses are translated'),
    powerFlag(61, 'PMM', 'Performance monitor mark', 'not marked', 'marked'),
    powerFlag(62, 'RI', 'Recoverable interrupt', 'an interrupt now is not recoverable', 'recoverable'),
    powerFlag(63, 'LE', 'Little-endian mode', 'big-endian', 'little-endian'),
  ],
};
