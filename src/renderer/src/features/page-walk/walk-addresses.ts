/** Addresses worth walking when none is chosen yet: what the CPU's own registers point at. */
import type { CpuView } from '#shared/model/index.ts';

export interface Suggestion {
  title: string;
  address: bigint;
}

const REGISTERS: readonly [name: string, title: string][] = [
  ['rip', 'RIP, the next instruction'],
  ['rsp', 'RSP, the stack'],
  ['cr2', 'CR2, the last page fault'],
  ['lstar', 'LSTAR, the system call entry'],
];

/** Of a CPU whose registers are 32 bits wide. */
const REGISTERS_32: typeof REGISTERS = [
  ['eip', 'EIP, the next instruction'],
  ['esp', 'ESP, the stack'],
  ['cr2', 'CR2, the last page fault'],
  ['sysenter_eip', 'SYSENTER_EIP, the system call entry'],
];

/** Registers that the dump holds, in the order of the lists above; only the instruction pointer may be 0. */
export function suggestions(cpu: CpuView | undefined): Suggestion[] {
  if (!cpu) return [];
  const registers = cpu.registers.some(({ name }) => name === 'eip') ? REGISTERS_32 : REGISTERS;
  const found = registers.flatMap(([name, title]): Suggestion[] => {
    const register = cpu.registers.find((candidate) => candidate.name === name);
    return register && (register.value !== 0n || name === registers[0]?.[0]) ? [{ title, address: register.value }] : [];
  });
  const idt = cpu.segments.find(({ name }) => name === 'idt');
  return idt ? [...found, { title: 'IDT, the interrupt table', address: idt.base }] : found;
}
