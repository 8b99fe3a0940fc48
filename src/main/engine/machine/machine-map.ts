/**
 * Where an emulated machine puts its RAM blocks in the guest-physical map. A migration stream does not say; the machine type's rules and the
 * saved device states do. One file a machine family; this one chooses.
 */
import type { Diagnostic } from '#shared/model/diagnostic.ts';
import type { Painted } from '../memory/map-painter.ts';
import { mapPc } from './pc.ts';

/** What a machine's rules may look at. */
export interface MachineEvidence {
  /** Machine type as the stream names it, when it does: `pc-i440fx-7.2`. */
  machine?: string;
  blocks: readonly { name: string; length: number }[];
  /** Names of the device sections: `0000:00:00.0/I440FX`. */
  devices: readonly string[];
  /** The 256 bytes of PCI configuration space of the device whose section has this name; undefined when there is none. */
  pciConfig(section: string): Uint8Array | undefined;
}

export interface MachineMap {
  /** "pc (i440fx)", for people. */
  title: string;
  regions: Painted[];
  /** Role by block index, where known. */
  roles: Map<number, string>;
  diagnostics: Diagnostic[];
}

/** The map, or undefined for a machine that is not known: its blocks are then shown without a place. */
export function mapMachine(evidence: MachineEvidence): MachineMap | undefined {
  return mapPc(evidence);
}

/** Version of a versioned machine type as a number to compare: `pc-q35-7.2` is 7.02. Undefined for `pc`, `microvm`. */
export function machineVersion(machine: string | undefined): number | undefined {
  const match = /-(\d+)\.(\d+)(?:\.|$|-)/.exec(machine ?? '');
  return match ? Number(match[1]) + Number(match[2]) / 100 : undefined;
}
