/** Registers of a 32-bit x86 CPU from the notes of an ELF core, and back (note-layout.ts). */
import type { CpuNote, NoteContext } from '../architecture.ts';
import type { CpuState } from '../cpu-state.ts';
import { findNote, NT_PRSTATUS } from '../notes.ts';
import { QEMU_NOTE_SIZE } from '../x86-64/note-layout.ts';
import { inferEfer, readPrstatus, readQemuNote } from '../x86-64/notes-decode.ts';
import * as x86Notes from '../x86-64/notes-encode.ts';
import { isLongCode } from '../x86-64/segments.ts';
import { LONG_ONLY, NOTE_SLOTS_32, PRSTATUS_32 } from './note-layout.ts';

/** See Architecture.cpuFromNotes. */
export function cpuFromNotes(notes: readonly CpuNote[], index: number, context: NoteContext): CpuState {
  const state: CpuState = { index, registers: {}, segments: {}, littleEndian: true };
  const qemu = findNote(notes, 'QEMU', 0);
  const prstatus = findNote(notes, 'CORE', NT_PRSTATUS);
  if (qemu) {
    readQemuNote(state, qemu, context);
    narrow(state);
  }
  if (prstatus) readPrstatus(state, prstatus, PRSTATUS_32, context);
  const efer = inferEfer(state, context);
  if (efer !== undefined) state.registers.efer = efer;
  return state;
}

/**
 * Makes registers of the QEMU note as wide as a 32-bit CPU's. One that does not fit stays as it is: CPU 0 of a 64-bit machine decides what the file
 * is, and the others may be ahead of it, in long mode.
 */
function narrow(state: CpuState): void {
  if (state.segments.cs !== undefined && isLongCode(state.segments.cs.flags)) return;
  for (const [name, register] of Object.entries(state.registers)) {
    if (register.value >> 32n !== 0n) continue;
    if (LONG_ONLY.has(name) && register.value === 0n) delete state.registers[name];
    else register.width = 32;
  }
}

/** See Architecture.encodeNotes. QEMU since 3.0 gives a 32-bit CPU the long form of its own note, too. */
export function encodeNotes(state: CpuState): CpuNote[] {
  return x86Notes.bothNotes(x86Notes.encodePrstatus(state, PRSTATUS_32), x86Notes.encodeSizedQemuNote(state, QEMU_NOTE_SIZE));
}

export function missingNoteRegisters(state: CpuState): string[] {
  return x86Notes.missingIn(state, NOTE_SLOTS_32).map(shortName);
}

const SHORT_NAMES: Record<string, string> = { rip: 'eip', rflags: 'eflags', orig_rax: 'orig_eax' };

/** The name that gdb gives the low 32 bits of a register. */
export function shortName(name: string): string {
  return SHORT_NAMES[name] ?? name.replace(/^r(?=(?:[a-d]x|[sd]i|[sb]p)$)/, 'e');
}
