/** Notes of 32-bit x86 CPUs out of QEMU's own ELF files of two Linux guests, against what `info registers` said of the same paused machine. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { encodedNotes, x86Notes } from '../x86-notes.ts';
import { pagingOf } from '#engine/arch/regime.ts';
import { i386 } from '#engine/arch/i386/index.ts';
import type { CpuState } from '#engine/arch/cpu-state.ts';
import { parseInfoRegisters } from '../qemu-answers.ts';

interface NotedCpu {
  prstatus: string;
  qemuNote: string;
  registers: string;
}

const file = new URL('../../../fixtures/i386-cpus.json', import.meta.url);
const guests = JSON.parse(readFileSync(file, 'utf8')) as Record<'i386' | 'i386-pae', NotedCpu[]>;
const cpus = (['i386', 'i386-pae'] as const).flatMap((guest) => guests[guest].map((cpu, index) => ({ ...cpu, guest, index })));
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const CONTEXT = { elfMachine: 3, littleEndian: true };

function stateOf({ prstatus, qemuNote, index }: NotedCpu & { index: number }): CpuState {
  return i386.cpuFromNotes(x86Notes({ prstatus: bytes(prstatus), qemu: bytes(qemuNote) }), index, CONTEXT);
}

describe.each(cpus)('CPU $index of $guest', (cpu) => {
  const state = stateOf(cpu);
  const answer = parseInfoRegisters(cpu.registers);

  it('has the registers that `info registers` shows, 32 bits wide', () => {
    const names = ['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rsp', 'rip', 'rflags', 'cr0', 'cr2', 'cr3', 'cr4'];
    for (const name of names) {
      expect([name, state.registers[name]?.value.toString(16)]).toEqual([name, answer.registers.get(name)?.toString(16)]);
      expect(state.registers[name]?.width).toBe(32);
    }
    for (const [name, { selector, base, limit, flags }] of answer.segments) {
      const held = state.segments[name]!;
      expect([name, held.base, held.limit]).toEqual([name, base, Number(limit)]);
      if (selector !== undefined) expect([name, held.selector, held.flags & 0xffff00]).toEqual([name, Number(selector), Number(flags)]);
    }
    expect(Object.keys(state.registers).filter((name) => /^r\d|kernel_gs/.test(name))).toEqual([]);
  });

  it('says the same of its selectors and registers when the QEMU note is missing', () => {
    const alone = i386.cpuFromNotes(x86Notes({ prstatus: bytes(cpu.prstatus) }), cpu.index, CONTEXT);
    for (const name of ['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rsp', 'rip', 'rflags'])
      expect([name, alone.registers[name]]).toMatchObject([name, { value: answer.registers.get(name), width: 32 }]);
    for (const name of ['cs', 'ss', 'ds', 'es', 'fs', 'gs'])
      expect([name, alone.registers[name]]).toMatchObject([name, { value: answer.segments.get(name)?.selector, width: 16 }]);
    expect(alone.registers.cr3).toBeUndefined();
  });

  it('is written back byte for byte', () => {
    expect(encodedNotes(i386, state)).toEqual({ prstatus: cpu.prstatus, qemu: cpu.qemuNote });
    expect(i386.missingNoteRegisters(state)).toEqual([]);
  });

  it("is shown by gdb's 32-bit names, with the mode and root of its page tables", () => {
    const view = i386.describeCpu(state);
    const names = view.registers.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['eax', 'esp', 'eip', 'eflags', 'cr3', 'fs_base']));
    expect(names.filter((name) => /^r[a-z]{2}$|rflags/.test(name))).toEqual([]);
    expect(view.mode).toBe('32-bit protected mode, kernel, CPL 0');
    const cr3 = Number(answer.registers.get('cr3'));
    const isPae = cpu.guest === 'i386-pae';
    expect(view.paging).toMatchObject({ mode: isPae ? 'x86-pae' : 'x86-32', root: cr3 });
    // The four-entry table of PAE lies at any multiple of 32: rounding to pages would lose it.
    expect(cr3 % 4096 === 0).toBe(!isPae);
    expect(view.registers.find(({ name }) => name === 'cr3')?.fields.find(({ name }) => name === 'base')?.meaning).toContain(cr3.toString(16));
  });
});

describe('a CPU of a 64-bit machine in an EM_386 file', () => {
  const note = (edit: (view: DataView) => void) => {
    const copy = bytes(cpus[0]!.qemuNote);
    edit(new DataView(copy.buffer));
    return copy;
  };
  const read = (qemu: Uint8Array, index: number) => i386.cpuFromNotes(x86Notes({ qemu }), index, CONTEXT);
  const PAE = (view: DataView) => view.setBigUint64(424, 0x6f0n, true);

  it('CPU 0 is known not to be in long mode; of others that is known only by what they show', () => {
    expect(read(note(PAE), 0).registers.efer).toMatchObject({ value: 0n, inferred: true, knownBits: 0x500n });
    expect(read(note(PAE), 1).registers.efer).toBeUndefined();
    expect(pagingOf(i386, read(note(PAE), 1)).mode).toBe('x86-pae');
  });

  it('one that is ahead, in long mode, keeps its 64-bit registers', () => {
    const state = read(
      note((view) => {
        PAE(view);
        view.setUint32(152 + 8, 0x00af9b00, true);
        view.setBigUint64(72, 0x1122334455667788n, true);
      }),
      1,
    );
    expect(state.registers.r8).toMatchObject({ value: 0x1122334455667788n, width: 64 });
    expect(pagingOf(i386, state).mode).toBe('x86-64-4level');
    expect(i386.describeCpu(state).registers.map(({ name }) => name)).toContain('rax');
  });
});

it('notes that are too short are refused with the place', () => {
  const context = { ...CONTEXT, source: 'core.vmcore' };
  const offsets = { prstatus: 0x100, qemu: 0x200 };
  expect(() => i386.cpuFromNotes(x86Notes({ prstatus: new Uint8Array(143) }, offsets), 0, context)).toThrow(
    'core.vmcore: NT_PRSTATUS descsz at 0x100: expected 144 bytes, found 143',
  );
  expect(() => i386.cpuFromNotes(x86Notes({ qemu: new Uint8Array(431) }, offsets), 0, context)).toThrow('QEMU note descsz at 0x200');
});
