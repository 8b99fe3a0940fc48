/** Registers of s390x CPUs out of QEMU's own state and notes, against what `info registers` said of the same paused machine. */
import { describe, expect, it } from 'vitest';
import { DumpFormatError } from '#shared/errors.ts';
import type { CpuNote } from '#engine/arch/architecture.ts';
import type { CpuState } from '#engine/arch/cpu-state.ts';
import { s390x } from '#engine/arch/s390x/index.ts';
import { randomSource } from '../../translate/fuzzed-tables.ts';
import { answers, cpuNotes, parseInfoRegisters, streamCpus } from './guest.ts';

const CONTEXT = { elfMachine: 22, littleEndian: false, source: 'core' };
const noteCpus = cpuNotes.map((notes, index) => s390x.cpuFromNotes(notes, index, CONTEXT));
const valuesOf = ({ registers }: CpuState) => Object.fromEntries(Object.entries(registers).map(([name, { value }]) => [name, value.toString(16)]));
const hexNotes = (notes: readonly CpuNote[]) =>
  notes.map(({ owner, type, description }) => `${owner} ${type.toString(16)} ${Buffer.from(description).toString('hex')}`);

describe.each([0, 1])('CPU %i', (index) => {
  const expected = parseInfoRegisters(answers[index]!);

  it.each([
    ['a stream', streamCpus[index]!],
    ["QEMU's notes", noteCpus[index]!],
  ])('has in %s every register that `info registers` shows', (_, state) => {
    const held = valuesOf(state);
    expect(expected.size).toBe(2 + 16 + 32 + 16);
    for (const [name, value] of expected) expect([name, held[name]]).toEqual([name, value.toString(16)]);
    expect(state.littleEndian).toBe(false);
  });

  it('has in its notes what it has in the stream, but for what QEMU leaves out', () => {
    const stream = valuesOf(streamCpus[index]!);
    const notes = valuesOf(noteCpus[index]!);
    const only = Object.keys(stream).filter((name) => notes[name] === undefined);
    expect(only.sort()).toEqual(['cpu_state', 'last_break', 'pfault_compare', 'pfault_select', 'pfault_token', 'pp', 'sigp_order']);
    for (const [name, value] of Object.entries(notes)) expect([name, stream[name] ?? '0']).toEqual([name, value]);
  });

  it('is written as the notes that QEMU wrote, byte for byte, out of the stream and out of the notes', () => {
    // pr_pid is in the byte order of the machine that QEMU ran on, which was little-endian.
    expect(hexNotes(s390x.encodeNotes(streamCpus[index]!, false))).toEqual(hexNotes(cpuNotes[index]!));
    expect(hexNotes(s390x.encodeNotes(noteCpus[index]!, false))).toEqual(hexNotes(cpuNotes[index]!));
    expect(s390x.missingNoteRegisters(streamCpus[index]!)).toEqual([]);
  });

  it('says where every register comes from', () => {
    const { registers } = streamCpus[index]!;
    expect(registers.pswm?.source).toBe(`section cpu (instance ${index}), field env.psw.mask, at 0x80`);
    expect(registers.cr1?.source).toMatch(/^section cpu \(instance \d\), field env\.cregs\[1\], at 0x[0-9a-f]+$/);
    expect(noteCpus[index]!.registers.cr1?.source).toBe('NT_S390_CTRS, offset 8');
    for (const { source, width, value } of Object.values(registers)) {
      expect(source).toMatch(/^section cpu/);
      expect(value >> BigInt(width)).toBe(0n);
    }
  });
});

describe('notes of other writers', () => {
  it('may come in the order of a kernel that crashed, with a system call in NT_PRSTATUS and notes that are not known', () => {
    const [prstatus, ...others] = cpuNotes[0]!;
    const description = prstatus!.description.slice();
    new DataView(description.buffer).setBigUint64(320, 0x1234n);
    const unknown: CpuNote = { owner: 'LINUX', type: 0x30e, description: new Uint8Array(5) };
    const state = s390x.cpuFromNotes([{ ...prstatus!, description }, unknown, ...others.toReversed()], 0, CONTEXT);
    expect(valuesOf(state)).toEqual({ ...valuesOf(noteCpus[0]!), orig_r2: '1234' });
  });

  it('may be NT_PRSTATUS alone: what it does not hold stays absent, and an export says so', () => {
    const state = s390x.cpuFromNotes(cpuNotes[0]!.slice(0, 1), 0, CONTEXT);
    expect(Object.keys(state.registers)).toHaveLength(34);
    expect(state.registers.cr1).toBeUndefined();
    expect(s390x.missingNoteRegisters(state)).toEqual(expect.arrayContaining(['prefix', 'cr0', 'cr15', 'f0', 'cputm']));
    expect(s390x.missingNoteRegisters(state)).not.toContain('v20');
    const [regime] = s390x.regimesOf(state);
    expect(regime.tables).toMatchObject([{ register: 'CR13', root: null }]);
    expect(regime.reason).toContain('the dump does not hold CR13');
  });

  it.each(cpuNotes[0]!.map((note) => [note.owner, note.type.toString(16), note] as const))(
    '%s %s cut short is refused by name',
    (_owner, _type, note) => {
      const cut = { ...note, description: note.description.subarray(0, note.description.length - 1) };
      expect(() => s390x.cpuFromNotes([cut], 0, CONTEXT)).toThrow(DumpFormatError);
      expect(() => s390x.cpuFromNotes([cut], 0, CONTEXT)).toThrow(/descsz/);
    },
  );
});

describe('what a user sees', () => {
  const withPsw = (mask: bigint, extra: Partial<CpuState> = {}): CpuState => {
    const { registers } = streamCpus[0]!;
    return { ...streamCpus[0]!, ...extra, registers: { ...registers, pswm: { value: mask, width: 64, source: 'test' } } };
  };

  it.each([
    [0x0706_c001_8000_0000n, '64-bit, supervisor state, DAT on, home space, wait'],
    [0x0705_0001_8000_0000n, '64-bit, problem state, DAT on, primary space, halted'],
    [0x0704_4001_8000_0000n, '64-bit, supervisor state, DAT on, access-register mode, halted'],
    [0x0404_8000_8000_0000n, '31-bit, supervisor state, DAT on, secondary space, halted'],
    [0x0000_0000_0000_0000n, '24-bit, supervisor state, DAT off, halted'],
    [0x0002_0001_8000_0000n, '64-bit, supervisor state, DAT off, disabled wait'],
  ])('PSW mask %x is "%s"', (mask, line) => {
    expect(s390x.describeCpu(withPsw(mask, { halted: true })).mode).toBe(line);
  });

  it('a CPU that QEMU has stopped is shown as stopped', () => {
    const state = withPsw(0x0704_0001_8000_0000n);
    state.registers.cpu_state = { value: 1n, width: 8, source: 'test' };
    expect(s390x.describeCpu(state).mode).toBe('64-bit, supervisor state, DAT on, primary space, stopped');
  });

  it('bits carry the names of the Principles of Operation, none of a real CPU is reserved', () => {
    const view = s390x.describeCpu(streamCpus[0]!);
    const field = (register: string, name: string) => view.registers.find((held) => held.name === register)?.fields.find((bit) => bit.name === name);
    // 0706c00180000000: DAT, I/O, external, machine check, wait, home space, 64-bit.
    expect(view.registers[0]!.fields.filter(({ value }) => value !== 0n).map(({ name }) => name)).toEqual([
      'T',
      'IO',
      'EX',
      'M',
      'W',
      'AS',
      'EA',
      'BA',
    ]);
    expect(field('pswm', 'AS')).toMatchObject({ value: 3n, meaning: 'home space' });
    // 14166a10, as Linux sets it.
    const cr0 = view.registers.find(({ name }) => name === 'cr0')!;
    const names = cr0.fields.filter(({ value }) => value !== 0n).map(({ name }) => name);
    expect(names).toEqual(['LAP', 'SSC', 'IEP', 'AFP', 'VX', 'ES', 'XC', 'CK', 'SS', 'TA']);
    expect(field('cr13', 'DT')).toMatchObject({ value: 1n, meaning: 'region-third table' });
    expect(field('cr13', 'TL')).toMatchObject({ value: 3n, meaning: 'the table has 2048 entries' });
    expect(field('cr7', 'P')).toMatchObject({ value: 1n });
    expect(field('prefix', 'prefix')?.meaning).toBe('real addresses 0 to 8191 are at absolute 0x1996000, and those there at 0');
    expect(field('cr6', 'ISC2')).toMatchObject({ value: 1n });
    expect(view.registers.flatMap(({ fields }) => fields).filter(({ reserved }) => reserved)).toEqual([]);
    for (const { fields, width } of view.registers) for (const { bit, width: wide } of fields) expect(bit + wide).toBeLessThanOrEqual(width);
  });

  it('the stack and the next instruction are registers that it has', () => {
    const { pointers, registers } = s390x.describeCpu(streamCpus[0]!);
    for (const name of [pointers.instruction, pointers.stack]) expect(registers.find((register) => register.name === name)?.addressSpace).toBe('gva');
  });
});

it('registers of any values, and any of them missing, are shown and have regimes whose modes exist', () => {
  const random = randomSource(0x5390);
  const values = Object.entries(streamCpus[0]!.registers);
  for (let round = 0; round < 200; round++) {
    const kept = values.filter(() => random() % 5 !== 0);
    const noise = kept.map(([name, held]) => {
      const value = BigInt.asUintN(held.width, (BigInt(random()) << 40n) ^ (BigInt(random()) << 13n) ^ BigInt(random()));
      return [name, { ...held, value }] as const;
    });
    const view = s390x.describeCpu({ index: 0, registers: Object.fromEntries(noise), segments: {} });
    expect(view.registers).toHaveLength(kept.length);
    expect(view.mode).not.toBe('');
    for (const { mode } of view.regimes) expect(s390x.pagingMode(mode).id).toBe(mode);
  }
});
