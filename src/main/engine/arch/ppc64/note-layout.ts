/**
 * The notes that an ELF core of a ppc64 guest holds for each CPU, all of owner CORE in QEMU's dumps; in the file's byte order.
 *
 * NT_PRSTATUS, 504 bytes: Linux include/linux/elfcore.h (elf_prstatus) and arch/powerpc/include/uapi/asm/ptrace.h (struct pt_regs, in 48 slots of 8 bytes from 112 on),
 * QEMU target/ppc/arch_dump.c. QEMU fills r0 to r31, nip, msr, ctr, link, xer and ccr, and leaves the rest 0, pr_pid too; a kernel fills in all that pt_regs has.
 * The others: QEMU target/ppc/arch_dump.c, which writes all five for every CPU.
 *   NT_PRFPREG (2)    264  f0 to f31, fpscr as 8 bytes
 *   NT_PPC_VMX (0x100) 544  vr0 to vr31 of 16 bytes, vscr in the last 4 of 16, vrsave in the first 4 of 16 (QEMU leaves it 0)
 *   NT_PPC_SPE (0x101) 140  32 upper halves of 4 bytes (QEMU leaves them 0), acc of 8, spefscr of 4
 *   NT_PPC_VSX (0x102) 256  second doubleword of vs0 to vs31
 */
export const NT_PRFPREG = 2;
export const NT_PPC_VMX = 0x100;
export const NT_PPC_SPE = 0x101;
export const NT_PPC_VSX = 0x102;

export interface NoteSlot {
  name: string;
  /** In the note's payload. */
  offset: number;
  /** Bytes that it takes up, and how many bits of the register they hold. */
  bytes: 4 | 8 | 16;
  width: number;
}

export interface NoteLayout {
  type: number;
  title: string;
  /** Bytes, as QEMU writes it. */
  size: number;
  slots: readonly NoteSlot[];
}

const slot = (name: string, offset: number, bytes: NoteSlot['bytes'], width = bytes * 8): NoteSlot => ({ name, offset, bytes, width });
const slots = (count: number, offset: number, bytes: NoteSlot['bytes'], nameOf: (n: number) => string): NoteSlot[] =>
  Array.from({ length: count }, (_, n) => slot(nameOf(n), offset + n * bytes, bytes));

const REGISTERS = 112;
const at = (place: number): number => REGISTERS + 8 * place;

/** QEMU's part of NT_PRSTATUS. */
export const PRSTATUS: NoteLayout = {
  type: 1,
  title: 'NT_PRSTATUS',
  size: 504,
  slots: [
    ...slots(32, REGISTERS, 8, (n) => `r${n}`),
    slot('pc', at(32), 8),
    slot('msr', at(33), 8),
    slot('ctr', at(35), 8),
    slot('lr', at(36), 8),
    slot('xer', at(37), 8),
    slot('cr', at(38), 8, 32),
  ],
};

/** What only a kernel knows, or writes, of NT_PRSTATUS. */
export const KERNEL_SLOTS: readonly NoteSlot[] = [
  slot('orig_r3', at(34), 8),
  slot('softe', at(39), 8),
  slot('trap', at(40), 8),
  slot('dar', at(41), 8),
  slot('dsisr', at(42), 8),
  slot('result', at(43), 8),
];

/** In QEMU's order, after NT_PRSTATUS. */
export const OTHER_NOTES: readonly NoteLayout[] = [
  { type: NT_PRFPREG, title: 'NT_PRFPREG', size: 264, slots: [...slots(32, 0, 8, (n) => `f${n}`), slot('fpscr', 256, 8)] },
  { type: NT_PPC_VMX, title: 'NT_PPC_VMX', size: 544, slots: [...slots(32, 0, 16, (n) => `vr${n}`), slot('vscr', 524, 4)] },
  { type: NT_PPC_VSX, title: 'NT_PPC_VSX', size: 256, slots: slots(32, 0, 8, (n) => `vs${n}h`) },
  { type: NT_PPC_SPE, title: 'NT_PPC_SPE', size: 140, slots: [slot('acc', 128, 8), slot('spefscr', 136, 4)] },
];
