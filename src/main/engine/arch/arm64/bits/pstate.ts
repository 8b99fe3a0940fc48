/**
 * PSTATE, as gdb's cpsr and the SPSRs hold it.
 *
 * Source: Arm Architecture Reference Manual for A-profile (DDI 0487J), C5.2.19 (SPSR_EL1, from AArch64 and from AArch32).
 */
import { field, flag, type BitTable } from '../../bit-table.ts';

const masked = (bit: number, name: string, title: string) => flag(bit, name, title, 'taken', 'held back');

const MODES: Readonly<Record<number, string>> = {
  0: 'EL0 (user), stack pointer SP_EL0',
  4: 'EL1 (kernel), stack pointer SP_EL0',
  5: 'EL1 (kernel), stack pointer SP_EL1',
  8: 'EL2 (hypervisor), stack pointer SP_EL0',
  9: 'EL2 (hypervisor), stack pointer SP_EL2',
  12: 'EL3 (secure monitor), stack pointer SP_EL0',
  13: 'EL3 (secure monitor), stack pointer SP_EL3',
  16: 'AArch32 User',
  17: 'AArch32 FIQ',
  18: 'AArch32 IRQ',
  19: 'AArch32 Supervisor',
  22: 'AArch32 Monitor',
  23: 'AArch32 Abort',
  26: 'AArch32 Hyp',
  27: 'AArch32 Undefined',
  31: 'AArch32 System',
};

export const PSTATE_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    flag(31, 'N', 'Negative', 'the last comparison was not negative', 'the last comparison was negative'),
    flag(30, 'Z', 'Zero', 'the last comparison was not equal', 'the last comparison was equal'),
    flag(29, 'C', 'Carry', 'no carry', 'carry, or no borrow'),
    flag(28, 'V', 'Overflow', 'no signed overflow', 'signed overflow'),
    flag(25, 'TCO', 'Tag check override', 'tags are checked', 'tags are not checked'),
    flag(24, 'DIT', 'Data-independent timing', 'off', 'on'),
    flag(23, 'UAO', 'User access override', 'LDTR and STTR act as EL0', 'LDTR and STTR act as this level'),
    flag(22, 'PAN', 'Privileged access never', 'the kernel may reach user pages', 'the kernel may not reach user pages'),
    flag(21, 'SS', 'Software step', 'off', 'the next instruction is stepped'),
    flag(20, 'IL', 'Illegal execution state', 'no', 'yes: the next instruction raises an exception'),
    flag(13, 'ALLINT', 'All interrupts mask', 'superpriority interrupts are taken', 'all interrupts are held back'),
    flag(12, 'SSBS', 'Speculative store bypass safe', 'no speculative store bypass', 'speculative store bypass is allowed'),
    field(10, 2, 'BTYPE', 'Branch type', ['no indirect branch', 'a branch that may go to any BTI', 'a call', 'a jump']),
    masked(9, 'D', 'Debug exceptions'),
    masked(8, 'A', 'SError interrupts'),
    masked(7, 'I', 'IRQ interrupts'),
    masked(6, 'F', 'FIQ interrupts'),
    field(0, 5, 'M', 'Mode', (value) => MODES[Number(value)] ?? `mode ${value} is not defined`),
  ],
};
