/**
 * The ACPI table SRAT that QEMU made for the guest: which ranges of guest-physical addresses belong to which NUMA node, and where memory can be
 * plugged in. It lies in the block /rom@etc/acpi/tables of every x86 and ARM guest with NUMA nodes, whatever the guest did.
 *
 * ```
 * 0 "SRAT"  4 u32 length  48 structures { u8 type, u8 length, … }
 * memory affinity: type 1, length 40:  2 u32 node  8 u64 base  16 u64 length  28 u32 flags (1 enabled, 2 hot-pluggable)
 * ```
 * Facts: ACPI 6.5, 5.2.16; QEMU hw/i386/acpi-build.c build_srat, hw/arm/virt-acpi-build.c build_srat (v2.x to v10.0).
 */
import type { MachineEvidence } from './machine-evidence.ts';

export interface NodeRange {
  node: number;
  start: number;
  length: number;
}

export interface Srat {
  memory: NodeRange[];
  /** Start of the area for memory devices; undefined where nothing can be plugged in. */
  pluggable?: number;
}

const TABLES_BLOCK = '/rom@etc/acpi/tables';
/** QEMU's tables take 128 KiB, or 2 MiB with many slots. */
const MAX_TABLES = 2 * 1024 * 1024;
const HEADER = 48;
const MEMORY_AFFINITY = { type: 1, length: 40 };
const ENABLED = 1;
const HOT_PLUGGABLE = 2;
/** RAM under the VGA window and ROMs is the node's, too, but the table leaves it out. */
const VGA_HOLE = { start: 0xa0000, end: 0x100000 };

export function readSrat(evidence: MachineEvidence): Srat | undefined {
  const block = evidence.blocks.findIndex(({ name }) => name === TABLES_BLOCK);
  const tables = block < 0 ? undefined : evidence.read(block, 0, Math.min(MAX_TABLES, evidence.blocks[block]!.length));
  if (!tables) return undefined;
  const at = findSrat(tables);
  const view = new DataView(tables.buffer, tables.byteOffset, tables.length);
  const end = at < 0 ? 0 : at + view.getUint32(at + 4, true);
  if (end > tables.length) return undefined;
  const srat: Srat = { memory: [] };
  for (let entry = at + HEADER; entry + 2 <= end;) {
    const [type, length] = [tables[entry]!, tables[entry + 1]!];
    if (length < 2) return undefined;
    if (type === MEMORY_AFFINITY.type && length === MEMORY_AFFINITY.length && entry + length <= end) {
      const flags = view.getUint32(entry + 28, true);
      const start = Number(view.getBigUint64(entry + 8, true));
      const size = Number(view.getBigUint64(entry + 16, true));
      if (flags & HOT_PLUGGABLE) srat.pluggable = Math.min(start, srat.pluggable ?? start);
      else if (flags & ENABLED && size > 0) srat.memory.push({ node: view.getUint32(entry + 2, true), start, length: size });
    }
    entry += length;
  }
  return srat.memory.length > 0 ? srat : undefined;
}

/** Index of a whole header of the table; -1 when there is none. */
function findSrat(tables: Uint8Array): number {
  for (let at = tables.indexOf(0x53); at >= 0 && at + HEADER <= tables.length; at = tables.indexOf(0x53, at + 1)) {
    if (tables[at + 1] === 0x52 && tables[at + 2] === 0x41 && tables[at + 3] === 0x54) return at;
  }
  return -1;
}

/** Bytes of RAM by node, in the order of nodes. */
export function nodeSizes({ memory }: Srat): number[] {
  const sizes = new Map<number, number>();
  for (const { node, start, length } of memory) {
    const hole = start === 0 && length === VGA_HOLE.start ? VGA_HOLE.end - VGA_HOLE.start : 0;
    sizes.set(node, (sizes.get(node) ?? 0) + length + hole);
  }
  return [...sizes].sort(([a], [b]) => a - b).map(([, size]) => size);
}
