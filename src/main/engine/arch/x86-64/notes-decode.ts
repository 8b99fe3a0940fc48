/**
 * Registers from the notes of an ELF core (note-layout.ts). The QEMU note is believed first; NT_PRSTATUS fills in what it lacks.
 *
 * Neither note holds EFER. Whether the CPU is in long mode is worked out from what cannot be otherwise, and only the bits that follow
 * (LMA, LME) are given; NXE and SCE stay unknown.
 */
import { DumpFormatError } from '#shared/errors.ts';
import type { CpuNote, NoteContext } from '../architecture.ts';
import type { CpuState, RegisterValue } from '../cpu-state.ts';
import { findNote, noteSource, NT_PRSTATUS } from '../notes.ts';
import { PRSTATUS, QEMU_NOTE_SIZE_OLD, QEMU_NOTE_VERSION, QEMU_SEGMENTS, QEMU_SLOTS, SELECTOR_NAMES, type PrstatusLayout } from './note-layout.ts';
import { isLongCode } from './segments.ts';

const LME = 1n << 8n;
const LMA = 1n << 10n;
const EM_386 = 3;
const EM_X86_64 = 62;

/** See Architecture.cpuFromNotes. */
export function cpuFromNotes(notes: readonly CpuNote[], index: number, context: NoteContext): CpuState {
  const state: CpuState = { index, registers: {}, segments: {}, littleEndian: true };
  const qemu = findNote(notes, 'QEMU', 0);
  const prstatus = findNote(notes, 'CORE', NT_PRSTATUS);
  if (qemu) readQemuNote(state, qemu, context);
  if (prstatus) readPrstatus(state, prstatus, PRSTATUS, context);
  const efer = inferEfer(state, context);
  if (efer !== undefined) state.registers.efer = efer;
  return state;
}

/** Adds what the QEMU note holds; its layout is the same for 32-bit CPUs. */
export function readQemuNote(state: CpuState, note: CpuNote, context: NoteContext): void {
  const { description: bytes, fileOffset: at } = note;
  const problem = { format: 'QEMU note', source: context.source ?? 'core', fileOffset: at ?? 0 };
  if (bytes.length < QEMU_NOTE_SIZE_OLD) {
    throw new DumpFormatError({ ...problem, field: 'descsz', expected: `at least ${QEMU_NOTE_SIZE_OLD} bytes`, found: `${bytes.length}` });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const version = view.getUint32(0, true);
  if (version !== QEMU_NOTE_VERSION) throw new DumpFormatError({ ...problem, field: 'version', expected: '1', found: `${version}` });
  const size = Math.min(view.getUint32(4, true), bytes.length);
  if (size < QEMU_NOTE_SIZE_OLD) {
    throw new DumpFormatError({
      ...problem,
      fileOffset: problem.fileOffset + 4,
      field: 'size',
      expected: `${QEMU_NOTE_SIZE_OLD} or more`,
      found: `${size}`,
    });
  }
  for (const { name, offset } of QEMU_SLOTS) {
    if (offset + 8 <= size)
      state.registers[name] = { value: view.getBigUint64(offset, true), width: 64, source: noteSource('QEMU note', offset, note) };
  }
  for (const { name, offset } of QEMU_SEGMENTS) {
    const base = view.getBigUint64(offset + 16, true);
    const source = noteSource('QEMU note', offset, note);
    state.segments[name] = {
      selector: view.getUint32(offset, true),
      limit: view.getUint32(offset + 4, true),
      flags: view.getUint32(offset + 8, true),
      base,
      source,
    };
    if (name === 'fs' || name === 'gs')
      state.registers[`${name}_base`] = { value: base, width: 64, source: noteSource('QEMU note', offset + 16, note) };
  }
}

/** Adds what NT_PRSTATUS holds and `state` does not. */
export function readPrstatus(state: CpuState, note: CpuNote, layout: PrstatusLayout, context: NoteContext): void {
  const { description: bytes, fileOffset: at } = note;
  const { size, slots, slotBytes } = layout;
  if (bytes.length < size) {
    const problem = { format: 'NT_PRSTATUS', source: context.source ?? 'core', fileOffset: at ?? 0, field: 'descsz' };
    throw new DumpFormatError({ ...problem, expected: `${size} bytes`, found: `${bytes.length}` });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (const { name, offset } of slots) {
    const selector = SELECTOR_NAMES.has(name);
    // A selector alone is no segment: without the QEMU note it is a 16-bit register, as gdb shows it.
    if (state.registers[name] !== undefined || (selector && state.segments[name] !== undefined)) continue;
    const value = slotBytes === 8 ? view.getBigUint64(offset, true) : BigInt(view.getUint32(offset, true));
    const source = noteSource('NT_PRSTATUS', offset, note);
    state.registers[name] = selector ? { value: value & 0xffffn, width: 16, source } : { value, width: 8 * slotBytes, source };
  }
}

/** EFER's long-mode bits; undefined where nothing shows them. */
export function inferEfer(state: CpuState, context: NoteContext): RegisterValue | undefined {
  const { cr0, cr4 } = state.registers;
  if (cr0 === undefined || cr4 === undefined) return undefined;
  const paging = (cr0.value >> 31n) & 1n;
  const pae = (cr4.value >> 5n) & 1n;
  // Long mode is active exactly when paging is on and LME is set, and it needs PAE (SDM vol. 3A, "Initializing IA-32e Mode"); with paging off LME is not known.
  if (paging === 0n) return { value: 0n, width: 64, knownBits: LMA, inferred: true, source: 'inferred: CR0.PG is clear, so long mode is not active' };
  const inferred = { width: 64, knownBits: LMA | LME, inferred: true } as const;
  if (pae === 0n) return { ...inferred, value: 0n, source: 'inferred: paging without CR4.PAE is 32-bit paging' };
  const why = longModeEvidence(state, context);
  if (why !== undefined) return { ...inferred, value: LMA | LME, source: `inferred: ${why}` };
  // QEMU looks at the first CPU alone; a later one may be in another mode.
  if (context.elfMachine !== EM_386 || state.index !== 0) return undefined;
  return { ...inferred, value: 0n, source: 'inferred: the file is EM_386, which QEMU writes when CPU 0 is not in long mode' };
}

function longModeEvidence(state: CpuState, context: NoteContext): string | undefined {
  const { cs, gdt, idt, tr } = state.segments;
  if (cs !== undefined && isLongCode(cs.flags)) return 'CS.L is set, which only long mode has';
  const high = [gdt, idt, tr].some((segment) => segment !== undefined && segment.base >> 32n !== 0n);
  if (high) return 'the descriptor tables are above 4 GiB';
  if ((state.registers.rip?.value ?? 0n) >> 32n !== 0n) return 'RIP is above 4 GiB';
  if (((state.registers.cr4?.value ?? 0n) >> 17n) & 1n) return 'CR4.PCIDE is set, which needs long mode';
  return context.elfMachine === EM_X86_64 ? 'the file is EM_X86_64, which QEMU writes when CPU 0 is in long mode' : undefined;
}
