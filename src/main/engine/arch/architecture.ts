/**
 * The one interface between a CPU family and everything else.
 *
 * To add the next CPU, make a folder beside x86-64 and, in this order:
 *
 * 1. recognise: `id`, `elfMachine`; list the object in arch/index.ts. Dumps of it then open with memory, without registers.
 * 2. read registers: `cpuFromNotes` (the layout of its NT_PRSTATUS and of its other notes) and `cpuFromVmstate` (QEMU's field names).
 *    A register that the dump does not hold stays absent. `cpuDescription` is only needed for streams without a JSON description.
 * 3. show them: `describeCpu`, with its bit tables as data, citing the manual.
 * 4. translate: `pagingOf`, `pagingOptionsOf`, `pagingMode`; a mode is a table plus an entry decoder (translate/paging-mode.ts).
 * 5. export: `encodePrstatus`, `encodeQemuNote`, checked byte for byte against the ELF that QEMU writes of the same state.
 *
 * Tests mirror that: tests/engine/arch/<cpu>/ and a guest of that CPU in the lab. Nothing outside the folder changes.
 */
import type { CpuPaging, CpuView, PagingModeId } from '#shared/model/index.ts';
import type { PagingMode, PagingOptions } from '#engine/translate/paging-mode.ts';
import type { CpuState } from './cpu-state.ts';
import type { VmDescription, VmStruct } from './vmstate.ts';

/** The payloads (`desc`) of one CPU's notes in an ELF core. */
export interface CpuNotes {
  prstatus?: Uint8Array;
  /** The note that QEMU writes under the name "QEMU". */
  qemu?: Uint8Array;
}

/** What the file around the notes tells. */
export interface NoteContext {
  /** e_machine. QEMU writes EM_X86_64 only when CPU 0 is in long mode, so it is evidence for a register that no note holds. */
  elfMachine: number;
  /** File offsets of the payloads, for the registers' sources. */
  prstatusOffset?: number;
  qemuOffset?: number;
  /** File name, for errors. */
  source?: string;
}

export interface Architecture {
  /** `x86-64` */
  readonly id: string;
  readonly title: string;
  /** e_machine of its ELF files. */
  readonly elfMachine: number;

  describeCpu(state: CpuState): CpuView;

  /** Modes in which its CPUs walk page tables, the usual one first: that of a root that is typed in where no CPU says another. */
  readonly rootModes: readonly PagingModeId[];

  /** Which tables this CPU uses. Where the dump holds too little to know, it is the family's usual mode and `reason` says so. */
  pagingOf(state: CpuState): CpuPaging;
  pagingOptionsOf(state: CpuState): PagingOptions;
  /** Throws WorkbenchError `unsupported` for a mode that is known but not walked yet. */
  pagingMode(id: PagingModeId): PagingMode;

  /** QEMU's `cpu` section as the newest JSON would describe it; the fields of every known subsection, which are found in a stream by name. */
  readonly cpuDescription: VmDescription;
  /** All layouts of that section over QEMU's history, the likeliest first; absent where `cpuDescription` is the only one known. */
  readonly cpuLayouts?: readonly VmDescription[];
  /** Whether a decoded `cpu` section, however it was described, is of this family: told by its fields. */
  ownsVmstate?(cpu: VmStruct): boolean;

  /** `cpu` and `common` are the decoded sections `cpu` and `cpu_common`; `where` begins each register's source: "section cpu (instance 0)". */
  cpuFromVmstate(cpu: VmStruct, common: VmStruct | undefined, where: string, index: number): CpuState;

  /** Throws DumpFormatError when a note is too short or of an unknown version. Both notes may be absent: then nothing is known. */
  cpuFromNotes(notes: CpuNotes, index: number, context: NoteContext): CpuState;

  /** The payload of NT_PRSTATUS as QEMU writes it. A register that `state` lacks is written as 0: see missingNoteRegisters. */
  encodePrstatus(state: CpuState): Uint8Array;
  encodeQemuNote(state: CpuState): Uint8Array;
  /** Names of the registers that the two notes hold and `state` does not; an exporter warns of them. */
  missingNoteRegisters(state: CpuState): string[];
}
