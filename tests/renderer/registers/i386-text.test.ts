/** Registers of a 32-bit CPU as text. gdb's lines: gdb 13.1 connected to the stub of qemu-system-i386 7.2 (-cpu coreduo), these values set by hand. */
import { describe, expect, it } from 'vitest';
import { i386 } from '#engine/arch/i386/index.ts';
import { crashFrame } from '../../../src/renderer/src/features/registers/crash-text.ts';
import { gdbInfoRegisters, gdbSetCommands } from '../../../src/renderer/src/features/registers/gdb-text.ts';

const GDB = `eax            0xc5917b70          -980321424
ecx            0x0                 0
edx            0x6e8               1768
ebx            0x0                 0
esp            0x18                0x18
ebp            0x0                 0x0
esi            0x0                 0
edi            0x0                 0
eip            0xc5917b83          0xc5917b83
cr0            0x80050033          [ PG AM WP NE ET MP PE ]
cr2            0x0                 0
cr3            0x127cb40           [ PDBR=4732 PCID=2880 ]
cr4            0x6f0               [ PSE PAE MCE PGE OSFXSR OSXMMEXCPT ]
`;

const LONG: Record<string, string> = { eip: 'rip', eflags: 'rflags' };
const held = [...GDB.matchAll(/^(\w+) +0x([0-9a-f]+)/gm)].map(([, name = '', value = '']) => [
  LONG[name] ?? name.replace(/^e/, 'r'),
  { value: BigInt(`0x${value}`), width: 32, source: 'gdb' },
]);
const cpu = i386.describeCpu({ index: 0, registers: Object.fromEntries(held) as Record<string, never>, segments: {} });

describe('a 32-bit CPU', () => {
  it('is printed as gdb prints it, line by line', () => expect(gdbInfoRegisters(cpu)).toBe(GDB));
  it('is set by the short names', () => expect(gdbSetCommands(cpu)).toContain('set $eip = 0xc5917b83\n'));
  it('has the frame of crash for x86, what is missing as question marks', () => {
    expect(crashFrame(cpu)).toBe(`    EAX: c5917b70  EBX: 00000000  ECX: 00000000  EDX: 000006e8
    DS:  ????      ESI: 00000000  ES:  ????      EDI: 00000000
    SS:  ????      ESP: 00000018  EBP: 00000000
    CS:  ????      EIP: c5917b83  EFLAGS: ????????
`);
  });
});
