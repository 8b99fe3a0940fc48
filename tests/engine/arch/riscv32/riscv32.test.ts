/** 32-bit RISC-V: registers, notes and Sv32 walks of a bare-metal guest (tests/fixtures/riscv64/bare32.S), against QEMU. */
import { describe, expect, it } from 'vitest';
import { riscv32 } from '#engine/arch/riscv32/index.ts';
import { translationTables } from '#engine/session/translation-root.ts';
import { TranslationSpace } from '#engine/translate/translation-space.ts';
import { bareGuest, parseInfoRegisters, valuesOf } from '../riscv64/bare-guest.ts';

const LOW = 0xffff_ffffn;

describe('a 32-bit guest', () => {
  it('has every register that QEMU shows, of both CPUs', () => {
    const { dump, oracle } = bareGuest('sv32');
    expect(dump.architecture).toBe('riscv32');
    for (const [index, { registers }] of oracle.cpus.entries()) {
      const theirs = parseInfoRegisters(registers);
      const ours = valuesOf(dump.cpus[index]!);
      // QEMU saves mstatus whole and shows its upper half apart; it sets bits of mideleg after it has shown it for the first time.
      theirs.set('mideleg', theirs.get('mideleg')! | 0x1444n);
      ours.set('mstatush', ours.get('mstatus')! >> 32n);
      expect(theirs.size).toBeGreaterThan(55);
      for (const [name, value] of theirs) if (!/^f[tsa]\d/.test(name)) expect([name, ours.get(name)! & LOW]).toEqual([name, value]);
      expect(dump.cpus[index]!.registers['s1']!.width).toBe(32);
    }
    expect(riscv32.describeCpu(dump.cpus[0]!)).toMatchObject({
      mode: '32-bit supervisor mode (S), Sv32, halted',
      paging: { root: 0x8020_0000, mode: 'sv32' },
    });
  });

  it('has notes as QEMU writes them, byte for byte', () => {
    const { dump } = bareGuest('sv32', 'paging-off.elf');
    const { dump: stream } = bareGuest('sv32');
    expect(dump.architecture).toBe('riscv32');
    const theirs = dump.notes.map(({ owner, type, description }) => ({ owner, type, description }));
    expect(stream.cpus.flatMap((cpu) => riscv32.encodeNotes(cpu, true))).toEqual(theirs);
    const [pc] = dump.cpus.map(({ registers }) => registers['pc']!.value);
    expect(pc).toBe(stream.cpus[0]!.registers['pc']!.value);
  });

  it('translates as gva2gpa, up to 34 bits', () => {
    const { dump, memory, oracle } = bareGuest('sv32');
    const space = new TranslationSpace(memory, translationTables(riscv32, dump.cpus, { kind: 'cpu', cpu: 0 }));
    for (const { gva, gpa } of oracle.translations) {
      const address = BigInt(`0x${gva}`);
      const ours = space.translateAddress(address) ? space.found.physical.toString(16) : null;
      expect([gva, ours]).toEqual([gva, gpa]);
    }
    expect(space.walk(0x10c0_0123n).result).toMatchObject({ physical: 0x3_8000_0123, pageSize: 2 ** 22 });
    expect(space.walk(0x1080_0000n).result.sentence).toContain("is not a multiple of the page's size");
    expect(space.walk(0x1_0000_0000n).result).toMatchObject({ kind: 'fault', reason: 'non-canonical' });
  });
});
