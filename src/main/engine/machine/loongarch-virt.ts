/**
 * The guest-physical map of QEMU's `virt` machine for LoongArch.
 *
 * Facts: QEMU include/hw/loongarch/virt.h, hw/loongarch/virt.c (v7.1 to v10.0): 256 MiB from 0 on, the rest from 0x80000000 on; up to QEMU 8.2 from 0x90000000
 * ("hw/loongarch/virt: Align high memory base address with super page size", v9.0). The machine type has no version, so the ACPI table SRAT, which
 * LoongArch guests always have, decides where it can.
 */
import type { Diagnostic } from '#shared/model/diagnostic.ts';
import { formatAddress, formatSize } from '#shared/address-text.ts';
import { MapPainter } from '../memory/map-painter.ts';
import { readSrat, type Srat } from './acpi-srat.ts';
import type { MachineEvidence, MachineMap } from './machine-evidence.ts';
import { findMainMemory } from './main-memory.ts';
import { paintPluggedMemory } from './memory-devices.ts';
import { paintSplit, type Split } from './split-memory.ts';

const GiB = 2 ** 30;
const LOW_SIZE = 0x1000_0000;
const HIGH = 0x8000_0000;
const OLD_HIGH = 0x9000_0000;
const FIRMWARE: Readonly<Record<string, number>> = { 'virt.flash0': 0x1c00_0000, 'virt.flash1': 0x1d00_0000, 'loongarch.bios': 0x1c00_0000 };

function placeHigh(srat: Srat | undefined): { high: number; strength: Split['strength']; why: string; diagnostics: Diagnostic[] } {
  const start = srat?.memory.map((range) => range.start).find((address) => address === HIGH || address === OLD_HIGH);
  if (start !== undefined) return { high: start, strength: 'proven', why: 'the ACPI table SRAT has it there', diagnostics: [] };
  const other = formatAddress(OLD_HIGH);
  const message = `Memory above 256 MiB starts at ${formatAddress(HIGH)} since QEMU 9.0, and at ${other} before; nothing in the dump tells which.`;
  const consequence = `It is shown at ${formatAddress(HIGH)}. Correct the map to ${other} if walks end in missing tables.`;
  const diagnostic: Diagnostic = { severity: 'suspect', code: 'loongarch-high-memory', message, consequence };
  return { high: HIGH, strength: 'guessed', why: `since QEMU 9.0, before at ${other}`, diagnostics: [diagnostic] };
}

export function mapLoongArchVirt(evidence: MachineEvidence): MachineMap | undefined {
  const { machine, blocks, devices } = evidence;
  const own = blocks.find(({ name }) => /^loongarch\.(low)?ram$/.test(name))?.name ?? devices.find((name) => /^loongarch_|\/loongarch_/.test(name));
  if (own === undefined || (machine !== undefined && !/^virt\b/.test(machine))) return undefined;
  const painter = new MapPainter();
  const roles = new Map<number, string>();
  const srat = readSrat(evidence);
  const main = findMainMemory(evidence, { srat });
  const low = Math.min(LOW_SIZE, main.size);
  const rest = main.size - low;
  const { high, strength, why, diagnostics } =
    rest > 0 ? placeHigh(srat) : { high: HIGH, strength: 'derived' as const, why: '', diagnostics: [] as Diagnostic[] };
  const above = rest > 0 ? `; the rest, ${formatSize(rest)}, starts at ${formatAddress(high)}: ${why}` : '';
  paintSplit(painter, main, { low, high, strength, text: `virt (LoongArch) has up to 256 MiB from 0 on${above} (${own}).` }, roles);
  const area = { start: Math.ceil((high + rest) / GiB) * GiB, rule: 'the next GiB after main memory' };
  const plugged = paintPluggedMemory(painter, evidence, main.plugged, area, roles);
  for (const [name, address] of Object.entries(FIRMWARE)) {
    const block = blocks.findIndex((candidate) => candidate.name === name);
    if (block < 0) continue;
    roles.set(block, 'firmware');
    const text = `virt (LoongArch) has ${name} at ${formatAddress(address)}.`;
    const last = address + blocks[block]!.length - 1;
    painter.paint({ start: address, last, block, blockOffset: 0, readOnly: true, evidence: { strength: 'derived', text } });
  }
  return {
    title: 'virt (LoongArch)',
    architecture: 'loongarch64',
    regions: painter.regions(),
    roles,
    diagnostics: [...main.diagnostics, ...diagnostics, ...plugged],
  };
}
