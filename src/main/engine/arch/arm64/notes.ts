/** Registers of an AArch64 CPU from the notes of an ELF core, and back (note-layout.ts). No note holds a system register: see complete.ts. */
import { DumpFormatError } from '#shared/errors.ts';
import type { CpuNote, NoteContext } from '../architecture.ts';
import type { CpuState } from '../cpu-state.ts';
import { findNote, noteSource, NT_PRSTATUS } from '../notes.ts';
import {
  FPCR_OFFSET,
  FPSR_OFFSET,
  LONGEST_VECTOR,
  NT_ARM_SVE,
  NT_PRFPREG,
  PREDICATES,
  PRFPREG_SIZE,
  PRSTATUS_FPVALID,
  PRSTATUS_PID,
  PRSTATUS_SIZE,
  PRSTATUS_SLOTS,
  SVE_FLAG_REGISTERS,
  SVE_HEADER,
  sveLayout,
  VECTORS,
} from './note-layout.ts';
import { hasSve, vectorQuads } from './sve.ts';

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

function checkSize(note: CpuNote, format: string, size: number, { source }: NoteContext): DataView {
  const { description, fileOffset } = note;
  if (description.length < size)
    throw new DumpFormatError({
      format,
      source: source ?? 'core',
      fileOffset: fileOffset ?? 0,
      field: 'descsz',
      expected: `${size} bytes`,
      found: `${description.length}`,
    });
  return viewOf(description);
}

/** A little-endian number of `bytes.length` bytes. */
function numberOf(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let at = bytes.length - 1; at >= 0; at--) value = (value << 8n) | BigInt(bytes[at]!);
  return value;
}

function bytesOf(value: bigint, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => Number((value >> BigInt(8 * at)) & 0xffn));
}

/** See Architecture.cpuFromNotes. */
export function cpuFromNotes(notes: readonly CpuNote[], index: number, context: NoteContext): CpuState {
  const state: CpuState = { index, registers: {}, segments: {}, littleEndian: context.littleEndian };
  const prstatus = findNote(notes, 'CORE', NT_PRSTATUS);
  if (prstatus) readPrstatus(state, prstatus, context);
  const vectors = findNote(notes, 'CORE', NT_PRFPREG);
  if (vectors) readVectors(state, vectors, context);
  const sve = findNote(notes, 'LINUX', NT_ARM_SVE);
  if (sve) readSve(state, sve, context);
  return state;
}

function readPrstatus(state: CpuState, note: CpuNote, context: NoteContext): void {
  const view = checkSize(note, 'NT_PRSTATUS', PRSTATUS_SIZE, context);
  for (const { name, offset } of PRSTATUS_SLOTS)
    state.registers[name] = {
      value: view.getBigUint64(offset, context.littleEndian),
      width: name === 'cpsr' ? 32 : 64,
      source: noteSource('NT_PRSTATUS', offset, note),
    };
}

function readVectors(state: CpuState, note: CpuNote, context: NoteContext): void {
  const view = checkSize(note, 'NT_PRFPREG', PRFPREG_SIZE, context);
  const { littleEndian } = context;
  for (const [n, name] of VECTORS.entries()) {
    const [first, second] = [view.getBigUint64(16 * n, littleEndian), view.getBigUint64(16 * n + 8, littleEndian)];
    const value = littleEndian ? (second << 64n) | first : (first << 64n) | second;
    state.registers[name] = { value, width: 128, source: noteSource('NT_PRFPREG', 16 * n, note) };
  }
  for (const [name, offset] of [
    ['fpsr', FPSR_OFFSET],
    ['fpcr', FPCR_OFFSET],
  ] as const)
    state.registers[name] = { value: BigInt(view.getUint32(offset, littleEndian)), width: 32, source: noteSource('NT_PRFPREG', offset, note) };
}

function readSve(state: CpuState, note: CpuNote, context: NoteContext): void {
  const head = checkSize(note, 'NT_ARM_SVE', SVE_HEADER, context);
  const vl = head.getUint16(8, context.littleEndian);
  const flags = head.getUint16(12, context.littleEndian);
  // Without the flag the note holds the short registers, which NT_PRFPREG has too.
  if ((flags & SVE_FLAG_REGISTERS) === 0 || vl === 0 || vl % 16 !== 0 || vl > LONGEST_VECTOR) return;
  const { predicates, size } = sveLayout(vl);
  checkSize(note, 'NT_ARM_SVE', size, context);
  const { description: bytes } = note;
  const add = (name: string, offset: number, length: number) => {
    state.registers[name] = {
      value: numberOf(bytes.subarray(offset, offset + length)),
      width: 8 * length,
      source: noteSource('NT_ARM_SVE', offset, note),
    };
  };
  for (let n = 0; n < 32; n++) add(`z${n}`, SVE_HEADER + n * vl, vl);
  for (const [n, name] of PREDICATES.entries()) add(name, predicates + (n * vl) / 8, vl / 8);
}

/** See Architecture.encodeNotes. */
export function encodeNotes(state: CpuState, littleEndian: boolean): CpuNote[] {
  const notes: CpuNote[] = [
    { owner: 'CORE', type: NT_PRSTATUS, description: encodePrstatus(state, littleEndian) },
    { owner: 'CORE', type: NT_PRFPREG, description: encodeVectors(state, littleEndian) },
  ];
  if (hasSve(state) || state.registers.z0 !== undefined)
    notes.push({ owner: 'LINUX', type: NT_ARM_SVE, description: encodeSve(state, littleEndian) });
  return notes;
}

function encodePrstatus(state: CpuState, littleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(PRSTATUS_SIZE);
  const view = viewOf(bytes);
  view.setUint32(PRSTATUS_PID, state.index + 1, littleEndian);
  for (const { name, offset } of PRSTATUS_SLOTS) view.setBigUint64(offset, state.registers[name]?.value ?? 0n, littleEndian);
  view.setUint32(PRSTATUS_FPVALID, 1, littleEndian);
  return bytes;
}

function encodeVectors({ registers }: CpuState, littleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(PRFPREG_SIZE);
  const view = viewOf(bytes);
  for (const [n, name] of VECTORS.entries()) {
    const value = registers[name]?.value ?? 0n;
    const [low, high] = [BigInt.asUintN(64, value), value >> 64n];
    view.setBigUint64(16 * n, littleEndian ? low : high, littleEndian);
    view.setBigUint64(16 * n + 8, littleEndian ? high : low, littleEndian);
  }
  view.setUint32(FPSR_OFFSET, Number(registers.fpsr?.value ?? 0n), littleEndian);
  view.setUint32(FPCR_OFFSET, Number(registers.fpcr?.value ?? 0n), littleEndian);
  return bytes;
}

function encodeSve(state: CpuState, littleEndian: boolean): Uint8Array {
  const { registers } = state;
  const vl = registers.z0 ? registers.z0.width / 8 : 16 * vectorQuads(state);
  const { predicates, fpsr, size } = sveLayout(vl);
  const bytes = new Uint8Array(size);
  const view = viewOf(bytes);
  view.setUint32(0, size, littleEndian);
  view.setUint32(4, sveLayout(LONGEST_VECTOR).size, littleEndian);
  view.setUint16(8, vl, littleEndian);
  view.setUint16(10, LONGEST_VECTOR, littleEndian);
  view.setUint16(12, SVE_FLAG_REGISTERS, littleEndian);
  for (let n = 0; n < 32; n++) bytes.set(bytesOf(registers[`z${n}`]?.value ?? 0n, vl), SVE_HEADER + n * vl);
  for (const [n, name] of PREDICATES.entries()) bytes.set(bytesOf(registers[name]?.value ?? 0n, vl / 8), predicates + (n * vl) / 8);
  view.setUint32(fpsr, Number(registers.fpsr?.value ?? 0n), littleEndian);
  view.setUint32(fpsr + 4, Number(registers.fpcr?.value ?? 0n), littleEndian);
  return bytes;
}

export function missingNoteRegisters(state: CpuState): string[] {
  const names = [...PRSTATUS_SLOTS.map(({ name }) => name), ...VECTORS, 'fpsr', 'fpcr'];
  return names.filter((name) => state.registers[name] === undefined);
}
