/** The notes of one CPU for an ELF core (note-layout.ts), byte for byte as QEMU since 3.0 writes them. */
import type { CpuNote } from '../architecture.ts';
import type { CpuState } from '../cpu-state.ts';
import { NT_PRSTATUS } from '../notes.ts';
import {
  PRSTATUS,
  QEMU_NOTE_SIZE,
  QEMU_NOTE_SIZE_OLD,
  QEMU_NOTE_VERSION,
  QEMU_SEGMENTS,
  QEMU_SLOTS,
  SELECTOR_NAMES,
  type NoteSlot,
  type PrstatusLayout,
} from './note-layout.ts';

/** Value for a slot of NT_PRSTATUS; undefined where the dump does not hold it. */
function prstatusValue(state: CpuState, name: string): bigint | undefined {
  const segment = state.segments[name];
  if (SELECTOR_NAMES.has(name) && segment !== undefined) return BigInt(segment.selector);
  return state.registers[name]?.value;
}

/** The payload of NT_PRSTATUS. Registers that `state` lacks are 0; of those wider than a slot the low bits are written, as QEMU does. */
export function encodePrstatus(state: CpuState, { size, pid, slots, slotBytes }: PrstatusLayout = PRSTATUS): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(pid, state.index + 1, true);
  for (const { name, offset } of slots) {
    const value = prstatusValue(state, name) ?? 0n;
    if (slotBytes === 8) view.setBigUint64(offset, value, true);
    else view.setUint32(offset, Number(BigInt.asUintN(32, value)), true);
  }
  return bytes;
}

/** See Architecture.encodeNotes. Without a kernel_gs_base the QEMU note is the shorter form from before QEMU 3.0, which has no place for one. */
export function encodeNotes(state: CpuState): CpuNote[] {
  const size = state.registers.kernel_gs_base === undefined ? QEMU_NOTE_SIZE_OLD : QEMU_NOTE_SIZE;
  return bothNotes(encodePrstatus(state), encodeSizedQemuNote(state, size));
}

export function bothNotes(prstatus: Uint8Array, qemu: Uint8Array): CpuNote[] {
  return [
    { owner: 'CORE', type: NT_PRSTATUS, description: prstatus },
    { owner: 'QEMU', type: 0, description: qemu },
  ];
}

/** The payload of the QEMU note in `size` bytes, one of the two QEMU_NOTE_SIZE. */
export function encodeSizedQemuNote(state: CpuState, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, QEMU_NOTE_VERSION, true);
  view.setUint32(4, size, true);
  for (const { name, offset } of QEMU_SLOTS) {
    if (offset < size) view.setBigUint64(offset, state.registers[name]?.value ?? 0n, true);
  }
  for (const { name, offset } of QEMU_SEGMENTS) {
    const segment = state.segments[name];
    if (segment === undefined) continue;
    view.setUint32(offset, segment.selector, true);
    view.setUint32(offset + 4, segment.limit, true);
    view.setUint32(offset + 8, segment.flags, true);
    view.setBigUint64(offset + 16, segment.base, true);
  }
  return bytes;
}

/** Registers and segments that the two notes have a place for and `state` does not hold. */
export function missingNoteRegisters(state: CpuState): string[] {
  return missingIn(state, [...PRSTATUS.slots, ...QEMU_SLOTS]);
}

/** As missingNoteRegisters, for other registers. */
export function missingIn(state: CpuState, slots: readonly NoteSlot[]): string[] {
  // orig_rax is a system call's number, which no emulator knows: 0 in QEMU's notes too.
  const names = slots.map(({ name }) => name).filter((name) => name !== 'orig_rax');
  const registers = names.filter((name) => prstatusValue(state, name) === undefined);
  const segments = QEMU_SEGMENTS.map(({ name }) => name).filter((name) => state.segments[name] === undefined);
  return [...new Set([...registers, ...segments])];
}
