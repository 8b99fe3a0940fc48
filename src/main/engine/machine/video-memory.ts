/**
 * Memory of display cards on a PC's PCI bus: each block shows where a BAR of its card says, and any VGA hides RAM at 0xa0000.
 *
 * Facts: QEMU hw/display/vga-pci.c, cirrus_vga.c, ati.c, bochs-display.c, virtio-vga.c (video memory in BAR 0), qxl.c (qxl.vram in BAR 1, all of it in BAR 4 when
 * that is there, qxl.vrom in BAR 2), vmware_vga.c (vga.vram in BAR 1, vmsvga.fifo in BAR 2), 2.0 to 10.0; PCI Local Bus 3.0, 6.2.5.1 (BARs).
 * Not known here: banks that a card shows in the window at 0xa0000; a qxl.vram of which BAR 1 shows only the start (vram32_size_mb).
 */
import { formatAddress } from '#shared/address-text.ts';
import { PHYSICAL_LIMIT } from '#shared/units.ts';
import type { MapPainter } from '../memory/map-painter.ts';
import type { MachineEvidence } from './machine-evidence.ts';

const VGA_WINDOW = { start: 0xa0000, last: 0xbffff };
const VMWARE = 0x0405_15ad;
/** Vendor and device id of QEMU's display cards, as the first dword of configuration space. */
const DISPLAYS = new Set([0x1111_1234, 0x00b8_1013, 0x0100_1b36, VMWARE, 0x1050_1af4, 0x5046_1002, 0x5159_1002]);
const CARD_SECTION = /\/(vga|cirrus_vga|ati_vga|bochs-display|virtio-gpu|qxl|vmware_vga)$/;
/** Blocks of cards that are looked for; QEMU has one or a few. */
const MAX_CARDS = 16;

interface Card {
  section: string;
  config: DataView;
}

export function paintVideoMemory(painter: MapPainter, evidence: MachineEvidence, roles: Map<number, string>): void {
  const blocks = evidence.blocks
    .map(({ name, length }, index) => ({
      name,
      length,
      index,
      kind: /(?:^|\/)(vga\.vram|qxl\.vram|qxl\.vrom|bochs-display-vram|vmsvga\.fifo)$/.exec(name)?.[1],
    }))
    .filter(({ name, kind }) => kind !== undefined || name.endsWith('.vgavram'))
    .slice(0, MAX_CARDS);
  if (blocks.some(({ kind }) => kind === undefined || kind === 'vga.vram')) painter.erase(VGA_WINDOW.start, VGA_WINDOW.last);
  for (const { name, length, index, kind } of blocks) {
    roles.set(index, 'video memory');
    const card = kind === undefined ? undefined : cardOf(evidence, name);
    const found = card && barOf(card.config, kind!);
    // A BAR is aligned to its size; one that would lie over main memory is not in use.
    if (!found || found.start === 0 || found.start % length !== 0 || found.start + length > PHYSICAL_LIMIT) continue;
    const { start, bar } = found;
    if (painter.regions().some((region) => region.start < start + length && region.last >= start)) continue;
    const text = `BAR ${bar} of ${card.section} is ${formatAddress(start)} and memory decoding is on.`;
    painter.paint({
      start,
      last: start + length - 1,
      block: index,
      blockOffset: 0,
      readOnly: kind === 'qxl.vrom',
      evidence: { strength: 'proven', text },
    });
  }
}

/**
 * The card that a block belongs to, by the PCI address before both names. Blocks of machine types up to 2.2 and the FIFO of VMware's card have no address: then
 * it is the only card. virtio has its configuration space in a section of its own, virtio-gpu.
 */
function cardOf(evidence: MachineEvidence, block: string): Card | undefined {
  const address = /^([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]\/)[^/]*$/.exec(block)?.[1] ?? '';
  if (address === '' && block.includes('/')) return undefined;
  const cards = evidence.devices
    .filter((section) => section.startsWith(address) && CARD_SECTION.test(section))
    .slice(0, MAX_CARDS)
    .flatMap((section): Card[] => {
      const bytes = evidence.pciConfig(section);
      const config = bytes && new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      return config && DISPLAYS.has(config.getUint32(0, true)) ? [{ section, config }] : [];
    });
  return cards.length === 1 ? cards[0] : undefined;
}

function barOf(config: DataView, kind: string): { bar: number; start: number } | undefined {
  const decodesMemory = (config.getUint16(4, true) & 2) !== 0;
  if (!decodesMemory) return undefined;
  if (kind === 'qxl.vrom') return memoryBar(config, 2);
  if (kind === 'qxl.vram') return memoryBar(config, 4) ?? memoryBar(config, 1);
  if (kind === 'vmsvga.fifo') return memoryBar(config, 2);
  return memoryBar(config, config.getUint32(0, true) === VMWARE ? 1 : 0);
}

function memoryBar(config: DataView, bar: number): { bar: number; start: number } | undefined {
  const low = config.getUint32(0x10 + 4 * bar, true);
  if (low === 0 || low & 1) return undefined;
  const high = (low & 6) === 4 ? config.getUint32(0x14 + 4 * bar, true) : 0;
  return { bar, start: high * 2 ** 32 + (low - (low % 16)) };
}
