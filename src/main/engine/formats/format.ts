/**
 * What a dump format delivers. One folder a format: index.ts (probe, open), layout.ts (on-disk fields under the spec's
 * names); registry.ts holds the probe order.
 *
 * An opened dump is plain data and shared arrays: whoever holds it can hand it to another thread, which then reads the same
 * memory without parsing anything again.
 */
import type { Diagnostic, Fact, FormatId, Evidence, Layer } from '#shared/model/index.ts';
import type { CpuState } from '../arch/cpu-state.ts';
import type { ByteSource } from '../memory/byte-source.ts';
import type { SharedExtents } from '../memory/extent-table.ts';

/** A RAM block and where it lies in the dump's RAM space, in which extents are numbered. */
export interface OpenedBlock {
  name: string;
  length: number;
  /** Address of its first byte in the dump's RAM space. */
  ram: number;
  /** "main memory", "firmware", …; undefined when not known. */
  role?: string;
}

/** A region of the guest-physical map. */
export interface OpenedRegion {
  start: number;
  /** Inclusive. */
  last: number;
  /** Index into the blocks; -1 where blocks have no names (a vmcore): `ram` is then the physical address. */
  block: number;
  blockOffset: number;
  ram: number;
  readOnly: boolean;
  evidence: Evidence;
}

/** An ELF note as it stands in a vmcore. */
export interface ElfNote {
  /** Without the terminating NUL. */
  owner: string;
  type: number;
  description: Uint8Array;
  /** Where it was found: "PT_NOTE at 0x168", "vmcoreinfo device". */
  source: string;
}

export interface OpenedDump {
  format: FormatId;
  formatTitle: string;
  /** One sentence: "A QEMU migration stream of a pc-i440fx-7.2 machine with 2 CPUs and 160 MiB". */
  sentence: string;
  layers: Layer[];
  machine?: string;
  /** Id of the CPU family; undefined when it is not one that can be decoded yet. */
  architecture?: string;
  blocks: OpenedBlock[];
  regions: OpenedRegion[];
  extents: SharedExtents;
  cpus: CpuState[];
  /** Notes of a vmcore, in file order. */
  notes: ElfNote[];
  /** The VMCOREINFO note, from a vmcore or out of the guest's memory. */
  vmcoreinfo?: ElfNote;
  facts: Fact[];
  diagnostics: Diagnostic[];
}

/** Progress and cancellation of a long pass. `report` throws WorkbenchError `cancelled` when the user has had enough. */
export interface Progress {
  report(phase: string, done: number, total: number): void;
}

export interface DumpFormat {
  id: FormatId;
  title: string;
  /** How much `probe` wants to see: the first bytes of the file. Never throws. */
  probe(head: Uint8Array): 'yes' | 'maybe' | 'no';
  /** Throws DumpFormatError when there is nothing to open; survivable damage becomes a diagnostic. */
  open(source: ByteSource, progress: Progress): OpenedDump;
}
