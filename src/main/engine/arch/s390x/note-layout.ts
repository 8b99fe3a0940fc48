/**
 * The notes that an ELF core of an s390x guest holds for each CPU, in QEMU's order. All big-endian.
 *
 * Sources: QEMU target/s390x/arch_dump.c (v7.2; the vector notes since 2.4, NT_S390_GS_CB since 2.11), Linux include/uapi/linux/elf.h and arch/s390/include/uapi/asm/ptrace.h
 * (s390_regs, s390_fp_regs) for what a kernel writes of itself, which has the notes in another order and orig_gpr2 in NT_PRSTATUS.
 *
 * QEMU writes pr_pid, the CPU's index + 1, in the byte order of the machine that it runs on.
 */

export interface NoteSlot {
  name: string;
  /** In the note's payload. */
  offset: number;
  bytes: 4 | 8 | 16;
}

export interface NoteLayout {
  owner: 'CORE' | 'LINUX';
  type: number;
  title: string;
  /** Bytes; shorter notes are damaged. */
  size: number;
  slots: readonly NoteSlot[];
  /** True for a facility that not every CPU has: QEMU writes the note all the same. */
  optional?: true;
}

const list = (prefix: string, count: number, offset: number, bytes: 4 | 8 | 16, first = 0): NoteSlot[] =>
  Array.from({ length: count }, (_, n) => ({ name: `${prefix}${first + n}`, offset: offset + n * bytes, bytes }));

export const PR_PID = 32;
/** Linux's, behind QEMU's registers. */
export const ORIG_GPR2: NoteSlot = { name: 'orig_r2', offset: 320, bytes: 8 };

export const NOTES: readonly NoteLayout[] = [
  {
    owner: 'CORE',
    type: 1,
    title: 'NT_PRSTATUS',
    size: 336,
    slots: [{ name: 'pswm', offset: 112, bytes: 8 }, { name: 'pswa', offset: 120, bytes: 8 }, ...list('r', 16, 128, 8), ...list('acr', 16, 256, 4)],
  },
  { owner: 'CORE', type: 2, title: 'NT_FPREGSET', size: 136, slots: [{ name: 'fpc', offset: 0, bytes: 4 }, ...list('f', 16, 8, 8)] },
  { owner: 'LINUX', type: 0x305, title: 'NT_S390_PREFIX', size: 4, slots: [{ name: 'prefix', offset: 0, bytes: 4 }] },
  { owner: 'LINUX', type: 0x304, title: 'NT_S390_CTRS', size: 128, slots: list('cr', 16, 0, 8) },
  { owner: 'LINUX', type: 0x301, title: 'NT_S390_TIMER', size: 8, slots: [{ name: 'cputm', offset: 0, bytes: 8 }] },
  { owner: 'LINUX', type: 0x302, title: 'NT_S390_TODCMP', size: 8, slots: [{ name: 'ckc', offset: 0, bytes: 8 }] },
  { owner: 'LINUX', type: 0x303, title: 'NT_S390_TODPREG', size: 4, slots: [{ name: 'todpr', offset: 0, bytes: 4 }] },
  // The lower halves of the first 16 vector registers; their upper halves are in NT_FPREGSET.
  { owner: 'LINUX', type: 0x309, title: 'NT_S390_VXRS_LOW', size: 128, slots: list('v', 16, 0, 8), optional: true },
  { owner: 'LINUX', type: 0x30a, title: 'NT_S390_VXRS_HIGH', size: 256, slots: list('v', 16, 0, 16, 16), optional: true },
  {
    owner: 'LINUX',
    type: 0x30b,
    title: 'NT_S390_GS_CB',
    size: 32,
    slots: ['gs_reserved', 'gsd', 'gssm', 'gsepl'].map((name, n) => ({ name, offset: 8 * n, bytes: 8 as const })),
    optional: true,
  },
];

export const VXRS_LOW = 0x309;
