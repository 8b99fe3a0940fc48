/**
 * Which registers gdb lists of a CPU, in its order and by its names, and how it prints each.
 *
 * Facts: gdb 13.1, on ELF cores of the lab's guests (x86-64, AArch64, s390x) and connected to QEMU 7.2's stub (x86-64, coreduo, cortex-a15, power9, RISC-V virt);
 * tests/renderer/registers/*-text.test.ts compare line by line. Left out: what gdb prints in forms of its own (x87, vector registers by lane), and what only QEMU's stub adds.
 */
import type { CpuView } from '#shared/model/index.ts';

/**
 * `decimal` registers show their signed value, `unsigned` ones their unsigned, `pointer` ones repeat the hex, `flags` name their set bits. `field` is a part of a register that gdb has
 * a name for: it can be printed, not set.
 */
export type Form = 'decimal' | 'unsigned' | 'pointer' | 'flags' | 'field';

export interface GdbRegister {
  /** The name here, and gdb's. */
  ours: string;
  gdb: string;
  form: Form;
  /** Of `flags`: gdb's fields, lowest first; those wider than a bit are always shown. Without it the register's own, see gdb-text.ts. Of `field`: the one field. */
  fields?: readonly GdbField[];
}

export interface GdbField {
  name: string;
  bit: number;
  width: number;
}

export interface GdbLayout {
  /** True for a CPU of this family: by a register that only it has. */
  fits(names: ReadonlySet<string>): boolean;
  /** What comes first. */
  known: readonly GdbRegister[];
  /** x86 alone. */
  segments: readonly string[];
  /** After the segments. */
  system: readonly GdbRegister[];
  /** Vector registers of 128 bits that gdb takes by halves: their name, and that of an element. */
  halves?: { name: RegExp; element: string };
  /** gdb ends the hex column by a tab. */
  tabbed?: true;
}

const one = (name: string, form: Form): GdbRegister => ({ ours: name, gdb: name, form });
const all = (names: string, form: Form): GdbRegister[] => names.split(' ').map((name) => one(name, form));
const numbered = (prefix: string, first: number, last: number, form: Form): GdbRegister[] =>
  Array.from({ length: last - first + 1 }, (_, n) => one(`${prefix}${first + n}`, form));
/** `SP:0 EL:2-3`. */
const bits = (text: string): GdbField[] =>
  text.split(' ').map((word) => {
    const [name = '', range = ''] = word.split(':');
    const [low = 0, high = low] = range.split('-').map(Number);
    return { name, bit: low, width: high - low + 1 };
  });

const SYSTEM_X86: readonly GdbRegister[] = [
  ...all('fs_base gs_base', 'decimal'),
  { ours: 'kernel_gs_base', gdb: 'k_gs_base', form: 'decimal' },
  one('cr0', 'flags'),
  one('cr2', 'decimal'),
  ...all('cr3 cr4', 'flags'),
  one('cr8', 'decimal'),
  ...all('efer mxcsr', 'flags'),
];
const SEGMENTS_X86 = ['cs', 'ss', 'ds', 'es', 'fs', 'gs'];

const X86_64: GdbLayout = {
  fits: (names) => names.has('rip') || names.has('rax'),
  known: [
    ...all('rax rbx rcx rdx rsi rdi', 'decimal'),
    ...all('rbp rsp', 'pointer'),
    ...numbered('r', 8, 15, 'decimal'),
    one('rip', 'pointer'),
    { ours: 'rflags', gdb: 'eflags', form: 'flags' },
  ],
  segments: SEGMENTS_X86,
  system: SYSTEM_X86,
  halves: { name: /^xmm\d+$/, element: 'v2_int64' },
};

const I386: GdbLayout = {
  ...X86_64,
  fits: (names) => names.has('eip') || names.has('eax'),
  known: [
    ...all('eax ecx edx ebx', 'decimal'),
    ...all('esp ebp', 'pointer'),
    ...all('esi edi', 'decimal'),
    one('eip', 'pointer'),
    one('eflags', 'flags'),
  ],
};

const CPSR = bits('SP:0 EL:2-3 nRW:4 F:6 I:7 A:8 D:9 BTYPE:10-11 SSBS:12 IL:20 SS:21 PAN:22 UAO:23 DIT:24 TCO:25 V:28 C:29 Z:30 N:31');
const FPSR = bits('IOC:0 DZC:1 OFC:2 UFC:3 IXC:4 IDC:7 QC:27 V:28 C:29 Z:30 N:31');
const FPCR = bits('FIZ:0 AH:1 NEP:2 IOE:8 DZE:9 OFE:10 UFE:11 IXE:12 EBF:13 IDE:15 Len:16-18 FZ16:19 Stride:20-21 RMode:22-23 FZ:24 DN:25 AHP:26');

const ARM64: GdbLayout = {
  fits: (names) => names.has('x29') || names.has('x0'),
  known: [
    ...numbered('x', 0, 30, 'decimal'),
    ...all('sp pc', 'pointer'),
    { ...one('cpsr', 'flags'), fields: CPSR },
    { ...one('fpsr', 'flags'), fields: FPSR },
    { ...one('fpcr', 'flags'), fields: FPCR },
  ],
  segments: [],
  system: [],
  halves: { name: /^v\d+$/, element: 'd.u' },
};

const ARM: GdbLayout = {
  fits: (names) => names.has('r12') && names.has('sp') && !names.has('pswa'),
  known: [
    ...numbered('r', 0, 12, 'decimal'),
    one('sp', 'pointer'),
    one('lr', 'decimal'),
    one('pc', 'pointer'),
    one('cpsr', 'decimal'),
    one('fpscr', 'decimal'),
  ],
  segments: [],
  system: [],
};

const S390X: GdbLayout = {
  fits: (names) => names.has('pswa') || names.has('pswm'),
  known: [
    ...all('pswm pswa', 'unsigned'),
    ...numbered('r', 0, 15, 'unsigned'),
    ...numbered('acr', 0, 15, 'unsigned'),
    ...all('fpc orig_r2 last_break system_call', 'unsigned'),
    { ours: 'pswa', gdb: 'pc', form: 'field', fields: [{ name: 'pc', bit: 0, width: 64 }] },
    { ours: 'pswm', gdb: 'cc', form: 'field', fields: [{ name: 'cc', bit: 44, width: 2 }] },
  ],
  segments: [],
  system: [],
};

const PPC64: GdbLayout = {
  fits: (names) => names.has('ctr') || names.has('msr'),
  known: [
    ...numbered('r', 0, 31, 'unsigned'),
    one('pc', 'pointer'),
    ...all('msr cr', 'unsigned'),
    one('lr', 'pointer'),
    ...all('ctr xer fpscr vscr vrsave', 'unsigned'),
  ],
  segments: [],
  system: [],
};

const RISCV: GdbLayout = {
  fits: (names) => names.has('tp') || names.has('sepc'),
  known: [
    ...all('ra sp gp tp', 'pointer'),
    ...all('t0 t1 t2', 'decimal'),
    one('fp', 'pointer'),
    { ours: 's0', gdb: 'fp', form: 'pointer' },
    ...all('s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6', 'decimal'),
    one('pc', 'pointer'),
  ],
  segments: [],
  system: [],
  tabbed: true,
};

const LAYOUTS: readonly GdbLayout[] = [X86_64, I386, S390X, ARM64, PPC64, RISCV, ARM];

/** Undefined for a CPU whose registers gdb has no list for here. */
export function gdbLayout(cpu: CpuView): GdbLayout | undefined {
  const names = new Set(cpu.registers.map(({ name }) => name));
  return LAYOUTS.find((layout) => layout.fits(names));
}

/** x86, whose registers crash and older habits know. */
export const isX86 = (cpu: CpuView): boolean => [X86_64, I386].some((layout) => layout === gdbLayout(cpu));
