/** Registers from and to the notes of an ELF core (note-layout.ts). */
import { DumpFormatError } from '#shared/errors.ts';
import type { CpuNote, NoteContext } from '../architecture.ts';
import type { CpuState } from '../cpu-state.ts';
import { noteSource } from '../notes.ts';
import { kernelLittleEndian } from './byte-order.ts';
import { KERNEL_SLOTS, NT_PPC_SPE, OTHER_NOTES, PRSTATUS, type NoteLayout, type NoteSlot } from './note-layout.ts';

const HALF = 64n;

/** See Architecture.cpuFromNotes. */
export function cpuFromNotes(notes: readonly CpuNote[], index: number, context: NoteContext): CpuState {
  const state: CpuState = { index, registers: {}, segments: {} };
  // No server CPU has an SPE: only QEMU writes a note of it.
  const ofQemu = notes.some(({ type }) => type === NT_PPC_SPE);
  const prstatus = ofQemu ? PRSTATUS : { ...PRSTATUS, slots: [...PRSTATUS.slots, ...KERNEL_SLOTS] };
  for (const layout of [prstatus, ...OTHER_NOTES.filter(({ type }) => type !== NT_PPC_SPE)]) {
    const note = notes.find(({ owner, type }) => type === layout.type && (owner === 'CORE' || owner === 'LINUX'));
    if (note !== undefined) readNote(state, note, layout, context);
  }
  // QEMU may write big-endian notes of a little-endian guest.
  return { ...state, littleEndian: kernelLittleEndian(state.registers) ?? context.littleEndian };
}

function readNote(state: CpuState, note: CpuNote, { title, size, slots }: NoteLayout, { littleEndian, source }: NoteContext): void {
  const { description: bytes, fileOffset } = note;
  if (bytes.length < size) {
    const problem = { format: title, source: source ?? 'core', fileOffset: fileOffset ?? 0, field: 'descsz' };
    throw new DumpFormatError({ ...problem, expected: `${size} bytes`, found: `${bytes.length}` });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (const slot of slots) {
    const value = BigInt.asUintN(slot.width, readSlot(view, slot, littleEndian));
    state.registers[slot.name] = { value, width: slot.width, source: noteSource(title, slot.offset, note) };
  }
}

function readSlot(view: DataView, { offset, bytes }: NoteSlot, littleEndian: boolean): bigint {
  if (bytes === 4) return BigInt(view.getUint32(offset, littleEndian));
  const first = view.getBigUint64(offset, littleEndian);
  if (bytes === 8) return first;
  const second = view.getBigUint64(offset + 8, littleEndian);
  return littleEndian ? (second << HALF) | first : (first << HALF) | second;
}

/** See Architecture.encodeNotes. */
export function encodeNotes(state: CpuState, littleEndian: boolean): CpuNote[] {
  return [PRSTATUS, ...OTHER_NOTES].map(({ type, size, slots }) => {
    const description = new Uint8Array(size);
    const view = new DataView(description.buffer);
    for (const slot of slots) writeSlot(view, slot, state.registers[slot.name]?.value ?? 0n, littleEndian);
    return { owner: 'CORE', type, description };
  });
}

function writeSlot(view: DataView, { offset, bytes }: NoteSlot, value: bigint, littleEndian: boolean): void {
  if (bytes === 4) return view.setUint32(offset, Number(BigInt.asUintN(32, value)), littleEndian);
  if (bytes === 8) return view.setBigUint64(offset, value, littleEndian);
  view.setBigUint64(littleEndian ? offset : offset + 8, BigInt.asUintN(64, value), littleEndian);
  view.setBigUint64(littleEndian ? offset + 8 : offset, value >> HALF, littleEndian);
}

/** See Architecture.missingNoteRegisters. A register of the SPE is missing nowhere: server CPUs have none. */
export function missingNoteRegisters(state: CpuState): string[] {
  const names = [PRSTATUS, ...OTHER_NOTES.filter(({ type }) => type !== NT_PPC_SPE)].flatMap(({ slots }) => slots.map(({ name }) => name));
  return names.filter((name) => state.registers[name] === undefined);
}
