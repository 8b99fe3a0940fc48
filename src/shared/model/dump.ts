/** What the overview shows of an open dump. */
import type { Diagnostic } from './diagnostic.ts';
import type { MemoryState } from './memory.ts';
import type { PagingModeView } from './walk.ts';

/** Ids of dump formats, as `info --json` prints them. */
export type FormatId = 'qemu-stream' | 'elf-vmcore' | 'kdump' | 'qemu-core' | 'process-core' | 'lime' | 'avml' | 'raw';

/** One wrapping of the dump, outermost first; the last holds the memory. Offsets are in the enclosing layer. */
export interface Layer {
  title: string;
  offset: number;
  length: number;
  detail: string;
  /** Name of the file that it is in, of a split set: such layers lie beside each other, all inside the one before them. Their offsets count through all files. */
  part?: string;
}

/** A text that came with the dump: libvirt's XML, its cookie. */
export interface Document {
  title: string;
  /** `xml` or `text`. */
  kind: 'xml' | 'text';
  text: string;
}

/** An internal snapshot of a disk image. */
export interface SnapshotInfo {
  id: string;
  name: string;
  /** ISO 8601. */
  takenAt: string;
  /** Bytes of the machine's state; 0 for a snapshot of the disk alone, which holds no memory. */
  stateSize: number;
  /** True for the one that is open. */
  open: boolean;
}

/** How a file is to be opened where the guess is wrong or a choice is to be made. Everything may be left out. */
export interface OpenOptions {
  /** The format, instead of what the content says. `raw` is never guessed. */
  format?: FormatId;
  /** Id of the CPU family, instead of what the dump says. */
  architecture?: string;
  /** Name or id of an image's internal snapshot. Default: the newest that holds memory. */
  snapshot?: string;
  /** Paths by the names of the RAM blocks whose memory they hold from their first byte on, for blocks that the dump left out (x-ignore-shared). What the dump holds wins. */
  ramFiles?: Record<string, string>;
  /** Of the core of a QEMU process: its guest (the default), or the process itself. */
  view?: 'guest' | 'process';
  /** Path of the program that a core is of, for what the core lacks of it: the file's pages, its symbols. */
  executable?: string;
  /** Paths of files with debug information of the executable, or of Linux kernels: vmlinux and modules with DWARF or BTF, bare BTF, a layout (getLinuxLayout). Those of another build are not used. */
  debug?: string[];
  /** Of the dump of a KVM host: the guest to open out of it, by VirtualMachine.id. */
  vm?: string;
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
  /** Names of the registers that hold the two: `rip`, `CR3`. */
  instructionRegister: string;
  rootRegister: string;
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
  /** Whose addresses the memory map and `gpa` addresses of this dump are: a guest's physical ones, or the virtual ones of a process on the host. */
  space: 'gpa' | 'hva';
  /** True where the dump knows host addresses: `hva` addresses can then be read, described and resolved. */
  hasHostAddresses: boolean;
  /** "QEMU migration stream", "ELF64 vmcore". */
  formatTitle: string;
  /** What the file is, in one sentence. */
  sentence: string;
  /** Outermost first; the last one holds the memory. */
  layers: Layer[];
  /** The files that were opened together; one, `path`, for most dumps. */
  files: string[];
  /** As it was opened. */
  options: OpenOptions;
  documents: Document[];
  /** All snapshots of the image, in its order; empty where there is no image. */
  snapshots: SnapshotInfo[];
  /** Number of device states that the dump holds. */
  deviceCount: number;
  /** `x86-64` until more CPU families are decoded. */
  architecture: string;
  /** Paging modes in which a root can be typed in, the family's usual one first; empty for a family whose page tables are not walked. */
  rootModes: PagingModeView[];
  /** Machine type: `pc-i440fx-7.2`; undefined where the dump does not say. */
  machine?: string;
  /** Of a guest in the memory of its host: what its QEMU process calls it (-name). */
  guestName?: string;
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
