/** The notes of one CPU for an ELF core (note-layout.ts), byte for byte as QEMU since 2.11 writes them. */
import type { CpuNote } from '../architecture.ts';
import type { CpuState } from '../cpu-state.ts';
import { NT_PRSTATUS } from '../notes.ts';
import { NOTES, PR_PID, type NoteLayout } from './note-layout.ts';

/** Of the machine that this runs on, as QEMU does it with pr_pid. */
const HOST_LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** See Architecture.encodeNotes. */
export function encodeNotes(state: CpuState): CpuNote[] {
  return NOTES.map((layout) => ({ owner: layout.owner, type: layout.type, description: encode(state, layout) }));
}

function encode(state: CpuState, { type, size, slots }: NoteLayout): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  if (type === NT_PRSTATUS) view.setUint32(PR_PID, state.index + 1, HOST_LITTLE_ENDIAN);
  for (const slot of slots) {
    const value = state.registers[slot.name]?.value ?? 0n;
    if (slot.bytes === 4) view.setUint32(slot.offset, Number(BigInt.asUintN(32, value)));
    else if (slot.bytes === 8) view.setBigUint64(slot.offset, BigInt.asUintN(64, value));
    else {
      view.setBigUint64(slot.offset, value >> 64n);
      view.setBigUint64(slot.offset + 8, BigInt.asUintN(64, value));
    }
  }
  return bytes;
}

/** See Architecture.missingNoteRegisters. What belongs to a facility that the CPU does not have at all is 0 in QEMU's notes, too. */
export function missingNoteRegisters(state: CpuState): string[] {
  const held = ({ name }: { name: string }) => state.registers[name] !== undefined;
  const missing = NOTES.filter(({ optional, slots }) => optional !== true || slots.some(held))
    .flatMap(({ slots }) => slots)
    .filter((slot) => !held(slot));
  return missing.map(({ name }) => name);
}
