/**
 * NT_PRSTATUS of a 32-bit x86 CPU, 144 bytes, little-endian. The QEMU note is that of a 64-bit CPU (x86-64/note-layout.ts), 440 bytes since QEMU 3.0,
 * whose slots for what a 32-bit CPU does not have are 0.
 *
 * Source: Linux include/linux/elfcore.h (elf_prstatus) and arch/x86/include/asm/user_32.h (user_regs_struct), as QEMU target/i386/arch_dump.c fills
 * them: pr_pid at 24 is the CPU's index + 1, 17 registers of 4 bytes from 72 on, the rest 0. Selectors are padded to 4 bytes.
 */
import { QEMU_SLOTS, type NoteSlot, type PrstatusLayout } from '../x86-64/note-layout.ts';

const PRSTATUS_REGISTERS = 72;
/** Under the 64-bit names, as in a CpuState. */
const ORDER = [...['rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rax', 'ds', 'es', 'fs', 'gs', 'orig_rax'], ...['rip', 'cs', 'rflags', 'rsp', 'ss']];

export const PRSTATUS_32: PrstatusLayout = {
  size: 144,
  pid: 24,
  slots: ORDER.map((name, n) => ({ name, offset: PRSTATUS_REGISTERS + 4 * n })),
  slotBytes: 4,
};

/** Registers of the QEMU note that only a 64-bit CPU has. */
export const LONG_ONLY: ReadonlySet<string> = new Set(['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15', 'kernel_gs_base']);

/** What the two notes hold of a 32-bit CPU. */
export const NOTE_SLOTS_32: readonly NoteSlot[] = [...PRSTATUS_32.slots, ...QEMU_SLOTS.filter(({ name }) => !LONG_ONLY.has(name))];
