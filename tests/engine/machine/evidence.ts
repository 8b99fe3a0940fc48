/** Evidence put together by a test, and the map that comes of it. */
import type { VmField } from '#engine/arch/vmstate.ts';
import { parseDomain } from '#engine/libvirt/domain.ts';
import { mapMachine, type MachineEvidence } from '#engine/machine/machine-map.ts';

export interface Parts {
  machine?: string;
  blocks: [name: string, length: number, containerOffset?: number][];
  devices?: string[];
  pci?: Record<string, Uint8Array>;
  payloads?: Record<string, Uint8Array>;
  /** By "section field". */
  fields?: Record<string, { size: number; values: bigint[] }>;
  /** Bytes of blocks by name; all else reads as missing. */
  memory?: Record<string, (offset: number, length: number) => Uint8Array | undefined>;
  /** libvirt's XML. */
  xml?: string;
}

export function evidenceOf({ machine, blocks, devices = [], pci = {}, payloads = {}, fields = {}, memory = {}, xml }: Parts): MachineEvidence {
  return {
    machine,
    blocks: blocks.map(([name, length, containerOffset]) => ({ name, length, containerOffset })),
    devices: [...devices, ...Object.keys(pci), ...Object.keys(payloads)],
    pciConfig: (section) => pci[section],
    payload: (section) => payloads[section],
    field: (section, name): VmField | undefined => {
      const field = fields[`${section} ${name}`];
      return field && { name, type: 'uint64', fileOffset: 0, ...field };
    },
    read: (block, offset, length) => memory[blocks[block]![0]]?.(offset, length),
    domain: xml === undefined ? undefined : parseDomain(xml),
  };
}

export function mapOf(parts: Parts) {
  const map = mapMachine(evidenceOf(parts));
  if (!map) throw new Error('the machine is not known');
  const ranges = map.regions.map(({ start, last, block, blockOffset }) => [parts.blocks[block]![0], start, last + 1, blockOffset]);
  return { ...map, ranges, codes: map.diagnostics.map(({ code }) => code) };
}

/** The 128 bytes of CMOS RAM of a PC with so much memory. */
export function cmosOf(low: number, high: number): Uint8Array {
  const cmos = new Uint8Array(150);
  const view = new DataView(cmos.buffer);
  view.setUint16(0x17, Math.min(65535, (low - 2 ** 20) / 1024), true);
  view.setUint16(0x34, (low - 2 ** 24) / 65536, true);
  view.setUint16(0x5b, (high / 65536) % 65536, true);
  cmos[0x5d] = high / 2 ** 32;
  return cmos;
}

/** ACPI tables with an SRAT between others: [node, start, length, pluggable]. */
export function tablesOf(ranges: [node: number, start: number, length: number, pluggable?: boolean][]): Uint8Array {
  const tables = new Uint8Array(4096);
  const view = new DataView(tables.buffer);
  tables.set(Buffer.from('SSDT, SRA and then S', 'latin1'), 16);
  tables.set(Buffer.from('SRAT', 'latin1'), 100);
  view.setUint32(104, 48 + 16 + ranges.length * 40, true);
  tables.set([0, 16], 148);
  ranges.forEach(([node, start, length, pluggable], index) => {
    const at = 164 + index * 40;
    tables.set([1, 40], at);
    view.setUint32(at + 2, node, true);
    view.setBigUint64(at + 8, BigInt(start), true);
    view.setBigUint64(at + 16, BigInt(length), true);
    view.setUint32(at + 28, pluggable ? 3 : 1, true);
  });
  return tables;
}

export const readerOf = (bytes: Uint8Array) => (offset: number, length: number) =>
  offset < bytes.length ? Uint8Array.from({ length }, (_byte, index) => bytes[offset + index] ?? 0) : undefined;
