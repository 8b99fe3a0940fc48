/**
 * The notes that an ELF core of a 32-bit ARM guest holds for each CPU.
 *
 * NT_PRSTATUS, 148 bytes: Linux include/linux/elfcore.h (elf_prstatus) and arch/arm/include/uapi/asm/ptrace.h (pt_regs), as QEMU target/arm/arch_dump.c fills them: pr_pid at 24 is the CPU's
 * index + 1, 17 registers of 4 bytes from 72 on (r0 to r15, cpsr), pr_fpvalid at 144 is 1 for a CPU with vector registers, the rest 0.
 * NT_ARM_VFP (owner LINUX), 260 bytes: d0 to d31 of 8 bytes, then FPSCR.
 */
export const PRSTATUS_SIZE = 148;
export const PRSTATUS_PID = 24;
export const PRSTATUS_FPVALID = 144;

/** r0 to r15 under gdb's names. */
export const GENERAL: readonly string[] = [...Array.from({ length: 13 }, (_, n) => `r${n}`), 'sp', 'lr', 'pc'];
export const PRSTATUS_SLOTS = [...GENERAL, 'cpsr'].map((name, n) => ({ name, offset: 72 + 4 * n }));

export const NT_ARM_VFP = 0x400;
export const VFP_SIZE = 260;
export const DOUBLES: readonly string[] = Array.from({ length: 32 }, (_, n) => `d${n}`);
export const FPSCR_OFFSET = 256;
