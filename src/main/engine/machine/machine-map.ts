/**
 * Where an emulated machine puts its RAM blocks in the guest-physical map. A migration stream does not say; the machine type's rules, the saved
 * device states, tables that the emulator left in memory, and libvirt's XML do. One file a machine family; this one chooses.
 *
 * To add a machine: write a file that paints its map (linear-map.ts does most of it) and list it in FAMILIES.
 */
import { mapArmVirt } from './arm-virt.ts';
import { mapBoard } from './boards.ts';
import { mapLoongArchVirt } from './loongarch-virt.ts';
import type { MachineEvidence, MachineMap } from './machine-evidence.ts';
import { mapMicrovm } from './microvm.ts';
import { mapPc } from './pc.ts';
import { mapPseries } from './pseries.ts';
import { mapRiscvVirt } from './riscv-virt.ts';
import { mapS390 } from './s390-ccw.ts';

export type { MachineEvidence, MachineMap } from './machine-evidence.ts';

/** A machine family: its map, or undefined when the evidence is of another machine. */
type MachineFamily = (evidence: MachineEvidence) => MachineMap | undefined;

/** In the order in which they are asked; no two answer to the same machine type. */
const FAMILIES: readonly MachineFamily[] = [
  mapMicrovm,
  mapArmVirt,
  mapRiscvVirt,
  mapLoongArchVirt,
  mapS390,
  mapPseries,
  mapBoard,
  // Last: without a machine type, a block pc.bios is enough for it.
  mapPc,
];

/** The map, or undefined for a machine that is not known: its blocks are then shown without a place. */
export function mapMachine(evidence: MachineEvidence): MachineMap | undefined {
  for (const family of FAMILIES) {
    const map = family(evidence);
    if (map) return map;
  }
  return undefined;
}
