/** Registers out of a stream and out of an ELF core, against what QEMU answered of the same paused machine. */
import { describe, expect, it } from 'vitest';
import type { CpuState } from '#engine/arch/cpu-state.ts';
import { encodedNotes, x86Notes } from '../x86-notes.ts';
import { pagingOf } from '#engine/arch/regime.ts';
import { x86_64 } from '#engine/arch/x86-64/index.ts';
import type { VmDescription } from '#engine/arch/vmstate.ts';
import { DumpFormatError } from '#shared/errors.ts';
import { parseInfoRegisters } from '../qemu-answers.ts';
import { bytesOf, fromElf, fromStream, tiny } from './tiny-cpus.ts';

const CPUS = [0, 1] as const;

/** Compares everything that QEMU printed and the state holds; returns the names that were compared. */
function compareWithAnswer(state: CpuState, text: string): string[] {
  const answer = parseInfoRegisters(text);
  const compared: string[] = [];
  for (const [name, expected] of answer.registers) {
    const held = state.registers[name];
    if (held === undefined || held.inferred === true) continue;
    const value = answer.short && held.width === 64 && !name.startsWith('dr') ? BigInt.asUintN(32, held.value) : held.value;
    expect(`${name} ${value.toString(16)}`).toBe(`${name} ${expected.toString(16)}`);
    compared.push(name);
  }
  for (const [name, expected] of answer.segments) {
    const held = state.segments[name];
    if (held === undefined) continue;
    expect([name, held.base, held.limit]).toEqual([name, expected.base, Number(expected.limit)]);
    if (expected.selector !== undefined)
      expect([name, held.selector, held.flags & 0x00ff_ff00]).toEqual([name, Number(expected.selector), Number(expected.flags)]);
    compared.push(name);
  }
  return compared;
}

const values = (state: CpuState) => Object.fromEntries(Object.entries(state.registers).map(([name, { value, width }]) => [name, [value, width]]));

const CONTEXT = { elfMachine: 62, littleEndian: true };
const optionsOf = (state: CpuState) => x86_64.regimesOf(state)[0].tables[0]?.options;

describe('registers of a stream', () => {
  it.each(CPUS)('equal `info registers` of CPU %i, all of them', (index) => {
    const compared = compareWithAnswer(fromStream(index), tiny.cpus[index].registers);
    expect(compared).toEqual(
      expect.arrayContaining(['rax', 'rip', 'rflags', 'cr0', 'cr2', 'cr3', 'cr4', 'dr6', 'dr7', 'efer', 'fsw', 'ftw', 'mxcsr', 'st0', 'st7', 'xmm0']),
    );
    expect(compared).toEqual(expect.arrayContaining(['cs', 'ss', 'ds', 'es', 'fs', 'gs', 'ldt', 'tr', 'gdt', 'idt']));
    const answered = parseInfoRegisters(tiny.cpus[index].registers);
    expect(compared).toHaveLength(answered.registers.size + answered.segments.size);
  });

  it('hold what `info registers` does not print: the guest loaded these by name', () => {
    const { registers } = fromStream(0);
    expect(registers.kernel_gs_base?.value).toBe(0x6b6773626173n);
    expect(registers.star?.value).toBe(0x0023001000000000n);
    expect(registers.lstar?.value).toBe(0xffffffff80001000n);
    expect(registers.fmask?.value).toBe(0x47700n);
    expect(registers.fs_base?.value).toBe(0x667362617365n);
    // fldpi
    expect(registers.st0).toMatchObject({ value: 0x4000_c90fdaa22168c235n, width: 80 });
    expect(registers.misc_enable?.width).toBe(64);
  });

  it.each(CPUS)('are the same when the stream has no description of its own (CPU %i)', (index) => {
    expect(values(fromStream(index, x86_64.cpuDescription))).toEqual(values(fromStream(index)));
  });

  it('say where they come from', () => {
    expect(fromStream(0).registers.cr3?.source).toBe('section cpu (instance 0), field env.cr[3], at 0x11d8');
    expect(fromStream(0).registers.rdx?.source).toBe('section cpu (instance 0), field env.regs[2], at 0x1010');
  });

  it('know that the CPU is halted', () => {
    expect(fromStream(0).halted).toBe(true);
  });

  it('are absent, not 0, when the section does not hold them', () => {
    const struct = { name: 'cpu', version: 11, fileOffset: 0, size: 0, fields: [], subsections: [] };
    expect(Object.keys(x86_64.cpuFromVmstate(struct, undefined, 'x', 3).registers)).toEqual([]);
    expect(x86_64.cpuFromVmstate(struct, undefined, 'x', 3)).not.toHaveProperty('halted');
  });
});

describe('the built-in description of the cpu section', () => {
  const shape = (description: VmDescription): unknown[] =>
    (description.fields ?? []).map(({ name, size, array_len, struct }) => [
      name,
      size,
      array_len,
      struct === undefined ? undefined : struct.vmsd_name === 'fpreg' ? 'fpreg' : shape(struct),
    ]);

  it("equals QEMU's JSON field by field", () => {
    expect(shape(x86_64.cpuDescription)).toEqual(shape(tiny.cpuDescription));
  });

  it("has every subsection of QEMU's JSON", () => {
    for (const subsection of tiny.cpuDescription.subsections ?? []) {
      const ours = x86_64.cpuDescription.subsections?.find(({ vmsd_name }) => vmsd_name === subsection.vmsd_name);
      expect(ours && shape(ours)).toEqual(shape(subsection));
    }
  });
});

describe('registers of an ELF core', () => {
  it.each(CPUS)('equal `info registers` of CPU %i as far as the notes hold them', (index) => {
    const compared = compareWithAnswer(fromElf(index), tiny.cpus[index].registers);
    expect(compared).toEqual(expect.arrayContaining(['rax', 'rip', 'rflags', 'cr0', 'cr2', 'cr3', 'cr4', 'cs', 'ldt', 'tr', 'gdt', 'idt']));
  });

  it('have no EFER but the bits that follow from others, marked as inferred', () => {
    expect(fromElf(0).registers.efer).toMatchObject({
      value: 0x500n,
      knownBits: 0x500n,
      inferred: true,
      source: 'inferred: CS.L is set, which only long mode has',
    });
    expect(fromElf(1).registers.efer).toMatchObject({ value: 0n, knownBits: 0x400n, inferred: true });
  });

  it('do not claim that NX is off when EFER is not known', () => {
    expect(optionsOf(fromElf(0))).toEqual({});
    expect(optionsOf(fromStream(1))).toEqual({ noExecuteOff: true });
  });

  it('without the QEMU note hold selectors, no segments and no paging registers', () => {
    const state = x86_64.cpuFromNotes(x86Notes({ prstatus: bytesOf(tiny.cpus[0].prstatus) }), 0, CONTEXT);
    expect(state.segments).toEqual({});
    expect(state.registers.cs).toMatchObject({ value: 0x10n, width: 16 });
    expect(state.registers.cr3).toBeUndefined();
    expect(pagingOf(x86_64, state)).toMatchObject({ root: null, mode: 'x86-64-4level' });
  });

  it('come from a 432-byte note of QEMU before 3.0 without kernel_gs_base', () => {
    const note = bytesOf(tiny.cpus[0].qemuNote).slice(0, 432);
    new DataView(note.buffer).setUint32(4, 432, true);
    const state = x86_64.cpuFromNotes(x86Notes({ qemu: note }), 0, CONTEXT);
    expect(state.registers.kernel_gs_base).toBeUndefined();
    expect(state.registers.cr4?.value).toBe(0x6a0n);
    expect(encodedNotes(x86_64, state).qemu).toBe(Buffer.from(note).toString('hex'));
  });

  it.each([
    ['QEMU note', { qemu: new Uint8Array(100) }, 'descsz'],
    ['QEMU note', { qemu: new Uint8Array(440) }, 'version'],
    ['NT_PRSTATUS', { prstatus: new Uint8Array(144) }, 'descsz'],
  ])('are refused with the place when the %s is malformed', (format, notes, field) => {
    const read = () => x86_64.cpuFromNotes(x86Notes(notes, { qemu: 0x300, prstatus: 0x100 }), 0, { ...CONTEXT, source: 'core.vmcore' });
    expect(read).toThrow(DumpFormatError);
    expect(read).toThrow(`core.vmcore: ${format} ${field}`);
  });
});

describe('notes written from a stream', () => {
  it.each(CPUS)('equal the notes that QEMU wrote of CPU %i, byte for byte', (index) => {
    const state = fromStream(index);
    const { prstatus, qemuNote } = tiny.cpus[index];
    expect(encodedNotes(x86_64, state)).toEqual({ prstatus, qemu: qemuNote });
    expect(x86_64.missingNoteRegisters(state)).toEqual([]);
  });

  it.each(CPUS)('come back the same from an ELF core (CPU %i)', (index) => {
    const { prstatus, qemuNote } = tiny.cpus[index];
    expect(encodedNotes(x86_64, fromElf(index))).toEqual({ prstatus, qemu: qemuNote });
  });

  it('name what they lack', () => {
    const state = x86_64.cpuFromNotes(x86Notes({ prstatus: bytesOf(tiny.cpus[0].prstatus) }), 0, CONTEXT);
    expect(x86_64.missingNoteRegisters(state)).toEqual(expect.arrayContaining(['cr0', 'cr3', 'kernel_gs_base', 'gdt']));
    expect(x86_64.missingNoteRegisters(state)).not.toContain('rax');
  });
});
