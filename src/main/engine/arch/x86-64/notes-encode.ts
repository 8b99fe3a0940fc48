/** The notes of one CPU for an ELF core (note-layout.ts), byte for byte as QEMU since 3.0 writes them. */
import type { CpuState } from '../cpu-state.ts';
import {
  PRSTATUS_PID,
  PRSTATUS_SIZE,
  PRSTATUS_SLOTS,
  QEMU_NOTE_SIZE,
  QEMU_NOTE_SIZE_OLD,
  QEMU_NOTE_VERSION,
  QEMU_SEGMENTS,
  QEMU_SLOTS,
  SELECTOR_NAMES,
} from './note-layout.ts';

/** Value for a slot of NT_PRSTATUS; undefined where the dump does not hold it. */
function prstatusValue(state: CpuState, name: string): bigint | undefined {
  const segment = state.segments[name];
  if (SELECTOR_NAMES.has(name) && segment !== undefined) return BigInt(segment.selector);
  return state.registers[name]?.value;
}

/** The payload of NT_PRSTATUS. Registers that `state` lacks are 0. */
export function encodePrstatus(state: CpuState): Uint8Array {
  const bytes = new Uint8Array(PRSTATUS_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(PRSTATUS_PID, state.index + 1, true);
  for (const { name, offset } of PRSTATUS_SLOTS) view.setBigUint64(offset, prstatusValue(state, name) ?? 0n, true);
  return bytes;
}

/** The payload of the QEMU note. Without a kernel_gs_base it is the shorter form from before QEMU 3.0, which has no place for one. */
export function encodeQemuNote(state: CpuState): Uint8Array {
  const size = state.registers.kernel_gs_base === undefined ? QEMU_NOTE_SIZE_OLD : QEMU_NOTE_SIZE;
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
  // orig_rax is a system call's number, which no emulator knows: 0 in QEMU's notes too.
  const names = [...PRSTATUS_SLOTS, ...QEMU_SLOTS].map(({ name }) => name).filter((name) => name !== 'orig_rax');
  const registers = names.filter((name) => prstatusValue(state, name) === undefined);
  const segments = QEMU_SEGMENTS.map(({ name }) => name).filter((name) => state.segments[name] === undefined);
  return [...new Set([...registers, ...segments])];
}
