/**
 * How much memory a PC has below and above 4 GiB, as QEMU tells the firmware: in the CMOS RAM of the real-time clock, whose state is in the stream.
 * It proves the split whatever the machine type's rules are (max-ram-below-4g, old and downstream machine types), and how much of all blocks is main
 * memory and not plugged in.
 *
 * ```
 * 17, 18  KiB above 1 MiB, at most 65535      34, 35  64 KiB units above 16 MiB and below 4 GiB      5b .. 5d  64 KiB units above 4 GiB
 * ```
 * Facts: QEMU hw/i386/pc.c pc_cmos_init, hw/i386/microvm.c microvm_set_rtc (hw/pc.c since v0.9); a section mc146818rtc starts with the 128 bytes.
 */
import type { MachineEvidence } from './machine-evidence.ts';

export interface CmosMemory {
  low: number;
  high: number;
  /** Both are rounded down to this. */
  unit: number;
  proof: string;
}

const KiB = 1024;
const MiB = 2 ** 20;
const CMOS_SIZE = 128;
const UNIT = 64 * KiB;

export function cmosMemory(evidence: MachineEvidence): CmosMemory | undefined {
  const section = evidence.devices.find((name) => name === 'mc146818rtc' || name.endsWith('/mc146818rtc'));
  const cmos = section === undefined ? undefined : evidence.payload(section);
  if (!cmos || cmos.length < CMOS_SIZE) return undefined;
  const word = (at: number) => cmos[at]! | (cmos[at + 1]! << 8);
  const above16M = word(0x34) * UNIT;
  const above1M = word(0x17) * KiB;
  const low = above16M > 0 ? 16 * MiB + above16M : MiB + above1M;
  const high = (word(0x5b) + cmos[0x5d]! * 2 ** 16) * UNIT;
  if (above1M === 0) return undefined;
  return { low, high, unit: UNIT, proof: `CMOS RAM in section ${section}` };
}
