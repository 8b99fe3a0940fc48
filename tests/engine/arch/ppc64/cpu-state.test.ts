import { describe, expect, it } from 'vitest';
import { ppc64 } from '#engine/arch/ppc64/index.ts';
import { DumpFormatError } from '#shared/errors.ts';
import { completedCpus, GUESTS, notesOf, parsePowerRegisters, readGuest, streamCpus } from './power-guests.ts';

/** Not in every CPU, or 0 and without meaning then: absent registers stand for 0. */
const ABSENT_WHEN_ZERO = /^(hid0|sprg[4-7]|hsrr[01]|ptcr|sdr1)$/;

describe.each(GUESTS)('CPUs of the %s guest', (name) => {
  const guest = readGuest(name);
  const context = { elfMachine: 21, littleEndian: guest.littleEndianCore };

  it('have out of a stream the registers that QEMU printed', () => {
    for (const [index, cpu] of streamCpus(guest).entries()) {
      const theirs = parsePowerRegisters(guest.cpus[index]!.registers);
      const ours = Object.keys(theirs).map((register) => {
        const held = cpu.registers[register]?.value;
        return [register, held ?? (ABSENT_WHEN_ZERO.test(register) ? 0n : undefined)];
      });
      expect(Object.fromEntries(ours)).toEqual(theirs);
      expect(ours.length).toBeGreaterThan(85);
    }
  });

  it('have out of notes what the stream has, as far as notes go', () => {
    const cpus = streamCpus(guest);
    for (const [index, notes] of notesOf(guest).entries()) {
      const { registers } = ppc64.cpuFromNotes(notes, index, context);
      expect(Object.keys(registers)).toHaveLength(32 + 6 + 33 + 33 + 32);
      for (const [register, { value, width }] of Object.entries(registers))
        expect([register, width, value]).toEqual([register, cpus[index]!.registers[register]?.width, cpus[index]!.registers[register]?.value]);
    }
  });

  it('give the notes that QEMU wrote, byte for byte', () => {
    const written = streamCpus(guest).map((cpu) => ppc64.encodeNotes(cpu, guest.littleEndianCore));
    expect(written).toEqual(notesOf(guest));
    expect(ppc64.qemuLittleEndian?.(streamCpus(guest)[0]!)).toBe(guest.littleEndianCore);
  });

  it('keep their registers through notes of either byte order', () => {
    for (const littleEndian of [true, false]) {
      for (const cpu of streamCpus(guest)) {
        const again = ppc64.cpuFromNotes(ppc64.encodeNotes(cpu, littleEndian), cpu.index, { elfMachine: 21, littleEndian });
        for (const [register, { value }] of Object.entries(again.registers))
          expect([register, value]).toEqual([register, cpu.registers[register]?.value]);
      }
    }
  });

  it('lack no register that notes need', () => {
    expect(streamCpus(guest).map((cpu) => ppc64.missingNoteRegisters(cpu))).toEqual([[], []]);
    expect(ppc64.missingNoteRegisters({ index: 0, registers: {}, segments: {} })).toHaveLength(32 + 6 + 33 + 33 + 32);
  });

  it('are decoded to the last bit', () => {
    for (const cpu of completedCpus(guest)) {
      for (const { name: register, fields, value } of ppc64.describeCpu(cpu).registers) {
        const sum = fields.reduce((all, field) => all | (field.value << BigInt(field.bit)), 0n);
        if (fields.length > 0) expect([register, sum]).toEqual([register, value]);
      }
    }
  });
});

describe('a POWER CPU', () => {
  it('runs in the byte order of its interrupts, and says what it was at', () => {
    expect(GUESTS.map((name) => completedCpus(readGuest(name)).map((cpu) => [cpu.littleEndian, ppc64.describeCpu(cpu).mode]))).toEqual([
      [
        [true, '64-bit kernel, little-endian, radix trees, halted'],
        [true, '64-bit kernel, little-endian, radix trees, halted'],
      ],
      [
        [true, '64-bit kernel, little-endian, hashed page table, halted'],
        [true, '64-bit kernel, little-endian, hashed page table, halted'],
      ],
      [
        [false, '64-bit kernel, big-endian, real mode'],
        [false, '32-bit kernel, big-endian, real mode, halted'],
      ],
      [
        [true, '64-bit hypervisor, little-endian, radix trees, halted'],
        [true, '64-bit hypervisor, little-endian, radix trees, halted'],
      ],
      [
        [true, '64-bit hypervisor, little-endian, hashed page table, halted'],
        [true, '64-bit hypervisor, little-endian, hashed page table, halted'],
      ],
    ]);
  });

  it('numbers bits as the manual does', () => {
    const [cpu] = streamCpus(readGuest('radix'));
    const msr = ppc64.describeCpu(cpu!).registers.find(({ name }) => name === 'msr')!;
    const external = msr.fields.find(({ name }) => name === 'EE')!;
    expect(external).toMatchObject({ bit: 15, value: 1n, title: 'External interrupt enable (Power ISA bit 48)' });
  });

  it('has the kernel’s DAR and DSISR out of notes that a crashed kernel wrote, and none out of QEMU’s, which are always 0', () => {
    const [notes] = notesOf(readGuest('radix'));
    const context = { elfMachine: 21, littleEndian: false };
    expect(ppc64.cpuFromNotes(notes!, 0, context).registers.dar).toBeUndefined();
    const alone = Uint8Array.from(notes![0]!.description);
    new DataView(alone.buffer).setBigUint64(112 + 8 * 41, 0x1234n);
    const crashed = ppc64.cpuFromNotes([{ owner: 'CORE', type: 1, description: alone }], 0, context);
    expect(crashed.registers).toMatchObject({ dar: { value: 0x1234n }, dsisr: { value: 0n }, trap: { value: 0n } });
    expect(crashed.registers.f0).toBeUndefined();
  });

  it('refuses notes that are too short', () => {
    const [notes] = notesOf(readGuest('hashed'));
    for (const note of notes!.slice(0, 4)) {
      const cut = { ...note, description: note.description.subarray(0, note.description.length - 1) };
      expect(() => ppc64.cpuFromNotes([cut], 0, { elfMachine: 21, littleEndian: false })).toThrow(DumpFormatError);
    }
  });
});
