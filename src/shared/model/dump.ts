/** What the overview shows of an open dump. */
import type { Diagnostic } from './diagnostic.ts';
import type { MemoryState } from './memory.ts';

/** Ids of dump formats, as `info --json` prints them. */
export type FormatId = 'qemu-stream' | 'elf-vmcore';

/** One wrapping of the dump, outermost first; the last holds the memory. Offsets are in the enclosing layer. */
export interface Layer {
  title: string;
  offset: number;
  length: number;
  detail: string;
}

/** A fact about the dump with its source, for the overview's table. */
export interface Fact {
  label: string;
  value: string;
  source: string;
}

export interface CpuSummary {
  index: number;
  mode: string;
  /** Null where the dump does not hold it. */
  instructionPointer: bigint | null;
  root: number | null;
}

export interface GuestOs {
  name: string;
  release: string;
  source: string;
}

export interface DumpSummary {
  dumpId: string;
  /** File name without its folder. */
  name: string;
  path: string;
  size: number;
  format: FormatId;
  /** "QEMU migration stream", "ELF64 vmcore". */
  formatTitle: string;
  /** What the file is, in one sentence. */
  sentence: string;
  layers: Layer[];
  /** `x86-64` until more CPU families are decoded. */
  architecture: string;
  /** Machine type: `pc-i440fx-7.2`; undefined where the dump does not say. */
  machine?: string;
  cpus: CpuSummary[];
  memory: { total: number; states: Partial<Record<MemoryState, number>> };
  guestOs?: GuestOs;
  facts: Fact[];
  diagnostics: Diagnostic[];
  /** How the file is read: mapped memory or pread, with the reason. */
  access: { kind: 'mapped' | 'pread'; reason: string };
  /** The user's file with corrections, when one was found or written. */
  projectFile?: string;
}
