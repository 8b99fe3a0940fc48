/**
 * Registers as crash prints them: the exception frame of `bt`, whose form the kernel's own oops uses too (64-bit).
 *
 * Facts: `bt` of crash 8.0.2 on the lab's x86_64 guest; tests/renderer/registers/register-text.test.ts compares line by line. A 32-bit CPU's frame: the examples in
 * crash 8.0.2's `help bt`; its ERR (error code) is no register, and is left out. Not compared with a run: crash's x86-64 build opens no such dumps.
 */
import type { CpuView } from '#shared/model/index.ts';

const LINES: readonly (readonly string[])[] = [
  ['rip', 'rsp', 'rflags'],
  ['rax', 'rbx', 'rcx'],
  ['rdx', 'rsi', 'rdi'],
  ['rbp', 'r8', 'r9'],
  ['r10', 'r11', 'r12'],
  ['r13', 'r14', 'r15'],
];

const LINES_32: readonly (readonly string[])[] = [
  ['eax', 'ebx', 'ecx', 'edx'],
  ['ds', 'esi', 'es', 'edi'],
  ['ss', 'esp', 'ebp'],
  ['cs', 'eip', 'eflags'],
];

/** Of an x86 CPU. A register that the dump does not hold is shown as question marks, never as zeros. */
export function crashFrame(cpu: CpuView): string {
  const short = cpu.registers.some(({ name }) => name === 'eip' || name === 'eax');
  const value = (name: string): string => {
    const digits = short || name === 'rflags' ? 8 : 16;
    const register = cpu.registers.find((candidate) => candidate.name === name);
    return register && register.knownBits === undefined ? register.value.toString(16).padStart(digits, '0') : '?'.repeat(digits);
  };
  const selector = (name: string): string =>
    cpu.segments
      .find((segment) => segment.name === name)
      ?.selector.toString(16)
      .padStart(4, '0') ?? '????';
  if (short) {
    const cell = (name: string): string =>
      name.length === 2 ? `${name.toUpperCase()}:  ${selector(name).padEnd(8)}` : `${name.toUpperCase()}: ${value(name)}`;
    return LINES_32.map((names) => `    ${names.map(cell).join('  ').trimEnd()}\n`).join('');
  }
  const lines = LINES.map(
    (names) =>
      `    ${names.map((name) => `${name.toUpperCase().padStart(name === 'rip' ? 3 : name.length === 2 ? 3 : 0)}: ${value(name)}`).join('  ')}`,
  );
  return `${[...lines, `    CS: ${selector('cs')}  SS: ${selector('ss')}`].join('\n')}\n`;
}
