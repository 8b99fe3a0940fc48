/** RFLAGS bit by bit. Source: Intel SDM vol. 1 section 3.4.3, vol. 3A section 2.3 (system flags); AMD APM vol. 2 section 3.1.6. */
import { field, flag, type BitTable } from '../../bit-table.ts';

export const RFLAGS_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [
    flag(21, 'ID', 'Identification', 'clear', 'set; that it can be changed means that CPUID exists'),
    flag(20, 'VIP', 'Virtual interrupt pending', 'none', 'an interrupt waits for a virtual-8086 task'),
    flag(19, 'VIF', 'Virtual interrupt flag', 'clear', 'set'),
    flag(
      18,
      'AC',
      'Alignment check / access control',
      'with CR4.SMAP the kernel cannot touch user pages',
      'with CR4.SMAP the kernel may touch user pages',
    ),
    flag(17, 'VM', 'Virtual-8086 mode', 'off', 'a 16-bit task runs in virtual-8086 mode'),
    flag(16, 'RF', 'Resume flag', 'instruction breakpoints act', 'the next instruction breakpoint is passed over'),
    flag(14, 'NT', 'Nested task', 'off', 'IRET returns to the previous task'),
    field(12, 2, 'IOPL', 'I/O privilege level', (value) => `code of ring ${value} and below may use I/O instructions`),
    flag(11, 'OF', 'Overflow', 'no signed overflow', 'signed overflow'),
    flag(10, 'DF', 'Direction', 'string instructions go up', 'string instructions go down'),
    flag(9, 'IF', 'Interrupt enable', 'maskable interrupts are blocked', 'maskable interrupts are taken'),
    flag(8, 'TF', 'Trap', 'off', 'single step: #DB after every instruction'),
    flag(7, 'SF', 'Sign', 'last result was not negative', 'last result was negative'),
    flag(6, 'ZF', 'Zero', 'last result was not zero', 'last result was zero'),
    flag(4, 'AF', 'Auxiliary carry', 'no carry out of bit 3', 'carry out of bit 3'),
    flag(2, 'PF', 'Parity', 'odd parity of the low byte', 'even parity of the low byte'),
    { ...flag(1, 'fixed', 'Always 1', 'clear: not possible', 'fixed to 1'), mustBe: 1n },
    flag(0, 'CF', 'Carry', 'no carry', 'carry'),
  ],
};

/** IA32_FMASK: the flags that SYSCALL clears. Intel SDM vol. 3A, "Fast System Calls in 64-Bit Mode". */
export const FMASK_BITS: BitTable = {
  unlisted: 'other',
  rows: RFLAGS_BITS.rows.map(({ name, bit, width, title }) => {
    const wide = width ?? 1;
    const all = (1n << BigInt(wide)) - 1n;
    const meaning = (value: bigint) => (value === 0n ? 'SYSCALL keeps it' : value === all ? 'SYSCALL clears it' : 'SYSCALL clears a part of it');
    return { name, bit, width: wide, title, meaning };
  }),
};
