/** The parts of a PC's map that depend on device state: shadow RAM and firmware. Facts: see pc.ts. */
import { formatAddress } from '#shared/address-text.ts';
import type { MapPainter } from '../memory/map-painter.ts';
import type { MachineEvidence } from './machine-evidence.ts';

const KiB = 1024;
const PAM_START = 0xc0000;
const PAM_PIECE = 16 * KiB;
const BIOS_AREA = 0xf0000;
const ONE_MIB = 0x100000;
const ISA_BIOS_SIZE = 128 * KiB;
const INTEL = 0x8086;

/** PAM attribute bit: reads go to RAM. */
const READ_ENABLE = 1;

/**
 * Attributes of the PAM areas, in address order: 0xc0000 to 0xeffff in 16 KiB pieces, then 0xf0000 to 0xfffff in one. The first register's
 * high nibble is for the BIOS area, each further register holds two pieces, the lower one in its low nibble.
 */
function pamAreas(config: Uint8Array, first: number): { start: number; last: number; attributes: number }[] {
  const areas = Array.from({ length: 12 }, (_, piece) => {
    const register = config[first + 1 + (piece >> 1)] ?? 0;
    const start = PAM_START + piece * PAM_PIECE;
    return { start, last: start + PAM_PIECE - 1, attributes: piece & 1 ? register >> 4 : register & 15 };
  });
  return [...areas, { start: BIOS_AREA, last: ONE_MIB - 1, attributes: (config[first] ?? 0) >> 4 }];
}

/** Where PAM sends reads to PCI, the option ROMs and the end of the firmware show instead of RAM. Without PAM (isapc) they always do. */
export function paintShadow(
  painter: MapPainter,
  evidence: MachineEvidence,
  pam: { section: string; first: number } | undefined,
  roles: Map<number, string>,
): void {
  if (!pam) {
    paintIsaRoms(painter, evidence, roles);
    return;
  }
  // Up to QEMU 0.12 sections had no path.
  const section = evidence.devices.find((name) => name === pam.section || name.endsWith(`/${pam.section}`));
  const config = section === undefined ? undefined : evidence.pciConfig(section);
  if (!config || (config[0]! | (config[1]! << 8)) !== INTEL) return;
  const rom = evidence.blocks.findIndex(({ name }) => name === 'pc.rom');
  const firmware = firmwareBlocks(evidence)[0];
  if (rom >= 0) roles.set(rom, 'option ROMs, shown at 0xc0000 while shadow RAM is off');

  for (const { start, last, attributes } of pamAreas(config, pam.first)) {
    if (attributes & READ_ENABLE) continue;
    const text = `PAM register of ${section} sends reads of ${formatAddress(start)} to ${formatAddress(last)} to ROM, not to shadow RAM.`;
    painter.erase(start, last);
    const place = { start, last, readOnly: true, evidence: { strength: 'proven' as const, text } };
    const inRom = start - PAM_START;
    const isaBios = ONE_MIB - Math.min(ISA_BIOS_SIZE, firmware?.length ?? 0);
    if (firmware && start >= isaBios) {
      painter.paint({ ...place, block: firmware.index, blockOffset: firmware.length - (ONE_MIB - start) });
    } else if (rom >= 0 && inRom + PAM_PIECE <= evidence.blocks[rom]!.length) painter.paint({ ...place, block: rom, blockOffset: inRom });
  }
}

/** Boards without shadow RAM: option ROMs and the end of the firmware lie over RAM for good, as RAM of their own (QEMU hw/i386/x86.c, isapc_ram_fw). */
export function paintIsaRoms(painter: MapPainter, evidence: MachineEvidence, roles: Map<number, string>): void {
  const paint = (block: number, start: number, last: number, blockOffset: number, what: string) => {
    const text = `This board has ${what} at ${formatAddress(start)} to ${formatAddress(last)}, and no shadow RAM.`;
    painter.paint({ start, last, block, blockOffset, readOnly: false, evidence: { strength: 'derived', text } });
  };
  const rom = evidence.blocks.findIndex(({ name }) => name === 'pc.rom');
  if (rom >= 0) {
    roles.set(rom, 'option ROMs');
    paint(rom, PAM_START, Math.min(PAM_START + evidence.blocks[rom]!.length, ONE_MIB) - 1, 0, 'its option ROMs');
  }
  const firmware = firmwareBlocks(evidence)[0];
  if (!firmware) return;
  const shown = Math.min(ISA_BIOS_SIZE, firmware.length);
  paint(firmware.index, ONE_MIB - shown, ONE_MIB - 1, firmware.length - shown, 'the end of the firmware');
}

/** Firmware blocks in the order in which they lie below 4 GiB, from the top down. */
function firmwareBlocks({ blocks }: MachineEvidence): { length: number; index: number }[] {
  const indexed = blocks.map((block, index) => ({ ...block, index }));
  const flash = indexed.filter(({ name }) => /^system\.flash\d+$/.test(name)).sort((a, b) => a.name.localeCompare(b.name));
  return flash.length > 0 ? flash : indexed.filter(({ name }) => name === 'pc.bios');
}

/** `end`: where the address space for it ends, 4 GiB. */
export function paintFirmware(
  painter: MapPainter,
  evidence: MachineEvidence,
  { end, readOnly }: { end: number; readOnly: boolean },
  roles: Map<number, string>,
): void {
  let top = end;
  for (const { length, index } of firmwareBlocks(evidence)) {
    roles.set(index, 'firmware');
    const text = `Firmware ends where the address space below 4 GiB ends: ${formatAddress(top - length)} to ${formatAddress(top - 1)}.`;
    painter.paint({ start: top - length, last: top - 1, block: index, blockOffset: 0, readOnly, evidence: { strength: 'derived', text } });
    top -= length;
  }
  evidence.blocks.forEach(({ name }, index) => {
    if (name.startsWith('/rom@')) roles.set(index, 'file of the fw_cfg device, not mapped');
  });
}
