/**
 * The guest-physical map of QEMU's x86 PCs: pc (i440fx) and q35.
 *
 * Facts: QEMU hw/i386/pc_piix.c pc_init1, hw/i386/pc_q35.c pc_q35_init, hw/i386/pc.c pc_memory_init, hw/pci-host/pam.c (v5.2 to v10.0);
 * Intel 440FX datasheet 3.2.18 (PAM), Q35 MCH datasheet 5.1.
 *
 * ```
 * 0 .. low             main memory; low is 3 GiB (i440fx) or 2 GiB (q35) when it does not fit below
 *   a0000 .. bffff     the VGA window, when there is a VGA
 *   c0000 .. fffff     shadow RAM or ROM, in 16 KiB pieces as the PAM registers say
 * …    .. 4 GiB        firmware, ending at 4 GiB
 * 4 GiB ..             the rest of main memory
 * ```
 * Not known here: -machine max-ram-below-4g (not in the stream); memory moved to 1 TiB for AMD CPUs (said as a diagnostic); TSEG.
 */
import type { Diagnostic } from '#shared/model/diagnostic.ts';
import type { Evidence } from '#shared/model/memory.ts';
import { formatAddress, formatSize } from '#shared/address-text.ts';
import { MapPainter } from '../memory/map-painter.ts';
import { machineVersion, type MachineEvidence, type MachineMap } from './machine-map.ts';
import { paintFirmware, paintShadow, paintVideoMemory } from './pc-low-memory.ts';

const MiB = 2 ** 20;
const GiB = 2 ** 30;
const FOUR_GIB = 4 * GiB;
/** AMD's HyperTransport range starts here; QEMU 7.1 and later move memory that would reach it to 1 TiB for AMD CPUs. */
const AMD_HYPERTRANSPORT = 0xfd_0000_0000;

type Chipset = 'i440fx' | 'q35';

function chipsetOf({ machine, devices, blocks }: MachineEvidence): { chipset: Chipset; proof: string } | undefined {
  const named = (pattern: RegExp) => machine !== undefined && pattern.test(machine);
  if (named(/q35/)) return { chipset: 'q35', proof: `machine type ${machine}` };
  if (named(/^(pc|xenfv|isapc)\b|i440fx|^pc-/)) return { chipset: 'i440fx', proof: `machine type ${machine}` };
  const bridge = devices.find((name) => name.endsWith('/I440FX') || name.endsWith('/mch'));
  if (bridge !== undefined) return { chipset: bridge.endsWith('/mch') ? 'q35' : 'i440fx', proof: `the stream holds a section ${bridge}` };
  // A truncated stream without a configuration section: the firmware's block is all that is left to go by.
  const firmware = blocks.find(({ name }) => name === 'pc.bios');
  return firmware && machine === undefined
    ? { chipset: 'i440fx', proof: 'i440fx assumed: there is a block pc.bios, and nothing names the machine' }
    : undefined;
}

/** Blocks that are no main memory: firmware, ROMs and fw_cfg blobs, and whatever belongs to a device (a PCI address in its name). */
function isMainMemory(name: string): boolean {
  return !/^(pc\.(bios|rom)|isa-bios|system\.flash\d+|\/rom@.*|vga\.vram|.*\/[^/]*\.(vram|vgavram|rom|bar\d*)|[0-9a-f]{4}:[0-9a-f]{2}:.*)$/.test(
    name,
  );
}

/** How much of `size` bytes of main memory lies below 4 GiB, and the rule that says so. */
function lowMemory(chipset: Chipset, size: number, version: number | undefined): { low: number; rule: string } {
  if (chipset === 'q35') {
    if (size >= 0xb000_0000) return { low: 2 * GiB, rule: 'q35 keeps 2 GiB below 4 GiB when memory is 2.75 GiB or more' };
    return { low: size, rule: 'q35 keeps all memory below 4 GiB when it is less than 2.75 GiB' };
  }
  if (size < 0xe000_0000) return { low: size, rule: 'i440fx keeps all memory below 4 GiB when it is less than 3.5 GiB' };
  // pc-i440fx machine types up to 1.7 do not align to a gigabyte (PCMachineClass.gigabyte_align).
  if (version !== undefined && version < 2) return { low: 0xe000_0000, rule: 'pc machine types up to 1.7 keep 3.5 GiB below 4 GiB' };
  return { low: 3 * GiB, rule: 'i440fx keeps 3 GiB below 4 GiB when memory is 3.5 GiB or more' };
}

export function mapPc(evidence: MachineEvidence): MachineMap | undefined {
  const found = chipsetOf(evidence);
  if (!found) return undefined;
  const { chipset, proof } = found;
  const painter = new MapPainter();
  const roles = new Map<number, string>();
  const diagnostics: Diagnostic[] = [];

  const main = mainBlocks(evidence, diagnostics);
  const size = main.reduce((sum, { length }) => sum + length, 0);
  const { low, rule } = lowMemory(chipset, size, machineVersion(evidence.machine));
  const why = (text: string): Evidence => ({ strength: main.length > 1 ? 'guessed' : 'derived', text: `${text} (${proof}).` });
  const splits = low < size;
  const lowText = splits ? `${rule}; the rest, ${formatSize(size - low)}, starts at 4 GiB` : `Main memory, ${formatSize(size)}, starts at 0: ${rule}`;

  let at = 0;
  for (const block of main) {
    roles.set(block.index, main.length > 1 ? 'part of main memory' : 'main memory');
    const below = Math.max(0, Math.min(block.length, low - at));
    const place = { block: block.index, readOnly: false, evidence: why(lowText) };
    if (below > 0) painter.paint({ ...place, start: at, last: at + below - 1, blockOffset: 0 });
    if (below < block.length) {
      const start = FOUR_GIB + Math.max(0, at - low);
      painter.paint({ ...place, start, last: start + (block.length - below) - 1, blockOffset: below });
    }
    at += block.length;
  }
  if (splits && FOUR_GIB + (size - low) > AMD_HYPERTRANSPORT) diagnostics.push(amdRelocation(size - low));

  const pam = chipset === 'q35' ? { section: 'mch', first: 0x90 } : { section: 'I440FX', first: 0x59 };
  paintShadow(painter, evidence, pam, roles);
  paintFirmware(painter, evidence, FOUR_GIB, roles);
  paintVideoMemory(painter, evidence, roles);
  return { title: chipset === 'q35' ? 'q35' : 'pc (i440fx)', regions: painter.regions(), roles, diagnostics };
}

function mainBlocks({ blocks }: MachineEvidence, diagnostics: Diagnostic[]): { name: string; length: number; index: number }[] {
  const main = blocks.map((block, index) => ({ ...block, index })).filter(({ name, length }) => isMainMemory(name) && length >= MiB);
  if (main.length <= 1) return main;
  const names = main.map(({ name }) => name);
  diagnostics.push({
    severity: 'suspect',
    code: 'several-main-blocks',
    message: `Main memory is made of ${main.length} blocks (${names.join(', ')}); the stream does not tell their order.`,
    consequence: 'They are laid out by name (NUMA nodes in order). Check the map, and correct it where hot-plugged DIMMs are among them.',
  });
  return main.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

function amdRelocation(high: number): Diagnostic {
  return {
    severity: 'suspect',
    code: 'amd-relocation',
    message: `Memory above 4 GiB (${formatSize(high)}) would reach ${formatAddress(AMD_HYPERTRANSPORT)}, the HyperTransport range of AMD CPUs.`,
    consequence:
      'On an AMD host QEMU 7.1 and later put it at 1 TiB instead; the stream does not name the CPU. Correct the map if walks end in missing tables.',
  };
}
