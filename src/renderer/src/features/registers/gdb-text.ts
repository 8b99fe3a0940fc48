/**
 * Registers as gdb prints them (`info registers`) and as commands that set them.
 *
 * Facts: gdb 13.1, on an ELF core of the lab's x86_64 guest and connected to QEMU 7.2's stub with the tiny guest, and with a 32-bit CPU (coreduo); tests/renderer/registers/register-text.test.ts compares
 * line by line. Left out: what gdb prints in forms of its own (x87, vector registers by lane), and what it does not know.
 */
import type { CpuView, Register } from '#shared/model/index.ts';

/** gdb's order and names; `decimal` registers show their signed value, `pointer` ones repeat the hex, `flags` name their set bits. */
type Form = 'decimal' | 'pointer' | 'flags';
const integers = ['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi'];
const KNOWN: readonly [ours: string, gdb: string, form: Form][] = [
  ...integers.map((name): [string, string, Form] => [name, name, 'decimal']),
  ['rbp', 'rbp', 'pointer'],
  ['rsp', 'rsp', 'pointer'],
  ...Array.from({ length: 8 }, (_, n): [string, string, Form] => [`r${n + 8}`, `r${n + 8}`, 'decimal']),
  ['rip', 'rip', 'pointer'],
  ['rflags', 'eflags', 'flags'],
];
/** gdb's order of a 32-bit CPU. */
const KNOWN_32: typeof KNOWN = [
  ...['eax', 'ecx', 'edx', 'ebx'].map((name): [string, string, Form] => [name, name, 'decimal']),
  ...['esp', 'ebp'].map((name): [string, string, Form] => [name, name, 'pointer']),
  ...['esi', 'edi'].map((name): [string, string, Form] => [name, name, 'decimal']),
  ['eip', 'eip', 'pointer'],
  ['eflags', 'eflags', 'flags'],
];
const SEGMENTS = ['cs', 'ss', 'ds', 'es', 'fs', 'gs'];
const SYSTEM: readonly [ours: string, gdb: string, form: Form][] = [
  ['fs_base', 'fs_base', 'decimal'],
  ['gs_base', 'gs_base', 'decimal'],
  ['kernel_gs_base', 'k_gs_base', 'decimal'],
  ['cr0', 'cr0', 'flags'],
  ['cr2', 'cr2', 'decimal'],
  ['cr3', 'cr3', 'flags'],
  ['cr4', 'cr4', 'flags'],
  ['cr8', 'cr8', 'decimal'],
  ['efer', 'efer', 'flags'],
  ['mxcsr', 'mxcsr', 'flags'],
];

function line(name: string, value: bigint, natural: string): string {
  return `${name.padEnd(15)}${`0x${value.toString(16)}`.padEnd(20)}${natural}`;
}

/** gdb names the flags of eflags, of mxcsr and of a 32-bit CPU's cr4 from the lowest, those of other control registers from the highest. */
function flagNames(name: string, { value, width, fields }: Register): string {
  if (name === 'cr3') return `[ PDBR=${value >> 12n} PCID=${value & 0xfffn} ]`;
  const ascending = name === 'eflags' || name === 'mxcsr' || (name === 'cr4' && width === 32);
  const set = fields.filter(
    (field) => field.width === 1 && field.value === 1n && field.name === field.name.toUpperCase() && !/^\d+$/.test(field.name),
  );
  const sorted = set.sort((a, b) => (ascending ? a.bit - b.bit : b.bit - a.bit));
  return `[ ${sorted.map((field) => `${field.name} `).join('')}]`;
}

function infoLine([, gdb, form]: readonly [string, string, Form], register: Register): string {
  const { value, width } = register;
  if (form === 'pointer') return line(gdb, value, `0x${value.toString(16)}`);
  if (form === 'flags') return line(gdb, value, flagNames(gdb, register));
  return line(gdb, value, BigInt.asIntN(width, value).toString());
}

/** The registers that gdb shows first. */
const knownOf = (cpu: CpuView): typeof KNOWN => (find(cpu, 'eip') || find(cpu, 'eax') ? KNOWN_32 : KNOWN);

const find = (cpu: CpuView, name: string): Register | undefined => cpu.registers.find((register) => register.name === name);

/** Registers that the dump holds, and those that could be worked out whole. */
export function gdbInfoRegisters(cpu: CpuView): string {
  const rows = (known: typeof KNOWN) => known.flatMap((entry) => (usable(find(cpu, entry[0])) ?? []).map((register) => infoLine(entry, register)));
  const segments = SEGMENTS.flatMap((name) => {
    const segment = cpu.segments.find((candidate) => candidate.name === name);
    return segment ? [line(name, BigInt(segment.selector), String(segment.selector))] : [];
  });
  return [...rows(knownOf(cpu)), ...segments, ...rows(SYSTEM)].map((text) => `${text}\n`).join('');
}

/** A register of which only some bits are known is no value to print as one. */
function usable(register: Register | undefined): [Register] | undefined {
  return register && register.knownBits === undefined ? [register] : undefined;
}

/** Commands for a gdb that is connected to a stub. gdb takes no constant above 64 bits, so vector registers are set by halves. */
export function gdbSetCommands(cpu: CpuView): string {
  const scalar = [...knownOf(cpu), ...SYSTEM].flatMap(([ours, gdb]) =>
    (usable(find(cpu, ours)) ?? []).map(({ value }) => `set $${gdb} = 0x${value.toString(16)}`),
  );
  const segments = SEGMENTS.flatMap((name) => {
    const segment = cpu.segments.find((candidate) => candidate.name === name);
    return segment ? [`set $${name} = 0x${segment.selector.toString(16)}`] : [];
  });
  const vectors = cpu.registers
    .filter(({ name }) => /^xmm\d+$/.test(name))
    .flatMap(({ name, value }) =>
      [0n, 1n].map((half) => `set $${name}.v2_int64[${half}] = 0x${BigInt.asUintN(64, value >> (half * 64n)).toString(16)}`),
    );
  return [...scalar, ...segments, ...vectors].map((text) => `${text}\n`).join('');
}
