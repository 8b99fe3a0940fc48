/**
 * The one interface between a CPU family and everything else.
 *
 * To add the next CPU, make a folder beside x86-64 and, in this order:
 *
 * 1. recognise: `id` and `elfMachine` as families.ts has them, `ownsVmstate`; list the object in arch/index.ts. Dumps of it then open with memory, without registers.
 * 2. read registers: `cpuFromNotes` (the layouts of NT_PRSTATUS and of its other notes) and `cpuFromVmstate` (QEMU's field names).
 *    A register that the dump does not hold stays absent. `cpuDescription` is only needed for streams without a JSON description.
 * 3. show them: `describeCpu`, with its bit tables as data, citing the manual.
 * 4. translate: `regimesOf` says which tables a CPU has loaded, `pagingMode` what they look like: a table plus an entry decoder (translate/paging-mode.ts).
 * 5. complete: `completeCpus` works out what the CPUs' own state lacks and the rest of the dump tells (a root from VMCOREINFO, tables that a device's state names).
 * 6. export: `encodeNotes`, checked byte for byte against the ELF that QEMU writes of the same state.
 *
 * Tests mirror that: tests/engine/arch/<cpu>/ and a guest of that CPU in the lab. Nothing outside the folder changes.
 */
import type { CpuView, PagingModeId } from '#shared/model/index.ts';
import type { PhysicalMemory } from '#engine/memory/physical-memory.ts';
import type { PagingMode, PagingOptions } from '#engine/translate/paging-mode.ts';
import type { CpuState } from './cpu-state.ts';
import type { VmDescription, VmStruct } from './vmstate.ts';

/** A note of an ELF core, as it is read or to be written. */
export interface CpuNote {
  /** Without the terminating NUL: `CORE`, `LINUX`, `QEMU`. */
  owner: string;
  type: number;
  description: Uint8Array;
  /** Of `description`, in the file that it was read from; for the registers' sources. */
  fileOffset?: number;
}

/** What the file around the notes tells. */
export interface NoteContext {
  /** e_machine. QEMU writes EM_X86_64 only when CPU 0 is in long mode, so it is evidence for a register that no note holds. */
  elfMachine: number;
  littleEndian: boolean;
  /** File name, for errors. */
  source?: string;
}

/** Page tables that a CPU has loaded, and the virtual addresses that they translate. */
export interface RegimeTable {
  /** As the manual writes it: `CR3`, `TTBR1_EL1`. */
  register: string;
  mode: PagingModeId;
  /** GPA of the top table; null where the dump does not hold the register. */
  root: number | null;
  /** `last` inclusive. */
  first: bigint;
  last: bigint;
  options?: PagingOptions;
}

/** See CpuPaging. */
export interface Regime {
  /** `cr3`, `el1`, `home`; unique on a CPU. */
  id: string;
  title: string;
  /** Ascending and disjoint. The kernel's is the last. */
  tables: readonly RegimeTable[];
  /** Which registers say so, in words. */
  reason: string;
  /** With two stages of translation: what the addresses in `tables`, and those that they lead to, go through. */
  below?: Regime;
}

/** What a dump holds besides its CPUs' own state. */
export interface CpuEvidence {
  memory: PhysicalMemory;
  /** VMCOREINFO's lines by what stands before `=`: `SYMBOL(swapper_pg_dir)`, `NUMBER(VA_BITS)`. Undefined where the dump has none. */
  vmcoreinfo?: ReadonlyMap<string, string>;
  /** An integer field of the first device section of that name; undefined where there is none. `field` may lead into structures and subsections: `patb_entry`. */
  deviceField?(section: string, field: string): bigint | undefined;
  /** The bytes of every section of that name, in file order: a device that saves in steps has several. */
  deviceBytes?(section: string): Uint8Array[];
}

export interface Architecture {
  /** `x86-64` */
  readonly id: string;
  readonly title: string;
  /** e_machine of its ELF files. */
  readonly elfMachine: number;
  /** Names of the registers that hold the next instruction's address and the stack's. */
  readonly pointers: { instruction: string; stack: string };

  describeCpu(state: CpuState): CpuView;

  /** Modes in which a root can be typed in, the usual one first: that of a root for which no CPU says another. */
  readonly rootModes: readonly PagingModeId[];

  /**
   * The translation regimes whose tables the CPU has loaded, the one that it executes under first; at least one. Where the dump holds too little to know, that is
   * of the family's usual mode and `reason` says so.
   */
  regimesOf(state: CpuState): readonly [Regime, ...Regime[]];
  /** Throws WorkbenchError `bad-request` for an id that is none of the family's. */
  pagingMode(id: PagingModeId): PagingMode;
  /** The tables that a root typed in stands for, where they are not one table for all addresses of the mode. */
  tablesOfRoot?(mode: PagingModeId, root: number, first: CpuState | undefined): RegimeTable[];

  /** QEMU's `cpu` section as the newest JSON would describe it; the fields of every known subsection, which are found in a stream by name. */
  readonly cpuDescription: VmDescription;
  /** All layouts of that section over QEMU's history, the likeliest first; absent where `cpuDescription` is the only one known. */
  readonly cpuLayouts?: readonly VmDescription[];
  /** Whether a decoded `cpu` section, however it was described, is of this family: told by its fields. */
  ownsVmstate(cpu: VmStruct): boolean;

  /** `cpu` and `common` are the decoded sections `cpu` and `cpu_common`; `where` begins each register's source: "section cpu (instance 0)". */
  cpuFromVmstate(cpu: VmStruct, common: VmStruct | undefined, where: string, index: number): CpuState;

  /**
   * From one CPU's notes, in file order: its NT_PRSTATUS, those that follow it up to the next CPU's, and QEMU's own. Any may be absent: then less is known. Throws DumpFormatError when one
   * is too short or of an unknown version.
   */
  cpuFromNotes(notes: readonly CpuNote[], index: number, context: NoteContext): CpuState;

  /** The same CPUs with what the rest of the dump tells of them, as registers that are `inferred`. Reads little: it is part of opening. */
  completeCpus?(cpus: readonly CpuState[], evidence: CpuEvidence): CpuState[];

  /**
   * One CPU's notes as QEMU writes them: those of all CPUs come one CPU after the other, before the notes of owner `QEMU`. A register that `state` lacks is written as 0: see missingNoteRegisters.
   */
  encodeNotes(state: CpuState, littleEndian: boolean): CpuNote[];
  /** The byte order of QEMU's own dumps of a machine whose first CPU this is, where it may be another than the guest's. Undefined where the state does not tell. */
  qemuLittleEndian?(state: CpuState): boolean | undefined;
  /** Names of the registers that the notes hold and `state` does not; an exporter warns of them. */
  missingNoteRegisters(state: CpuState): string[];
}
