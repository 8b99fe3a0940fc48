/**
 * Registers as crash prints them: the exception frame of `bt`, whose form the kernel's own oops uses too.
 *
 * Facts: `bt` of crash 8.0.2 on the lab's x86_64 guest; tests/renderer/registers/register-text.test.ts compares line by line.
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

/** A register that the dump does not hold is shown as question marks, never as zeros. */
export function crashFrame(cpu: CpuView): string {
  const value = (name: string): string => {
    const digits = name === 'rflags' ? 8 : 16;
    const register = cpu.registers.find((candidate) => candidate.name === name);
    return register && register.knownBits === undefined ? register.value.toString(16).padStart(digits, '0') : '?'.repeat(digits);
  };
  const selector = (name: string): string =>
    cpu.segments
      .find((segment) => segment.name === name)
      ?.selector.toString(16)
      .padStart(4, '0') ?? '????';
  const lines = LINES.map(
    (names) =>
      `    ${names.map((name) => `${name.toUpperCase().padStart(name === 'rip' ? 3 : name.length === 2 ? 3 : 0)}: ${value(name)}`).join('  ')}`,
  );
  return `${[...lines, `    CS: ${selector('cs')}  SS: ${selector('ss')}`].join('\n')}\n`;
}
