/**
 * The guest-physical map of QEMU's microvm: a PC without a chipset.
 *
 * Facts: QEMU hw/i386/microvm.c microvm_memory_init (v4.2 to v10.0): up to 3 GiB below 4 GiB, the rest from 4 GiB on; firmware ends at 4 GiB, and its end is
 * shown again below 1 MiB over RAM; no PAM, no VGA window. No memory can be plugged in.
 */
import { formatAddress, formatSize } from '#shared/address-text.ts';
import { MapPainter } from '../memory/map-painter.ts';
import { readSrat } from './acpi-srat.ts';
import { cmosMemory } from './cmos-memory.ts';
import { FOUR_GIB } from './high-memory.ts';
import type { MachineEvidence, MachineMap } from './machine-evidence.ts';
import { findMainMemory } from './main-memory.ts';
import { paintPluggedMemory } from './memory-devices.ts';
import { splitLow, x86Family } from './pc.ts';
import { paintFirmware, paintIsaRoms } from './pc-low-memory.ts';
import { paintSplit } from './split-memory.ts';

const MOST_BELOW = 0xc000_0000;

export function mapMicrovm(evidence: MachineEvidence): MachineMap | undefined {
  const { machine, blocks } = evidence;
  const own = machine === undefined && blocks.some(({ name }) => name === 'microvm.ram');
  if (!own && !/^microvm\b/.test(machine ?? '')) return undefined;
  const proof = own ? 'block microvm.ram' : `machine type ${machine}`;
  const painter = new MapPainter();
  const roles = new Map<number, string>();
  const cmos = cmosMemory(evidence);
  const main = findMainMemory(evidence, { cmos, srat: readSrat(evidence) });
  const rule = { low: Math.min(main.size, MOST_BELOW), rule: 'microvm keeps up to 3 GiB below 4 GiB' };
  const { low, text, proven } = splitLow(main, cmos, rule);
  const rest = main.size - low;
  const above = rest > 0 ? `; the rest, ${formatSize(rest)}, starts at ${formatAddress(FOUR_GIB)}` : '';
  paintSplit(
    painter,
    main,
    { low, high: FOUR_GIB, strength: proven ? 'proven' : 'derived', text: `Main memory starts at 0: ${text}${above} (${proof}).` },
    roles,
  );
  const plugged = paintPluggedMemory(painter, evidence, main.plugged, undefined, roles);
  paintIsaRoms(painter, evidence, roles);
  paintFirmware(painter, evidence, { end: FOUR_GIB, readOnly: false }, roles);
  return { title: 'microvm', architecture: x86Family(evidence), regions: painter.regions(), roles, diagnostics: [...main.diagnostics, ...plugged] };
}
