/**
 * CPU sections of every version, in streams as they stood then: cut out of a real section of version 12, which holds all that older ones held, in the same
 * order. Sizes and order are those of QEMU's save functions (target-i386/machine.c, v0.10 to v0.13) and of crash's reader of RHEL 5's.
 */
import { describe, expect, it } from 'vitest';
import type { CpuState } from '#engine/arch/cpu-state.ts';
import { openBytes, openFixture, type Opened } from '../open-bytes.ts';
import { EOS, FULL, MEM_SIZE, PAGE, payloadOf, START, StreamWriter } from './stream-writer.ts';

/** Where a section of version 12 has what, in bytes: `core` up to xmm and the long mode's MSRs. */
interface Layout {
  core: number;
  sysenterEsp: number;
  long: 4 | 8;
  fpregs: number;
  xsave: number;
}
const LONG: Layout = { core: 864, sysenterEsp: 440, long: 8, fpregs: 156, xsave: 272 };
const SHORT: Layout = { core: 488, sysenterEsp: 296, long: 4, fpregs: 52, xsave: 144 };

type Part =
  | 'core'
  | 'core, narrow'
  | 'smbase'
  | 'pat'
  | 'halted'
  | 'svm'
  | 'mtrr'
  | 'kvm'
  | 'bitmap, tsc'
  | 'mp_state'
  | 'exception'
  | 'flags'
  | 'mce'
  | 'no mce'
  | 'tsc_aux'
  | 'clock'
  | 'xsave';

function cut(section: Uint8Array, { core, sysenterEsp, long, xsave }: Layout, parts: readonly Part[]): Uint8Array {
  const at = (start: number, length: number) => section.subarray(core + start, core + start + length);
  const bytes: Record<Part, Uint8Array[]> = {
    core: [section.subarray(0, core)],
    'core, narrow':
      long === 4
        ? [section.subarray(0, core)]
        : [section.subarray(0, sysenterEsp), section.subarray(sysenterEsp + 4, sysenterEsp + 8), section.subarray(sysenterEsp + 12, core)],
    smbase: [at(0, 4)],
    pat: [at(4, 12)],
    halted: [Uint8Array.of(0, 0, 0, 1)],
    svm: [at(16, 45)],
    mtrr: [at(61, 224)],
    kvm: [at(285, 16)],
    'bitmap, tsc': [new Uint8Array(32), at(293, 8)],
    mp_state: [at(289, 4)],
    exception: [at(301, 4)],
    flags: [at(305, 8)],
    mce: [at(313, 344)],
    'no mce': [new Uint8Array(8)],
    tsc_aux: [at(657, 8)],
    clock: [at(665, 16)],
    xsave: [at(681, xsave)],
  };
  return new Uint8Array(Buffer.concat(parts.flatMap((part) => bytes[part])));
}

const TO_5: Part[] = ['core, narrow', 'smbase', 'pat', 'halted', 'svm'];
const TO_6: Part[] = ['core, narrow', 'smbase', 'pat', 'svm'];
const TO_7: Part[] = ['core', 'smbase', 'pat', 'svm'];
const TO_8: Part[] = [...TO_7, 'mtrr'];
const FORK: Part[] = ['bitmap, tsc', 'mp_state'];

const VERSIONS: [version: number, what: string, parts: Part[]][] = [
  [3, 'first', ['core, narrow']],
  [4, 'smbase', ['core, narrow', 'smbase']],
  [4, 'smbase, KVM', ['core, narrow', 'smbase', 'bitmap, tsc']],
  [5, 'SVM, halted', TO_5],
  [5, 'SVM, halted, KVM', [...TO_5, ...FORK]],
  [6, 'SVM', TO_6],
  [6, 'SVM, KVM', [...TO_6, ...FORK]],
  [7, 'long SYSENTER', TO_7],
  [7, 'long SYSENTER, KVM (RHEL 5)', [...TO_7, ...FORK]],
  [8, 'MTRRs', TO_8],
  [8, 'MTRRs, KVM', [...TO_8, ...FORK]],
  [8, 'RHEL 5: KVM and its clock', [...TO_7, ...FORK, 'clock']],
  [9, 'KVM', [...TO_8, 'kvm']],
  [9, 'KVM, first form', [...TO_8, ...FORK]],
  [9, 'RHEL 5: KVM, clock, events', [...TO_7, ...FORK, 'clock', 'flags']],
  [10, 'MCE', [...TO_8, 'kvm', 'mce']],
  [10, 'MCE that the CPU does not have', [...TO_8, 'kvm', 'no mce']],
  [11, 'all but XSAVE', [...TO_8, 'kvm', 'exception', 'flags', 'mce', 'tsc_aux', 'clock']],
  [11, 'no KVM events yet', [...TO_8, 'kvm', 'mce', 'tsc_aux']],
  [12, 'without XSAVE', [...TO_8, 'kvm', 'exception', 'flags', 'mce', 'tsc_aux', 'clock']],
  [12, 'all', [...TO_8, 'kvm', 'exception', 'flags', 'mce', 'tsc_aux', 'clock', 'xsave']],
];

/** A stream of that time: some RAM, and the sections around its CPUs. */
function stream(cpus: readonly Uint8Array[], version: number, from: Opened, footers: boolean): Uint8Array {
  const writer = new StreamWriter().header();
  if (footers) writer.configuration('pc-i440fx-7.2');
  const foot = (id: number) => footers && writer.footer(id);
  writer
    .section(START, 2, 'ram', 4)
    .u64(PAGE + MEM_SIZE)
    .name('pc.ram')
    .u64(PAGE)
    .u64(0x02)
    .name('pc.ram')
    .u8(0)
    .u64(EOS);
  foot(2);
  for (const [index, cpu] of cpus.entries()) {
    const id = 4 + 3 * index;
    if (version > 5) {
      writer.section(FULL, id, 'cpu_common', 1, index).raw(payloadOf(from, 'cpu_common', index));
      foot(id);
    }
    writer.section(FULL, id + 1, 'cpu', version, index).raw(cpu);
    foot(id + 1);
    writer.section(FULL, id + 2, 'apic', 3, index).raw(payloadOf(from, 'apic', index));
    foot(id + 2);
  }
  return writer.eof().bytes();
}

const values = ({ registers, segments }: CpuState) => ({
  ...Object.fromEntries(Object.entries(registers).map(([name, { value }]) => [name, value])),
  ...Object.fromEntries(
    Object.entries(segments).map(([name, { selector, base, limit, flags }]) => [`segment ${name}`, [selector, base, limit, flags]]),
  ),
});

describe.each([
  ['x86-64', 'tiny/stream.qevm', LONG],
  ['i386', 'qemu-streams/i386/stream.qevm', SHORT],
] as const)('%s', (architecture, fixture, layout) => {
  const opened = openFixture(fixture);
  const sections = [0, 1].map((index) => payloadOf(opened, 'cpu', index));
  const whole = opened.dump.cpus.map(values);

  it.each(
    VERSIONS.flatMap(([version, what, parts]) => [false, true].map((footers) => [version, what, footers ? 'footers' : 'no footers', parts] as const)),
  )('version %d (%s), %s: both CPUs have all registers that it holds, and no others', (version, _what, footers, parts) => {
    const cpus = sections.map((section) => cut(section, layout, parts));
    const { dump } = openBytes(stream(cpus, version, opened, footers === 'footers'));
    expect(dump.architecture).toBe(architecture);
    expect(dump.cpus).toHaveLength(2);
    for (const [index, cpu] of dump.cpus.entries()) {
      const held = values(cpu);
      for (const [name, value] of Object.entries(held))
        expect([name, value]).toEqual([name, parts.includes('no mce') && name.startsWith('mcg') ? 0n : whole[index]![name]]);
      const has = (name: string) => held[name] !== undefined;
      for (const name of ['rax', 'rip', 'rflags', 'cr0', 'cr3', 'cr4', 'dr7', 'sysenter_eip', 'xmm7', 'st0', 'segment cs', 'segment idt'])
        expect([name, has(name)]).toEqual([name, true]);
      expect([has('smbase'), has('pat'), has('mtrr_fixed0')]).toEqual([parts.includes('smbase'), parts.includes('pat'), parts.includes('mtrr')]);
      expect([has('tsc'), has('kvm_system_time'), has('tsc_aux'), has('xcr0')]).toEqual([
        parts.includes('kvm') || parts.includes('bitmap, tsc'),
        parts.includes('clock'),
        parts.includes('tsc_aux'),
        parts.includes('xsave'),
      ]);
      if (version === 5) expect(cpu.halted).toBe(true);
    }
    expect(dump.diagnostics.filter(({ severity }) => severity === 'data-loss')).toEqual([]);
  });

  it('x87 registers of a host that had doubles for them are not taken for 80-bit ones', () => {
    const doubles = sections.map((section) => {
      const bytes = cut(section, layout, [...TO_8, 'kvm', 'exception', 'flags', 'mce', 'tsc_aux', 'clock']);
      const format = layout.fpregs - 2;
      const registers = Array.from({ length: 8 }, (_, n) => bytes.subarray(layout.fpregs + 10 * n, layout.fpregs + 10 * n + 8));
      const head = bytes.slice(0, layout.fpregs);
      head[format + 1] = 1;
      return new Uint8Array(Buffer.concat([head, ...registers, bytes.subarray(layout.fpregs + 80)]));
    });
    for (const footers of [false, true]) {
      const { dump } = openBytes(stream(doubles, 11, opened, footers));
      expect([dump.cpus[0]!.registers.st0, dump.cpus[0]!.registers.cr3?.value]).toEqual([undefined, whole[0]!.cr3]);
    }
  });
});
