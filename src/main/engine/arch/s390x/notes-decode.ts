/** Registers from the notes of an ELF core (note-layout.ts). */
import { DumpFormatError } from '#shared/errors.ts';
import type { CpuNote, NoteContext } from '../architecture.ts';
import type { CpuState } from '../cpu-state.ts';
import { findNote, noteSource } from '../notes.ts';
import { NOTES, ORIG_GPR2, VXRS_LOW, type NoteLayout, type NoteSlot } from './note-layout.ts';

/** See Architecture.cpuFromNotes. Notes that are not known (of protected guests, for one) are passed over. */
export function cpuFromNotes(notes: readonly CpuNote[], index: number, context: NoteContext): CpuState {
  const state: CpuState = { index, registers: {}, segments: {}, littleEndian: false };
  for (const layout of NOTES) {
    const note = findNote(notes, layout.owner, layout.type);
    if (note) readNote(state, note, layout, context);
  }
  return state;
}

function readNote(state: CpuState, note: CpuNote, { title, size, slots, type }: NoteLayout, context: NoteContext): void {
  const { description: bytes, fileOffset: at } = note;
  if (bytes.length < size) {
    const problem = { format: title, source: context.source ?? 'core', fileOffset: at ?? 0, field: 'descsz' };
    throw new DumpFormatError({ ...problem, expected: `${size} bytes`, found: `${bytes.length}` });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (const slot of slots) {
    const value = read(view, slot);
    const source = noteSource(title, slot.offset, note);
    if (type !== VXRS_LOW) state.registers[slot.name] = { value, width: slot.bytes * 8, source };
    else {
      const upper = state.registers[slot.name.replace('v', 'f')];
      if (upper) state.registers[slot.name] = { value: (upper.value << 64n) | value, width: 128, source };
    }
  }
  // QEMU leaves it 0; a system call has a number in it.
  const original = title === 'NT_PRSTATUS' ? read(view, ORIG_GPR2) : 0n;
  if (original !== 0n) state.registers[ORIG_GPR2.name] = { value: original, width: 64, source: noteSource(title, ORIG_GPR2.offset, note) };
}

function read(view: DataView, { offset, bytes }: NoteSlot): bigint {
  if (bytes === 4) return BigInt(view.getUint32(offset));
  const first = view.getBigUint64(offset);
  return bytes === 8 ? first : (first << 64n) | view.getBigUint64(offset + 8);
}
