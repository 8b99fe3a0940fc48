/**
 * Interrupts, exceptions, their delegation, trap vectors and counter enables.
 *
 * Source: RISC-V Privileged Architecture (20240411), "Machine Cause (mcause) Register" (the tables of causes there and in the hypervisor's chapter), "Machine Trap-Vector Base-Address (mtvec) Register", "Machine Interrupt
 * (mip and mie) Registers", "Machine Counter-Enable (mcounteren) Register".
 */
import { formatAddress } from '#shared/address-text.ts';
import { field, flag, type BitTable } from '../../bit-table.ts';

const INTERRUPTS: Record<number, [name: string, title: string]> = {
  1: ['SSI', 'Supervisor software interrupt'],
  2: ['VSSI', 'VS-mode software interrupt'],
  3: ['MSI', 'Machine software interrupt'],
  5: ['STI', 'Supervisor timer interrupt'],
  6: ['VSTI', 'VS-mode timer interrupt'],
  7: ['MTI', 'Machine timer interrupt'],
  9: ['SEI', 'Supervisor external interrupt'],
  10: ['VSEI', 'VS-mode external interrupt'],
  11: ['MEI', 'Machine external interrupt'],
  12: ['SGEI', 'Supervisor guest external interrupt'],
  13: ['LCOFI', 'Counter overflow interrupt'],
};

const EXCEPTIONS: Record<number, string> = {
  0: 'Instruction address misaligned',
  1: 'Instruction access fault',
  2: 'Illegal instruction',
  3: 'Breakpoint',
  4: 'Load address misaligned',
  5: 'Load access fault',
  6: 'Store or atomic address misaligned',
  7: 'Store or atomic access fault',
  8: 'Environment call from user mode (U or VU)',
  9: 'Environment call from supervisor mode (HS)',
  10: 'Environment call from VS-mode',
  11: 'Environment call from machine mode',
  12: 'Instruction page fault',
  13: 'Load page fault',
  15: 'Store or atomic page fault',
  16: 'Double trap',
  18: 'Software check',
  19: 'Hardware error',
  20: 'Instruction guest-page fault',
  21: 'Load guest-page fault',
  22: 'Virtual instruction',
  23: 'Store or atomic guest-page fault',
};

const interruptTable = (clear: string, set: string): BitTable => ({
  unlisted: 'other',
  rows: Object.entries(INTERRUPTS).map(([bit, [name, title]]) => flag(Number(bit), name, title, clear, set)),
});

export const ENABLE_BITS = interruptTable('disabled', 'enabled');
export const PENDING_BITS = interruptTable('not pending', 'pending');
export const INTERRUPT_DELEGATION_BITS = interruptTable('not delegated', 'delegated to the mode below');

export const EXCEPTION_DELEGATION_BITS: BitTable = {
  unlisted: 'other',
  rows: Object.entries(EXCEPTIONS).map(([bit, title]) => flag(Number(bit), `cause ${bit}`, title, 'not delegated', 'delegated to the mode below')),
};

const cause = (width: 32 | 64): BitTable => ({
  unlisted: 'other',
  rows: [
    field(0, width - 1, 'code', 'Cause', (value) => {
      const interrupt = INTERRUPTS[Number(value)];
      const exception = EXCEPTIONS[Number(value)];
      return `${exception ?? 'reserved'} (as an interrupt: ${interrupt?.[1] ?? 'reserved'})`;
    }),
    flag(width - 1, 'interrupt', 'Kind', 'an exception', 'an interrupt'),
  ],
});
export const CAUSE_BITS = cause(64);
export const CAUSE_32_BITS = cause(32);

const vector = (width: 32 | 64): BitTable => ({
  unlisted: 'other',
  rows: [
    field(0, 2, 'MODE', 'Mode', ['direct: all traps go to BASE', 'vectored: interrupts go to BASE + 4 × cause', 'reserved', 'reserved']),
    field(2, width - 2, 'BASE', 'Handler', (value) => `at ${formatAddress(value << 2n)}`),
  ],
});
export const VECTOR_BITS = vector(64);
export const VECTOR_32_BITS = vector(32);

const COUNTERS = ['cycle', 'time', 'instret', ...Array.from({ length: 29 }, (_, n) => `hpmcounter${n + 3}`)];
export const COUNTER_BITS: BitTable = {
  unlisted: 'reserved',
  rows: COUNTERS.map((name, bit) =>
    flag(bit, name.startsWith('hpm') ? `HPM${bit}` : ['CY', 'TM', 'IR'][bit]!, name, 'not for the mode below', 'for the mode below'),
  ),
};
export const INHIBIT_BITS: BitTable = {
  unlisted: 'reserved',
  rows: COUNTERS.map((name, bit) => flag(bit, name.startsWith('hpm') ? `HPM${bit}` : ['CY', 'TM', 'IR'][bit]!, name, 'counts', 'stands still')),
};
