import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crashFrame } from '../../../src/renderer/src/features/registers/crash-text.ts';
import { gdbInfoRegisters, gdbSetCommands } from '../../../src/renderer/src/features/registers/gdb-text.ts';
import { registersJson } from '../../../src/renderer/src/features/registers/registers-json.ts';
import type { CpuView } from '../../../src/shared/model/index.ts';
import { CRASH_FRAME, cpuOfCrashFrame, tinyCpus } from './real-cpus.ts';

/**
 * What gdb 13.1 printed for the tiny guest: the part up to gs from its ELF core, the rest connected to QEMU 7.2's stub (where it also prints
 * IOPL among the flags of eflags, which it does not for a core).
 */
const GDB = `rax            0x2d72617820726178  3274787047620108664
rbx            0x2d72627820726278  3274788147131736696
rcx            0x2d72637820726378  3274789246643364728
rdx            0x2d72647820726478  3274790346154992760
rsi            0x2d72736920727369  3274806774404903785
rdi            0x2d72646920726469  3274790281730483305
rbp            0x2d72627020726270  0x2d72627020726270
rsp            0xffffffff80280000  0xffffffff80280000
r8             0x2d72382020723820  3274741589686237216
r9             0x2d72392020723920  3274742689197865248
r10            0x2d72313020723130  3274733961824317744
r11            0x2d72313120723131  3274733966119285041
r12            0x2d72313220723132  3274733970414252338
r13            0x2d72313320723133  3274733974709219635
r14            0x2d72313420723134  3274733979004186932
r15            0x2d72313520723135  3274733983299154229
rip            0xffffffff8010032a  0xffffffff8010032a
eflags         0x46                [ PF ZF ]
cs             0x10                16
ss             0x18                24
ds             0x18                24
es             0x18                24
fs             0x18                24
gs             0x18                24
fs_base        0x667362617365      112645757825893
gs_base        0x677362617365      113745269453669
k_gs_base      0x6b6773626173      118092061630835
cr0            0x80010033          [ PG WP NE ET MP PE ]
cr2            0xc2c2c2c2          3267543746
cr3            0x200000            [ PDBR=512 PCID=0 ]
cr4            0x6a0               [ OSXMMEXCPT OSFXSR PGE PAE ]
cr8            0x0                 0
efer           0xd01               [ NXE LMA LME SCE ]
mxcsr          0x1f80              [ IM DM ZM OM UM PM ]
`;

const folder = mkdtempSync(join(tmpdir(), 'registers-'));
let cpus: CpuView[];
const tiny = (): CpuView => cpus[0]!;

beforeAll(async () => void (cpus = await tinyCpus(folder)));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** gdb's lines for the registers that this dump holds. */
function expected(text: string): string {
  const printed = new Set(text.split('\n').map((line) => line.split(' ')[0]));
  const lines = GDB.split('\n').filter((line) => printed.has(line.split(' ')[0]));
  return lines.join('\n');
}

describe('info registers', () => {
  it('agrees with gdb line by line', () => {
    const text = gdbInfoRegisters(tiny());
    expect(text).toBe(expected(text));
  });
  it('leaves out no general, segment or control register that gdb prints', () => {
    const text = gdbInfoRegisters(tiny());
    const missing = GDB.split('\n').filter((line) => !text.includes(line));
    // A stream does not hold CR8: the local APIC does.
    expect(missing.filter((line) => !line.startsWith('cr8'))).toEqual([]);
  });
});

describe('set commands', () => {
  it('give every general register its value', () => {
    const text = gdbSetCommands(tiny());
    expect(text).toContain('set $rax = 0x2d72617820726178\n');
    expect(text).toContain('set $eflags = 0x46\n');
    expect(text).toContain('set $k_gs_base = 0x6b6773626173\n');
    expect(text).toContain('set $cs = 0x10\n');
  });
  it('set vector registers by halves: gdb takes no constant above 64 bits', () => {
    const text = gdbSetCommands(tiny());
    // "xmm0-low-xmm0-hi" in memory order.
    expect(text).toContain('set $xmm0.v2_int64[0] = 0x776f6c2d306d6d78\nset $xmm0.v2_int64[1] = 0x69682d306d6d782d\n');
    expect(text).not.toMatch(/0x[0-9a-f]{17}/);
  });
});

describe('the frame that crash prints', () => {
  it('agrees with crash line by line', () => expect(crashFrame(cpuOfCrashFrame())).toBe(CRASH_FRAME));
  it('shows what the dump does not hold as question marks, not as zeros', () => {
    const cpu = cpuOfCrashFrame();
    const without = { ...cpu, registers: cpu.registers.filter(({ name }) => name !== 'rax'), segments: [] };
    expect(crashFrame(without)).toContain('    RAX: ????????????????  RBX:');
    expect(crashFrame(without)).toContain('    CS: ????  SS: ????\n');
  });
});

describe('JSON', () => {
  it('has the keys that the command line promises', () => {
    const { cpus: list } = JSON.parse(registersJson(cpus)) as { cpus: { index: number; registers: Record<string, unknown> }[] };
    expect(list.map(({ index }) => index)).toEqual([0, 1]);
    expect(list[0]?.registers).toMatchObject({
      rax: '0x2d72617820726178',
      cr3: '0x200000',
      efer: '0xd01',
      cs: { selector: '0x10', base: '0x0', limit: '0xffffffff' },
    });
  });
});
