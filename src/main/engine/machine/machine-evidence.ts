/** What the rules of a machine may look at, and what comes of it. */
import type { Diagnostic } from '#shared/model/diagnostic.ts';
import type { VmField } from '../arch/vmstate.ts';
import type { LibvirtDomain } from '../libvirt/domain.ts';
import type { Painted } from '../memory/map-painter.ts';

export interface EvidenceBlock {
  name: string;
  length: number;
  /** Offset in the memory region that holds it, where the stream says so (capability x-ignore-shared): in main memory, or in the area for DIMMs. */
  containerOffset?: number;
}

/** What a machine's rules may look at. */
export interface MachineEvidence {
  /** Machine type as the stream names it, when it does: `pc-i440fx-7.2`. */
  machine?: string;
  /** In the stream's order. */
  blocks: readonly EvidenceBlock[];
  /** Names of the device sections: `0000:00:00.0/I440FX`. */
  devices: readonly string[];
  /** The 256 bytes of PCI configuration space of the device whose section has this name; undefined when there is none. */
  pciConfig(section: string): Uint8Array | undefined;
  /** The bytes of the first section of this name; undefined for one that is longer than any that a rule asks for. */
  payload(section: string): Uint8Array | undefined;
  /** A field of the first section of this name, where something describes the section. */
  field(section: string, field: string): VmField | undefined;
  /** Bytes of a block (index into `blocks`); undefined where the dump does not hold all of them. */
  read(block: number, offset: number, length: number): Uint8Array | undefined;
  /** What libvirt says of the guest, when its XML came along. */
  domain?: LibvirtDomain;
}

export interface MachineMap {
  /** "pc (i440fx)", for people. */
  title: string;
  /** Id of the CPU family; undefined for a machine that any CPU fits. */
  architecture?: string;
  regions: Painted[];
  /** Role by block index, where known. */
  roles: Map<number, string>;
  diagnostics: Diagnostic[];
}

/** Version of a versioned machine type as a number to compare: `pc-q35-7.2` is 7.02. Undefined for `pc`, `microvm`, RHEL's own versions. */
export function machineVersion(machine: string | undefined): number | undefined {
  const match = /-(\d+)\.(\d+)(?:\.|$|-)/.exec(machine ?? '');
  return match ? Number(match[1]) + Number(match[2]) / 100 : undefined;
}
