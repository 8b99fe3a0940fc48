/**
 * The two notes that an ELF core of an x86-64 guest holds for each CPU. All little-endian.
 *
 * NT_PRSTATUS, 336 bytes: Linux include/linux/elfcore.h (elf_prstatus) and arch/x86/include/asm/user_64.h (user_regs_struct), as QEMU
 * target/i386/arch_dump.c fills them: pr_pid at 32 is the CPU's index + 1, 27 registers of 8 bytes from 112 on, the rest 0.
 *
 * "QEMU" note, 440 bytes (432 before QEMU 3.0, without kernel_gs_base): QEMU target/i386/arch_dump.c (QEMUCPUState):
 *   0 u32 version (1)  4 u32 size  8 registers  152 ten segments of 24 bytes {u32 selector, limit, flags, pad; u64 base}  392 cr0 to cr4
 */

/** Where NT_PRSTATUS keeps what: of a 64-bit CPU here, of a 32-bit one in i386/note-layout.ts. */
export interface PrstatusLayout {
  /** Bytes. */
  size: number;
  /** Offset of pr_pid, 4 bytes. */
  pid: number;
  /** Registers, each of `slotBytes` bytes. Segment names stand for selectors. */
  slots: readonly NoteSlot[];
  slotBytes: 4 | 8;
}

export interface NoteSlot {
  name: string;
  /** In the note's payload. */
  offset: number;
}

const PRSTATUS_REGISTERS = 112;

/** In their order from offset 112 on. */
const PRSTATUS_ORDER = [
  ...['r15', 'r14', 'r13', 'r12', 'rbp', 'rbx', 'r11', 'r10', 'r9', 'r8', 'rax', 'rcx', 'rdx', 'rsi', 'rdi', 'orig_rax'],
  ...['rip', 'cs', 'rflags', 'rsp', 'ss', 'fs_base', 'gs_base', 'ds', 'es', 'fs', 'gs'],
] as const;

export const PRSTATUS: PrstatusLayout = {
  size: 336,
  pid: 32,
  slots: PRSTATUS_ORDER.map((name, n) => ({ name, offset: PRSTATUS_REGISTERS + 8 * n })),
  slotBytes: 8,
};
export const SELECTOR_NAMES: ReadonlySet<string> = new Set(['cs', 'ss', 'ds', 'es', 'fs', 'gs']);

export const QEMU_NOTE_VERSION = 1;
export const QEMU_NOTE_SIZE = 440;
/** Before QEMU 3.0. */
export const QEMU_NOTE_SIZE_OLD = 432;
export const KERNEL_GS_BASE = 432;

const QEMU_ORDER = [
  ...['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rsp', 'rbp'],
  ...['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15', 'rip', 'rflags'],
];

/** 64-bit registers; kernel_gs_base only where the note is long enough. CR1 does not exist; its slot at 400 is 0. */
export const QEMU_SLOTS: readonly NoteSlot[] = [
  ...QEMU_ORDER.map((name, n) => ({ name, offset: 8 + 8 * n })),
  { name: 'cr0', offset: 392 },
  { name: 'cr2', offset: 408 },
  { name: 'cr3', offset: 416 },
  { name: 'cr4', offset: 424 },
  { name: 'kernel_gs_base', offset: KERNEL_GS_BASE },
];

export const QEMU_SEGMENTS: readonly NoteSlot[] = ['cs', 'ds', 'es', 'fs', 'gs', 'ss', 'ldt', 'tr', 'gdt', 'idt'].map((name, n) => ({
  name,
  offset: 152 + 24 * n,
}));
