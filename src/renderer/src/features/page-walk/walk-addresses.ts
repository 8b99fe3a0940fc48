/** Addresses worth walking when none is chosen yet: what the CPU's own registers point at. */
import type { CpuView, Register } from '#shared/model/index.ts';

export interface Suggestion {
  title: string;
  address: bigint;
}

/** What the registers of every family point at that lead to something worth seeing, in the order in which they are offered. Their names mean the same wherever they occur. */
const POINTERS: readonly [name: string, title: string][] = [
  ['elr_el1', 'where the kernel returns to'],
  ['sepc', 'where the trap came from'],
  ['srr0', 'where the interrupt came from'],
  ['x30', 'the return address'],
  ['ra', 'the return address'],
  ['lr', 'the return address'],
  ['r14', 'the return address'],
  ['cr2', 'the last page fault'],
  ['far_el1', 'the last fault'],
  ['stval', 'the last fault'],
  ['dar', 'the last fault'],
  ['dfar', 'the last fault'],
  ['lstar', 'the system call entry'],
  ['sysenter_eip', 'the system call entry'],
  ['vbar_el1', 'the exception vectors'],
  ['vbar', 'the exception vectors'],
  ['stvec', 'the trap vector'],
];
/** More would hide the ones that matter. */
const MOST = 5;

function pointsSomewhere({ value, knownBits, width, addressSpace }: Register): boolean {
  return value !== 0n && knownBits === undefined && width <= 64 && addressSpace !== 'gpa';
}

/** Registers that the dump holds; only the instruction pointer may be 0. */
export function suggestions(cpu: CpuView | undefined): Suggestion[] {
  if (!cpu) return [];
  const find = (name: string) => cpu.registers.find((candidate) => candidate.name === name);
  const { instruction, stack } = cpu.pointers;
  const found: Suggestion[] = [];
  const add = (name: string, title: string, address: bigint) => {
    if (!found.some((other) => other.address === address)) found.push({ title: `${name.toUpperCase()}, ${title}`, address });
  };
  const next = find(instruction);
  if (next && next.knownBits === undefined) add(instruction, 'the next instruction', next.value);
  const top = find(stack);
  if (top && pointsSomewhere(top)) add(stack, 'the stack', top.value);
  for (const [name, title] of POINTERS) {
    const register = find(name);
    if (found.length >= MOST || !register || !pointsSomewhere(register)) continue;
    // s390x returns through r14, where r15 is its stack; elsewhere it is any register.
    if (name !== 'r14' || stack === 'r15') add(name, title, register.value);
  }
  const idt = cpu.segments.find(({ name }) => name === 'idt');
  if (idt) add('idt', 'the interrupt table', idt.base);
  return found;
}
