/**
 * Which RAM blocks can be main memory. Their names are the user's own where a memory backend has one (`-object memory-backend-ram,id=foo`), so it
 * goes by what they are not: firmware, ROMs, blobs of the fw_cfg device, memory of a device (its path or name comes before a slash or a dot).
 *
 * Facts: QEMU hw/i386/pc_sysfw.c, hw/i386/x86.c, hw/core/loader.c (/rom@), hw/pci/pci.c (option ROMs), hw/arm/virt.c, hw/riscv/virt.c,
 * system/physmem.c qemu_ram_set_idstr; backends/hostmem.c (x-use-canonical-path-for-ramblock-id: /objects/ID); default_ram_id of each machine.
 */
import { formatSize } from '#shared/address-text.ts';
import { counted } from '#shared/counted.ts';
import type { MachineEvidence } from './machine-evidence.ts';

export interface Block {
  name: string;
  length: number;
  /** In the evidence's list. */
  index: number;
  containerOffset?: number;
}

/** Names that a machine gives to its main memory when the user names none. */
const DEFAULT_NAMES = new Set([
  'pc.ram',
  'microvm.ram',
  'mach-virt.ram',
  'riscv_virt_board.ram',
  's390.ram',
  'ppc_spapr.ram',
  'loongarch.ram',
  'loongarch.lowram',
  'sbsa-ref.ram',
  'riscv.spike.ram',
  'riscv.sifive.u.ram',
  'pnv.ram',
  'ppc_core99.ram',
  'ppc_heathrow.ram',
  'versatile.ram',
]);

const OTHER_KINDS = [
  /^(pc\.(bios|rom)|isa-bios|system\.flash\d+|virt\.flash\d+|sbsa\.flash\d+)$/,
  /\.(bios|mrom|vram|vgavram|rom|bar\d+|flash\d*|sram|l2lim|secure-ram)$/,
  // A device's path; canonical names of memory backends are the exception.
  /^(?!\/objects\/)[^]*\//,
];

/** Less than any machine's memory, more than most ROMs. */
const LEAST_MEMORY = 2 ** 20;

/** Blocks that a message names. */
const MAX_LISTED = 16;

/** The name without the path of canonical names. */
export const plainName = (name: string) => name.replace(/^\/objects\//, '');

/** Blocks in words; of many only the first. */
export function listBlocks(blocks: readonly { name: string; length: number }[]): string {
  const shown = blocks.slice(0, MAX_LISTED).map(({ name, length }) => `${name} (${formatSize(length)})`);
  return shown.join(', ') + (blocks.length > shown.length ? ` and ${counted(blocks.length - shown.length, 'more block')}` : '');
}

/** Blocks that can be main memory, in the stream's order. */
export function memoryBlocks({ blocks }: MachineEvidence): Block[] {
  return blocks
    .map((block, index) => ({ ...block, index }))
    .filter(({ name, length }) => length >= LEAST_MEMORY && !OTHER_KINDS.some((kind) => kind.test(name)));
}

/** Blocks under the name that a machine itself gives to its memory. */
export function isMachinesOwn({ name }: Block): boolean {
  return DEFAULT_NAMES.has(name);
}

/** Memory that a virtio-mem or virtio-pmem device brings: its block carries the device's path, its section follows the path. */
export function virtioMemoryBlocks({ blocks, devices }: MachineEvidence): (Block & { section: string })[] {
  const sections = new Map<string, string>();
  for (const section of devices) {
    const path = /^([^]*)\/virtio-p?mem[^/]*$/.exec(section)?.[1];
    if (path !== undefined && !sections.has(path)) sections.set(path, section);
  }
  return blocks.flatMap((block, index) => {
    const section = sections.get(block.name.replace(/\/[^/]*$/, ''));
    return section !== undefined && block.length >= LEAST_MEMORY ? [{ ...block, index, section }] : [];
  });
}
