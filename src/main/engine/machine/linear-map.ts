/** The map of a machine whose main memory is one piece from a fixed address on, with firmware at fixed places: most machines that are no PC. */
import type { Evidence } from '#shared/model/memory.ts';
import { formatAddress, formatSize } from '#shared/address-text.ts';
import { MapPainter } from '../memory/map-painter.ts';
import { readSrat } from './acpi-srat.ts';
import type { MachineEvidence, MachineMap } from './machine-evidence.ts';
import { findMainMemory } from './main-memory.ts';
import { paintPluggedMemory } from './memory-devices.ts';
import { paintSplit } from './split-memory.ts';

export interface LinearMachine {
  /** "virt (ARM)" */
  title: string;
  architecture?: string;
  /** Where main memory starts. */
  start: number;
  /** Firmware and ROMs by block name. */
  firmware?: Readonly<Record<string, number>>;
  /** What memory plugged in is aligned to after main memory; undefined for a machine that takes none. */
  plugAlignment?: number;
  /** What proves that it is this machine: "machine type virt-7.2". */
  proof: string;
}

export function mapLinear(evidence: MachineEvidence, machine: LinearMachine): MachineMap {
  const { title, architecture, start, proof, plugAlignment } = machine;
  const painter = new MapPainter();
  const roles = new Map<number, string>();
  const main = findMainMemory(evidence, { srat: readSrat(evidence) });
  const text = `Main memory, ${formatSize(main.size)}, starts at ${formatAddress(start)} on ${title} (${proof}).`;
  paintSplit(painter, main, { low: 0, high: start, strength: 'derived', text }, roles);
  const end = start + main.size;
  const area =
    plugAlignment === undefined
      ? undefined
      : { start: Math.ceil(end / plugAlignment) * plugAlignment, rule: `the next ${formatSize(plugAlignment)} after main memory` };
  const diagnostics = [...main.diagnostics, ...paintPluggedMemory(painter, evidence, main.plugged, area, roles)];
  for (const [name, address] of Object.entries(machine.firmware ?? {})) {
    const block = evidence.blocks.findIndex((candidate) => candidate.name === name);
    if (block < 0) continue;
    const place: Evidence = { strength: 'derived', text: `${title} has ${name} at ${formatAddress(address)} (${proof}).` };
    const last = address + evidence.blocks[block]!.length - 1;
    roles.set(block, 'firmware');
    painter.paint({ start: address, last, block, blockOffset: 0, readOnly: true, evidence: place });
  }
  return { title, architecture, regions: painter.regions(), roles, diagnostics };
}
