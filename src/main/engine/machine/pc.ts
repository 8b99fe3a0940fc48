/**
 * The guest-physical map of QEMU's x86 PCs: pc (i440fx), q35 and isapc.
 *
 * Facts: QEMU hw/i386/pc_piix.c pc_init1, hw/i386/pc_q35.c pc_q35_init, hw/i386/pc.c pc_memory_init, hw/pci-host/pam.c (v0.12 to v10.0);
 * Intel 440FX datasheet 3.2.18 (PAM), Q35 MCH datasheet 5.1. RHEL's own machine types (rhel6.5.0, pc-i440fx-rhel7.6.0) are the same boards.
 *
 * ```
 * 0 .. low             main memory; low is 3 GiB (i440fx) or 2 GiB (q35) when it does not fit below, or what CMOS RAM says
 *   a0000 .. bffff     the VGA window, when there is a VGA
 *   c0000 .. fffff     shadow RAM or ROM, in 16 KiB pieces as the PAM registers say
 * …    .. 4 GiB        firmware, ending at 4 GiB
 * 4 GiB, 1 TiB ..      the rest of main memory: high-memory.ts
 * next GiB ..          memory that was plugged in: memory-devices.ts
 * ```
 * Not known here: TSEG and SMRAM, which only code in system management mode sees.
 */
import { formatAddress, formatSize } from '#shared/address-text.ts';
import type { VmField } from '../arch/vmstate.ts';
import { MapPainter } from '../memory/map-painter.ts';
import { readSrat } from './acpi-srat.ts';
import { cmosMemory, type CmosMemory } from './cmos-memory.ts';
import { FOUR_GIB, placeHighMemory } from './high-memory.ts';
import { machineVersion, type MachineEvidence, type MachineMap } from './machine-evidence.ts';
import { findMainMemory, type MainMemory } from './main-memory.ts';
import { paintPluggedMemory, type PlugArea } from './memory-devices.ts';
import { paintFirmware, paintShadow } from './pc-low-memory.ts';
import { paintSplit, weaker, type Split } from './split-memory.ts';
import { paintVideoMemory } from './video-memory.ts';

const GiB = 2 ** 30;

type Chipset = 'i440fx' | 'q35' | 'isapc';

/** What differs between the boards. `pam` is the section with the PAM registers and the first of them. */
const BOARDS: Record<Chipset, { title: string; pciHole: number; pam?: { section: string; first: number } }> = {
  i440fx: { title: 'pc (i440fx)', pciHole: 2 * GiB, pam: { section: 'I440FX', first: 0x59 } },
  q35: { title: 'q35', pciHole: 32 * GiB, pam: { section: 'mch', first: 0x90 } },
  isapc: { title: 'isapc', pciHole: 0 },
};

function chipsetOf({ machine, devices, blocks }: MachineEvidence): { chipset: Chipset; proof: string } | undefined {
  const named = (pattern: RegExp) => machine !== undefined && pattern.test(machine);
  if (named(/q35/)) return { chipset: 'q35', proof: `machine type ${machine}` };
  if (named(/^isapc/)) return { chipset: 'isapc', proof: `machine type ${machine}` };
  if (named(/^(pc|xenfv)\b|i440fx|^pc-|^rhel[56]\./)) return { chipset: 'i440fx', proof: `machine type ${machine}` };
  const bridge = devices.find((name) => /(^|\/)(I440FX|mch)$/.test(name));
  if (bridge !== undefined) return { chipset: bridge.endsWith('mch') ? 'q35' : 'i440fx', proof: `the stream holds a section ${bridge}` };
  // A truncated stream without a configuration section: the firmware's block is all that is left to go by.
  const firmware = blocks.find(({ name }) => name === 'pc.bios');
  return firmware && machine === undefined
    ? { chipset: 'i440fx', proof: 'i440fx assumed: there is a block pc.bios, and nothing names the machine' }
    : undefined;
}

/** qemu-system-i386 saves registers in 4 bytes; a stream without a description of the CPU counts as 64-bit. */
export function x86Family({ field }: MachineEvidence): string {
  const registers: VmField | undefined = field('cpu', 'env.regs');
  return registers?.size === 4 ? 'i386' : 'x86-64';
}

/** How much of `size` bytes of main memory lies below 4 GiB by the machine type's rules. */
function lowByRule(chipset: Chipset, size: number, version: number | undefined, machine = ''): { low: number; rule: string } {
  // Machine types up to 1.7 do not align to a gigabyte (PCMachineClass.gigabyte_align).
  const old = (version !== undefined && version < 2) || /^rhel[56]\./.test(machine);
  if (chipset === 'q35') {
    if (size < 0xb000_0000) return { low: size, rule: 'q35 keeps all memory below 4 GiB when it is less than 2.75 GiB' };
    if (old) return { low: 0xb000_0000, rule: 'q35 machine types up to 1.7 keep 2.75 GiB below 4 GiB' };
    return { low: 2 * GiB, rule: 'q35 keeps 2 GiB below 4 GiB when memory is 2.75 GiB or more' };
  }
  if (size < 0xe000_0000) return { low: size, rule: `${chipset} keeps all memory below 4 GiB when it is less than 3.5 GiB` };
  if (old) return { low: 0xe000_0000, rule: 'pc machine types up to 1.7 keep 3.5 GiB below 4 GiB' };
  return { low: 3 * GiB, rule: `${chipset} keeps 3 GiB below 4 GiB when memory is 3.5 GiB or more` };
}

/** The split by what CMOS RAM says where that is of this memory, else by the rules. */
export function splitLow(
  main: MainMemory,
  cmos: CmosMemory | undefined,
  byRule: { low: number; rule: string },
): { low: number; text: string; proven: boolean } {
  const { size } = main;
  const told = cmos && size >= cmos.low + cmos.high && size < cmos.low + cmos.high + 2 * cmos.unit;
  if (!told) return { low: byRule.low, text: byRule.rule, proven: false };
  const low = cmos.high === 0 ? size : cmos.low;
  if (low === byRule.low) return { low, text: `${byRule.rule}, and ${cmos.proof} says the same`, proven: true };
  return {
    low,
    text: `${cmos.proof} says that ${formatSize(low)} are below 4 GiB (max-ram-below-4g, or a rule of its own of this machine type)`,
    proven: true,
  };
}

/** Bytes of main memory by the offset in it, across its blocks. */
function reader({ read }: MachineEvidence, { blocks }: MainMemory): (address: number, length: number) => Uint8Array | undefined {
  return (address, length) => {
    let at = 0;
    for (const block of blocks) {
      if (address < at + block.length) return address + length <= at + block.length ? read(block.index, address - at, length) : undefined;
      at += block.length;
    }
    return undefined;
  };
}

export function mapPc(evidence: MachineEvidence): MachineMap | undefined {
  const found = chipsetOf(evidence);
  if (!found) return undefined;
  const { chipset, proof } = found;
  const { title, pciHole, pam } = BOARDS[chipset];
  const painter = new MapPainter();
  const roles = new Map<number, string>();

  const cmos = cmosMemory(evidence);
  const srat = readSrat(evidence);
  const main = findMainMemory(evidence, { cmos, srat });
  const { low, text, proven } = splitLow(main, cmos, lowByRule(chipset, main.size, machineVersion(evidence.machine), evidence.machine));
  const rest = main.size - low;
  const high = placeHighMemory(evidence, { low, high: rest, pciHole, srat, readLow: reader(evidence, main) });
  const split: Split = {
    low,
    high: high.start,
    strength: weaker(proven ? 'proven' : 'derived', high.strength),
    text:
      rest > 0
        ? `${text}; the rest, ${formatSize(rest)}, starts at ${formatAddress(high.start)} (${proof}). ${high.text}`.trim()
        : `Main memory, ${formatSize(main.size)}, starts at 0: ${text} (${proof}).`,
  };
  paintSplit(painter, main, split, roles);
  const area: PlugArea = {
    start: srat?.pluggable ?? Math.ceil((high.start + rest) / GiB) * GiB,
    rule: srat?.pluggable === undefined ? 'the next GiB after memory above 4 GiB' : 'which the ACPI table SRAT names for it',
  };
  const plugged = paintPluggedMemory(painter, evidence, main.plugged, area, roles);
  paintShadow(painter, evidence, pam, roles);
  paintFirmware(painter, evidence, { end: FOUR_GIB, readOnly: chipset !== 'isapc' }, roles);
  paintVideoMemory(painter, evidence, roles);
  return {
    title,
    architecture: x86Family(evidence),
    regions: painter.regions(),
    roles,
    diagnostics: [...main.diagnostics, ...high.diagnostics, ...plugged],
  };
}
