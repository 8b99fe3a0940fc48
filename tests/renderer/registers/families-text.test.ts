/**
 * Registers of every CPU family as gdb prints them. gdb's lines: gdb-multiarch 13.1 on the lab's arm64 and s390x guests (paging-off.elf, CPU 0), and connected to the stubs of QEMU 7.2's
 * power9, RISC-V virt and cortex-a15, some values set by hand.
 */
import { describe, expect, it } from 'vitest';
import { isX86 } from '../../../src/renderer/src/features/registers/gdb-layouts.ts';
import { gdbInfoRegisters, gdbSetCommands } from '../../../src/renderer/src/features/registers/gdb-text.ts';
import type { CpuView } from '../../../src/shared/model/index.ts';
import { cpuView } from '../cpu-view.ts';

const ARM64 = `x0             0x5                 5
x1             0xffff178ccbf3c610  -255581492099568
x2             0x26b9              9913
x3             0x0                 0
x4             0xffff641718929000  -171424617426944
x5             0x4000000000000000  4611686018427387904
x6             0xf85a4d8           260416728
x7             0x0                 0
x8             0xffffb375b3ac99a0  -84156869731936
x9             0xffffb375b1ef82dc  -84156898901284
x10            0xbc0               3008
x11            0xc0                192
x12            0x1                 1
x13            0xffffb375b3abe9b0  -84156869776976
x14            0x0                 0
x15            0xffffcb6bd568      281474094585192
x16            0x0                 0
x17            0x0                 0
x18            0x0                 0
x19            0xffffb375b3603008  -84156874739704
x20            0xffffb375b3603008  -84156874739704
x21            0xffffb375b3abe888  -84156869777272
x22            0xffffb375b3615630  -84156874664400
x23            0xffffb375b3abe9d0  -84156869776944
x24            0x0                 0
x25            0x0                 0
x26            0xffffb375b3ac8d80  -84156869735040
x27            0x0                 0
x28            0x41868da0          1099337120
x29            0xffffb375b3ab3d40  -84156869821120
x30            0xffffb375b2acd4b4  -84156886494028
sp             0xffffb375b3ab3d40  0xffffb375b3ab3d40
pc             0xffffb375b2acd49c  0xffffb375b2acd49c
cpsr           0x400000c5          [ SP EL=1 F I BTYPE=0 Z ]
fpsr           0x0                 [ ]
fpcr           0x0                 [ Len=0 Stride=0 RMode=0 ]
`;

const S390X = `pswm           0x706c00180000000   506303120800743424
pswa           0xa31c36            10689590
r0             0x15903cde          361774302
r1             0x0                 0
r2             0xbbb9200           196841984
r3             0x706c00180000000   506303120800743424
r4             0x3379              13177
r5             0x3d08ff            3999999
r6             0xffffffffffffffff  18446744073709551615
r7             0x2e000             188416
r8             0xfe0200            16646656
r9             0x0                 0
r10            0xd92548            14230856
r11            0xbbb9200           196841984
r12            0x0                 0
r13            0xae1000            11407360
r14            0xa2236a            10625898
r15            0x37fffd13da0       3848287632800
acr0           0x0                 0
acr1           0x0                 0
acr2           0x0                 0
acr3           0x0                 0
acr4           0x0                 0
acr5           0x0                 0
acr6           0x0                 0
acr7           0x0                 0
acr8           0x0                 0
acr9           0x0                 0
acr10          0x0                 0
acr11          0x0                 0
acr12          0x0                 0
acr13          0x0                 0
acr14          0x0                 0
acr15          0x0                 0
fpc            0x0                 0
orig_r2        0x0                 0
pc             0xa31c36            0xa31c36
cc             0x0                 0
`;

const PPC64 = `r1             0x0                 0
r2             0x0                 0
r3             0xfffffffffffffffe  18446744073709551614
r4             0x0                 0
r5             0x0                 0
r6             0x0                 0
r7             0x0                 0
r8             0x0                 0
r9             0x0                 0
r10            0x0                 0
r11            0x0                 0
r12            0x0                 0
r13            0x0                 0
r14            0x0                 0
r15            0x0                 0
r16            0x0                 0
r17            0x0                 0
r18            0x0                 0
r19            0x0                 0
r20            0x0                 0
r21            0x0                 0
r22            0x0                 0
r23            0x0                 0
r24            0x0                 0
r25            0x0                 0
r26            0x0                 0
r27            0x0                 0
r28            0x0                 0
r29            0x0                 0
r30            0x0                 0
r31            0x0                 0
pc             0x1000000000000     0x1000000000000
msr            0x0                 0
cr             0x24000024          603979812
lr             0xc000000000001234  0xc000000000001234
ctr            0x5                 5
xer            0x20000000          536870912
fpscr          0x0                 0
vscr           0x100               256
vrsave         0x0                 0
`;

const ARM = `r0             0xfffffffe          -2
r1             0x0                 0
r2             0x0                 0
r3             0x0                 0
r4             0x0                 0
r5             0x0                 0
r6             0x0                 0
r7             0x0                 0
r8             0x0                 0
r9             0x0                 0
r10            0x0                 0
r11            0x0                 0
r12            0x0                 0
sp             0xc0001234          0xc0001234
lr             0xc0005678          -1073719688
pc             0x8000              0x8000
cpsr           0x400001d3          1073742291
fpscr          0x0                 0
`;

/** gdb puts a tab after the hexadecimal column. */
const RISCV = `ra             0x8000\t0x8000
sp             0xffffffff80001234\t0xffffffff80001234
gp             0x0\t0x0
tp             0x0\t0x0
t0             0x0\t0
t1             0x0\t0
t2             0x0\t0
fp             0x0\t0x0
s1             0x0\t0
a0             0xfffffffffffffffe\t-2
a1             0x0\t0
a2             0x0\t0
a3             0x0\t0
a4             0x0\t0
a5             0x0\t0
a6             0x0\t0
a7             0x0\t0
s2             0x0\t0
s3             0x0\t0
s4             0x0\t0
s5             0x0\t0
s6             0x0\t0
s7             0x0\t0
s8             0x0\t0
s9             0x0\t0
s10            0x0\t0
s11            0x0\t0
t3             0x0\t0
t4             0x0\t0
t5             0x0\t0
t6             0x7fffffffffffffff\t9223372036854775807
pc             0x1000\t0x1000
`;

/** A CPU that holds what gdb printed; what gdb cuts out of another register (s390x's pc and cc) is not one of its own. */
function cpuOf(text: string, narrow: readonly string[], parts: readonly string[] = []): CpuView {
  const held = [...text.matchAll(/^(\w+)\s+0x([0-9a-f]+)/gm)].filter(([, name = '']) => !parts.includes(name));
  const registers = held.map(([, name = '', value = '']) => ({
    name,
    value: BigInt(`0x${value}`),
    width: narrow.some((prefix) => name.startsWith(prefix)) ? 32 : 64,
    group: 'general' as const,
    source: 'gdb',
    fields: [],
  }));
  return cpuView({ registers });
}

const CPUS: Record<string, [text: string, cpu: CpuView]> = {
  AArch64: [ARM64, cpuOf(ARM64, ['cpsr', 'fp'])],
  s390x: [S390X, cpuOf(S390X, ['acr', 'fpc'], ['pc', 'cc'])],
  ppc64: [PPC64, cpuOf(PPC64, ['cr', 'xer', 'v'])],
  'RISC-V': [RISCV, cpuOf(RISCV, [])],
  ARM: [ARM, cpuOf(ARM, ['r', 'sp', 'lr', 'pc', 'cpsr', 'fpscr'])],
};

describe.each(Object.entries(CPUS))('%s', (_, [text, cpu]) => {
  it('is printed as gdb prints it, line by line', () => expect(gdbInfoRegisters(cpu)).toBe(text));
  it('is not taken for x86', () => expect(isX86(cpu)).toBe(false));
});

it('commands set registers, not what gdb cuts out of them', () => {
  const text = gdbSetCommands(CPUS['s390x']![1]);
  expect(text).toContain('set $pswa = 0xa31c36\n');
  expect(text).not.toMatch(/\$(pc|cc) /);
});

it('a CPU that gdb has no list for here has no text', () => {
  expect([gdbInfoRegisters(cpuView()), gdbSetCommands(cpuView())]).toEqual(['', '']);
});
