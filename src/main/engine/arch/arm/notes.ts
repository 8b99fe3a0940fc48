/** Registers of a 32-bit ARM CPU from the notes of an ELF core, and back (note-layout.ts). */
import { DumpFormatError } from '#shared/errors.ts';
import type { CpuNote, NoteContext } from '../architecture.ts';
import type { CpuState } from '../cpu-state.ts';
import { findNote, noteSource, NT_PRSTATUS } from '../notes.ts';
import { DOUBLES, FPSCR_OFFSET, NT_ARM_VFP, PRSTATUS_FPVALID, PRSTATUS_PID, PRSTATUS_SIZE, PRSTATUS_SLOTS, VFP_SIZE } from './note-layout.ts';

function viewOf({ description, fileOffset }: CpuNote, format: string, size: number, { source }: NoteContext): DataView {
  if (description.length < size)
    throw new DumpFormatError({
      format,
      source: source ?? 'core',
      fileOffset: fileOffset ?? 0,
      field: 'descsz',
      expected: `${size} bytes`,
      found: `${description.length}`,
    });
  return new DataView(description.buffer, description.byteOffset, description.length);
}

/** See Architecture.cpuFromNotes. */
export function cpuFromNotes(notes: readonly CpuNote[], index: number, context: NoteContext): CpuState {
  const { littleEndian } = context;
  const state: CpuState = { index, registers: {}, segments: {}, littleEndian };
  const prstatus = findNote(notes, 'CORE', NT_PRSTATUS);
  if (prstatus) {
    const view = viewOf(prstatus, 'NT_PRSTATUS', PRSTATUS_SIZE, context);
    for (const { name, offset } of PRSTATUS_SLOTS)
      state.registers[name] = { value: BigInt(view.getUint32(offset, littleEndian)), width: 32, source: noteSource('NT_PRSTATUS', offset, prstatus) };
  }
  const vfp = findNote(notes, 'LINUX', NT_ARM_VFP);
  if (vfp) {
    const view = viewOf(vfp, 'NT_ARM_VFP', VFP_SIZE, context);
    for (const [n, name] of DOUBLES.entries())
      state.registers[name] = { value: view.getBigUint64(8 * n, littleEndian), width: 64, source: noteSource('NT_ARM_VFP', 8 * n, vfp) };
    state.registers.fpscr = {
      value: BigInt(view.getUint32(FPSCR_OFFSET, littleEndian)),
      width: 32,
      source: noteSource('NT_ARM_VFP', FPSCR_OFFSET, vfp),
    };
  }
  return state;
}

/** See Architecture.encodeNotes. QEMU leaves NT_ARM_VFP out for a CPU without vector registers. */
export function encodeNotes({ index, registers }: CpuState, littleEndian: boolean): CpuNote[] {
  const prstatus = new Uint8Array(PRSTATUS_SIZE);
  const view = new DataView(prstatus.buffer);
  view.setUint32(PRSTATUS_PID, index + 1, littleEndian);
  for (const { name, offset } of PRSTATUS_SLOTS) view.setUint32(offset, Number(registers[name]?.value ?? 0n), littleEndian);
  const notes: CpuNote[] = [{ owner: 'CORE', type: NT_PRSTATUS, description: prstatus }];
  if (registers.d0 === undefined) return notes;
  view.setUint32(PRSTATUS_FPVALID, 1, littleEndian);
  const vfp = new Uint8Array(VFP_SIZE);
  const doubles = new DataView(vfp.buffer);
  for (const [n, name] of DOUBLES.entries()) doubles.setBigUint64(8 * n, registers[name]?.value ?? 0n, littleEndian);
  doubles.setUint32(FPSCR_OFFSET, Number(registers.fpscr?.value ?? 0n), littleEndian);
  return [...notes, { owner: 'LINUX', type: NT_ARM_VFP, description: vfp }];
}

export function missingNoteRegisters({ registers }: CpuState): string[] {
  return PRSTATUS_SLOTS.map(({ name }) => name).filter((name) => registers[name] === undefined);
}
