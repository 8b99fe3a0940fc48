/** Registers of AArch64 CPUs: from a stream's section and from notes, as QEMU prints and writes them. */
import { describe, expect, it } from 'vitest';
import { arm64 } from '#engine/arch/arm64/index.ts';
import { systemRegisterName } from '#engine/arch/arm64/system-registers.ts';
import { arm } from '#engine/arch/arm/index.ts';
import type { CpuState } from '#engine/arch/cpu-state.ts';
import { decodeByDescription } from '#engine/formats/qemu-stream/vm-description.ts';
import { parseArmRegisters } from './arm-answers.ts';
import { ArmFixture } from './arm-fixture.ts';

const guest = new ArmFixture('arm64');
const context = { elfMachine: 183, littleEndian: true };

function shown(state: CpuState, register: string): string[] {
  const found = arm64.describeCpu(state).registers.find(({ name }) => name === register);
  return (found?.fields ?? []).map(({ name, meaning }) => `${name}: ${meaning}`);
}

describe('an AArch64 CPU of a stream', () => {
  const state = guest.cpuOfStream(arm64);

  it('has the values of info registers', () => {
    const theirs = parseArmRegisters(guest.stored.registers);
    expect(Object.keys(theirs).length).toBeGreaterThan(64);
    expect(Object.fromEntries(Object.keys(theirs).map((name) => [name, state.registers[name]?.value]))).toEqual(theirs);
  });

  it('names system registers by their encoding', () => {
    expect(systemRegisterName(0x6030_0000_0013_c101n)).toBe('ttbr1_el1');
    expect(systemRegisterName(0x6030_0000_0013_e088n)).toBe('hcr_el2');
    expect(systemRegisterName(0x6030_0000_0013_dfffn)).toBe('s3_3_c15_c15_7');
    expect(systemRegisterName(0x4030_0000_200f_0380n)).toBeUndefined();
    // VMCOREINFO of the same guest: swapper_pg_dir and TCR_EL1.T1SZ.
    expect(state.registers.ttbr1_el1!.value & 0xffff_ffff_fffen).toBe(0x4185_3000n);
    expect((state.registers.tcr_el1!.value >> 16n) & 0x3fn).toBe(16n);
  });

  it('says what it was doing', () => {
    const view = arm64.describeCpu({ ...state, halted: true });
    expect(view.mode).toBe('64-bit kernel, EL1, MMU on, halted');
    expect(view.paging.tables.map(({ register, title, first }) => `${register} ${title} ${first.toString(16)}`)).toEqual([
      'TTBR0_EL1 4 KiB granule, 48 bits 0',
      'TTBR1_EL1 4 KiB granule, 48 bits, upper half ffff000000000000',
    ]);
    expect(shown(state, 'cpsr')).toContain('M: EL1 (kernel), stack pointer SP_EL1');
    expect(shown(state, 'tcr_el1')).toEqual(expect.arrayContaining(['TG1: 4 KiB', 'TG0: 4 KiB', 'T1SZ: 48 bits', 'IPS: 44 bits']));
    expect(shown(state, 'esr_el1')).toContain('EC: SVC (system call)');
  });

  it('is not taken for a 32-bit CPU, nor the other way round', () => {
    const { struct } = decodeByDescription(guest.section, arm64.cpuDescription, 0);
    expect([arm64.ownsVmstate(struct), arm.ownsVmstate(struct)]).toEqual([true, false]);
    const short = decodeByDescription(new ArmFixture('arm').section, arm.cpuDescription, 0).struct;
    expect([arm64.ownsVmstate(short), arm.ownsVmstate(short)]).toEqual([false, true]);
  });

  it('survives sections that are cut or damaged', () => {
    const bytes = guest.section;
    const variants = Array.from({ length: bytes.length }, (_, at) =>
      at % 3 === 0 ? bytes.subarray(0, at) : bytes.map((byte, place) => (place === at ? byte ^ 0xff : byte)),
    );
    let decoded = 0;
    for (const variant of variants.filter((_, n) => n % 23 === 0)) {
      let struct;
      try {
        ({ struct } = decodeByDescription(variant, arm64.cpuDescription, 0));
      } catch (error) {
        expect(String(error)).toMatch(/ends beyond its section|without a name/);
        continue;
      }
      decoded++;
      const damaged = arm64.cpuFromVmstate(struct, undefined, 'section cpu', 0);
      expect(arm64.describeCpu(damaged).registers.length).toBeGreaterThan(60);
      arm64.encodeNotes(damaged, true);
    }
    expect(decoded).toBeGreaterThan(100);
  });
});

describe('an AArch64 CPU of notes', () => {
  it('has the values of info registers, and gives QEMU’s notes back', () => {
    const state = arm64.cpuFromNotes(guest.notes, 0, context);
    const theirs = parseArmRegisters(guest.stored.registers);
    expect(Object.fromEntries(Object.keys(theirs).map((name) => [name, state.registers[name]?.value]))).toEqual(theirs);
    for (const source of [state, guest.cpuOfStream(arm64)]) expect(arm64.encodeNotes(source, true)).toEqual(guest.notes);
    expect(arm64.missingNoteRegisters(state)).toEqual([]);
  });

  it('keeps SVE registers of any length through the notes', () => {
    const base = arm64.cpuFromNotes(guest.notes, 0, context);
    for (const bits of [128, 384, 2048]) {
      const z7 = (1n << BigInt(bits - 1)) | 5n;
      const vectors = Object.fromEntries(Array.from({ length: 32 }, (_, n) => [`z${n}`, { value: n === 7 ? z7 : 0n, width: bits, source: '' }]));
      const ffr = { value: (1n << BigInt(bits / 8 - 1)) | 1n, width: bits / 8, source: '' };
      const notes = arm64.encodeNotes({ ...base, registers: { ...base.registers, ...vectors, ffr } }, true);
      expect(notes.map(({ type }) => type)).toEqual([1, 2, 0x405]);
      const again = arm64.cpuFromNotes(notes, 0, context).registers;
      expect([again.z7?.value, again.z7?.width, again.ffr?.value]).toEqual([z7, bits, ffr.value]);
    }
  });

  it('of a big-endian guest is read in its byte order', () => {
    const state = arm64.cpuFromNotes(guest.notes, 0, context);
    const notes = arm64.encodeNotes(state, false);
    const again = arm64.cpuFromNotes(notes, 0, { ...context, littleEndian: false });
    expect([again.registers.pc?.value, again.registers.v2?.value]).toEqual([state.registers.pc?.value, state.registers.v2?.value]);
    expect(new DataView(notes[0]!.description.buffer).getUint32(32, false)).toBe(1);
  });

  it('refuses notes that are too short', () => {
    for (const [n, note] of guest.notes.entries()) {
      const cut = guest.notes.map((other, m) =>
        m === n ? { ...note, description: note.description.subarray(0, note.description.length - 1) } : other,
      );
      expect(() => arm64.cpuFromNotes(cut, 0, context)).toThrow(/descsz/);
    }
  });
});

describe('what VMCOREINFO adds to notes', () => {
  const { memory, vmcoreinfo } = guest;

  it('is the kernel’s half, marked as worked out', () => {
    const [cpu] = arm64.completeCpus!([arm64.cpuFromNotes(guest.notes, 0, context)], { memory, vmcoreinfo });
    const [regime] = arm64.regimesOf(cpu!);
    expect(regime.tables.map(({ register, mode, root }) => [register, mode, root])).toEqual([
      ['TTBR0_EL1', 'arm64-4k-48', null],
      ['TTBR1_EL1', 'arm64-4k-48-upper', 0x4185_3000],
    ]);
    expect(cpu!.registers.ttbr1_el1).toMatchObject({ inferred: true, source: expect.stringContaining('swapper_pg_dir') as string });
  });

  it('takes the older spelling, the width alone, and nothing from lines that make no sense', () => {
    const bare = arm64.cpuFromNotes(guest.notes, 0, context);
    const rootWith = (change: (lines: Map<string, string>) => void) => {
      const lines = guest.vmcoreinfo;
      change(lines);
      return arm64.regimesOf(arm64.completeCpus!([bare], { memory, vmcoreinfo: lines })[0]!)[0].tables[1];
    };
    expect(
      rootWith((lines) => {
        lines.set('NUMBER(tcr_el1_t1sz)', '0x19');
        lines.delete('NUMBER(TCR_EL1_T1SZ)');
      }),
    ).toMatchObject({ mode: 'arm64-4k-39-upper', root: 0x4185_3000 });
    expect(rootWith((lines) => lines.delete('NUMBER(TCR_EL1_T1SZ)'))).toMatchObject({ mode: 'arm64-4k-48-upper', root: 0x4185_3000 });
    for (const [key, text] of [
      ['SYMBOL(swapper_pg_dir)', 'zz'],
      ['NUMBER(kimage_voffset)', '0x1'],
      ['PAGESIZE', '8192'],
      ['NUMBER(TCR_EL1_T1SZ)', '0x3f'],
    ] as const)
      expect(rootWith((lines) => lines.set(key, text))).toMatchObject({ root: null });
  });

  it('goes to EL2’s registers where the kernel runs there', () => {
    const bare = arm64.cpuFromNotes(guest.notes, 0, context);
    const host = { ...bare, registers: { ...bare.registers, cpsr: { ...bare.registers.cpsr!, value: 0x3c9n } } };
    const [regime] = arm64.regimesOf(arm64.completeCpus!([host], { memory, vmcoreinfo })[0]!);
    expect([regime.id, regime.tables[1]?.register, regime.tables[1]?.root]).toEqual(['el2', 'TTBR1_EL2', 0x4185_3000]);
  });
});
