/**
 * Registers from and to the note of an ELF core: NT_PRSTATUS of owner CORE, the only one that QEMU and Linux write for a RISC-V CPU.
 *
 * 376 bytes (32-bit: 204): Linux include/linux/elfcore.h (elf_prstatus) and arch/riscv/include/uapi/asm/ptrace.h (user_regs_struct); QEMU target/riscv/arch_dump.c (v7.2): pr_pid at 32 (24) is the CPU's index + 1,
 * from 112 (72) on pc and x1 to x31 of 8 (4) bytes each, the rest 0.
 */
import { DumpFormatError } from '#shared/errors.ts';
import type { CpuNote, NoteContext } from '../architecture.ts';
import type { CpuState } from '../cpu-state.ts';
import { findNote, noteSource, NT_PRSTATUS } from '../notes.ts';
import { GENERAL_REGISTERS } from './registers.ts';

interface Layout {
  size: number;
  pid: number;
  registers: number;
  bytes: 4 | 8;
}

const LAYOUTS: Record<32 | 64, Layout> = {
  64: { size: 376, pid: 32, registers: 112, bytes: 8 },
  32: { size: 204, pid: 24, registers: 72, bytes: 4 },
};

/** In the note's order. x0 is no register of its own. */
const ORDER = ['pc', ...GENERAL_REGISTERS.slice(1)];

/** The three functions of an Architecture, for CPUs of that many bits. */
export function notesOf(bits: 32 | 64) {
  const { size, pid, registers, bytes } = LAYOUTS[bits];
  return {
    cpuFromNotes(notes: readonly CpuNote[], index: number, context: NoteContext): CpuState {
      const state: CpuState = { index, registers: {}, segments: {}, littleEndian: context.littleEndian };
      const note = findNote(notes, 'CORE', NT_PRSTATUS);
      if (!note) return state;
      const { description, fileOffset } = note;
      if (description.length < size) {
        const problem = { format: 'NT_PRSTATUS', source: context.source ?? 'core', fileOffset: fileOffset ?? 0, field: 'descsz' };
        throw new DumpFormatError({ ...problem, expected: `${size} bytes`, found: `${description.length}` });
      }
      const view = new DataView(description.buffer, description.byteOffset, description.length);
      for (const [n, name] of ORDER.entries()) {
        const offset = registers + n * bytes;
        const value = bytes === 8 ? view.getBigUint64(offset, context.littleEndian) : BigInt(view.getUint32(offset, context.littleEndian));
        state.registers[name] = { value, width: bits, source: noteSource('NT_PRSTATUS', offset, note) };
      }
      return state;
    },

    encodeNotes(state: CpuState, littleEndian: boolean): CpuNote[] {
      const description = new Uint8Array(size);
      const view = new DataView(description.buffer);
      view.setUint32(pid, state.index + 1, littleEndian);
      for (const [n, name] of ORDER.entries()) {
        const value = state.registers[name]?.value ?? 0n;
        if (bytes === 8) view.setBigUint64(registers + n * bytes, value, littleEndian);
        else view.setUint32(registers + n * bytes, Number(BigInt.asUintN(32, value)), littleEndian);
      }
      return [{ owner: 'CORE', type: NT_PRSTATUS, description }];
    },

    missingNoteRegisters(state: CpuState): string[] {
      return ORDER.filter((name) => state.registers[name] === undefined);
    },
  };
}
