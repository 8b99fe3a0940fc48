/**
 * What a dump format delivers. One folder a format: index.ts (probe, open), layout.ts (on-disk fields under the spec's
 * names); registry.ts holds the probe order.
 *
 * An opened dump is plain data and shared arrays: whoever holds it can hand it to another thread, which then reads the same
 * memory without parsing anything again.
 */
import type { Diagnostic, Document, Fact, FormatId, Evidence, Layer, SnapshotInfo } from '#shared/model/index.ts';
import type { CpuState } from '../arch/cpu-state.ts';
import type { VmDescription } from '../arch/vmstate.ts';
import type { Progress } from '../containers/container.ts';
import type { ByteSource } from '../memory/byte-source.ts';
import type { SharedExtents } from '../memory/extent-table.ts';
import type { Coding } from './coding.ts';

export type { Progress } from '../containers/container.ts';

/** A RAM block and where it lies in the dump's RAM space, in which extents are numbered. */
export interface OpenedBlock {
  name: string;
  length: number;
  /** Address of its first byte in the dump's RAM space. */
  ram: number;
  /** "main memory", "firmware", …; undefined when not known. */
  role?: string;
  /** Where its first byte lay in the process that ran the guest; undefined where the dump does not tell. */
  host?: number;
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
  /** Whose addresses the regions are: the guest's physical ones (default), or the virtual ones of the process that the core is of. */
  space?: 'gpa' | 'hva';
  formatTitle: string;
  /** One sentence: "A QEMU migration stream of a pc-i440fx-7.2 machine with 2 CPUs and 160 MiB". */
  sentence: string;
  layers: Layer[];
  machine?: string;
  /** What a guest in the memory of its host is called there. */
  guestName?: string;
  /** Id of the CPU family (arch/families.ts), decoded or not; undefined when it is not known. */
  architecture?: string;
  /** Byte order of the guest, as the file has it; undefined where the file does not say. */
  littleEndian?: boolean;
  blocks: OpenedBlock[];
  regions: OpenedRegion[];
  extents: SharedExtents;
  /** How the units of coded extents are decoded; undefined where there are none. */
  coding?: Coding;
  cpus: CpuState[];
  /** Notes of a vmcore, in file order. */
  notes: ElfNote[];
  /** The VMCOREINFO note, from a vmcore or out of the guest's memory. */
  vmcoreinfo?: ElfNote;
  facts: Fact[];
  diagnostics: Diagnostic[];
  /** Of the containers around it; filled in by whoever took them off. */
  documents?: Document[];
  snapshots?: SnapshotInfo[];
  /** Device states; undefined for formats that have none. */
  devices?: OpenedDevices;
}

/** The device states of a stream: where they lie, and their description. Plain data. */
export interface OpenedDevices {
  sections: DeviceSection[];
  description?: DeviceDescription[];
  /** Layouts for sections that the stream does not describe: those of its CPU family. */
  builtIn?: readonly VmDescription[];
}

/** The saved state of one device. Offsets in the source, half-open. */
export interface DeviceSection {
  id: number;
  name: string;
  instance: number;
  version: number;
  /** START for devices that save in steps. */
  kind: number;
  start: number;
  end: number;
}

/** One device of a stream's JSON. */
export interface DeviceDescription extends VmDescription {
  name: string;
  instance_id: number;
}

/** One of the files that a dump was split into. */
export interface DumpPart {
  /** File name. */
  name: string;
  /** Where it starts in the source, and its bytes. */
  start: number;
  length: number;
}

/** A file that the user named for the memory of one RAM block, for a dump that left it out. */
export interface RamFile {
  /** Name of the block. */
  block: string;
  path: string;
  /** Where the file starts in `OpenContext.memory`, and its bytes. */
  start: number;
  length: number;
}

/** What is known from outside the format. */
export interface OpenContext {
  progress: Progress;
  /** Offset at which the format's first byte lies in the source; not 0 behind a libvirt header. All offsets that a format reports count from the source's start. */
  start: number;
  /** One, unless a split set was opened. */
  parts: readonly DumpPart[];
  /** Texts that containers carried: libvirt's XML is evidence for the guest-physical map. */
  documents: readonly Document[];
  /** Id of the CPU family that the user named. */
  architecture?: string;
  /** At most one a block; only a format that `takesRamFiles` gets any. */
  ramFiles?: readonly RamFile[];
  /** Of a core: the program and the files with debug information that the user named, absolute paths. */
  executable?: string;
  debug?: readonly string[];
  /** Of a QEMU process: what of it is wanted. */
  view?: 'guest' | 'process';
  /** The dump's source with the RAM files behind it, where there are any: what the offsets in extents lead to. The dump itself ends where its own source does. */
  memory?: ByteSource;
}

/** The context of a dump that is one bare file. */
export function wholeFile(source: ByteSource, progress: Progress): OpenContext {
  return { progress, start: 0, parts: [{ name: source.name, start: 0, length: source.size }], documents: [] };
}

export interface DumpFormat {
  id: FormatId;
  title: string;
  /** Looks at the first 64 KiB. Never throws. */
  probe(head: Uint8Array): 'yes' | 'maybe' | 'no';
  /** Throws DumpFormatError when there is nothing to open; survivable damage becomes a diagnostic. */
  open(source: ByteSource, context: OpenContext): OpenedDump;
  /** True for a format that may be split into files; `open` then gets all of them as `parts` and throws `not-one-dump` when they do not belong together. */
  readonly canBeSplit?: boolean;
  /** True for a format that names its RAM blocks and may have left some out; `open` throws `bad-request` for a file of a block that it does not know. */
  readonly takesRamFiles?: boolean;
}
