/**
 * The notes that an ELF core of an AArch64 guest holds for each CPU.
 *
 * NT_PRSTATUS, 392 bytes: Linux include/linux/elfcore.h (elf_prstatus) and arch/arm64/include/uapi/asm/ptrace.h (user_pt_regs), as QEMU target/arm/arch_dump.c fills them: pr_pid at 32 is the
 * CPU's index + 1, 34 registers of 8 bytes from 112 on (x0 to x30, sp, pc, pstate), pr_fpvalid at 384 is 1, the rest 0.
 * NT_PRFPREG, 528 bytes: user_fpsimd_state: 32 vector registers of 16 bytes, then FPSR and FPCR of 4.
 * NT_ARM_SVE (owner LINUX): user_sve_header of 16 bytes {u32 size, max_size; u16 vl, max_vl, flags, reserved}, then with flag 1 (SVE_PT_REGS_SVE) z0 to z31 of `vl` bytes, p0 to p15 and ffr of
 * vl / 8, and, at the next multiple of 16 bytes, FPSR and FPCR; the whole is a multiple of 16. Vectors are little-endian whatever the guest is.
 */
export const PRSTATUS_SIZE = 392;
export const PRSTATUS_PID = 32;
export const PRSTATUS_FPVALID = 384;

export interface NoteSlot {
  name: string;
  /** In the note's payload. */
  offset: number;
}

export const GENERAL: readonly string[] = [...Array.from({ length: 31 }, (_, n) => `x${n}`), 'sp', 'pc', 'cpsr'];
export const PRSTATUS_SLOTS: readonly NoteSlot[] = GENERAL.map((name, n) => ({ name, offset: 112 + 8 * n }));

export const NT_PRFPREG = 2;
export const PRFPREG_SIZE = 528;
export const VECTORS: readonly string[] = Array.from({ length: 32 }, (_, n) => `v${n}`);
export const FPSR_OFFSET = 512;
export const FPCR_OFFSET = 516;

export const NT_ARM_SVE = 0x405;
export const SVE_HEADER = 16;
export const SVE_FLAG_REGISTERS = 1;
/** Bytes of the longest vectors that the architecture has. */
export const LONGEST_VECTOR = 256;

export const PREDICATES: readonly string[] = [...Array.from({ length: 16 }, (_, n) => `p${n}`), 'ffr'];

/** Where a note of vectors of `vl` bytes keeps what. */
export function sveLayout(vl: number): { predicates: number; fpsr: number; size: number } {
  const predicates = SVE_HEADER + 32 * vl;
  const fpsr = Math.ceil((predicates + (17 * vl) / 8) / 16) * 16;
  return { predicates, fpsr, size: Math.ceil((fpsr + 8) / 16) * 16 };
}
