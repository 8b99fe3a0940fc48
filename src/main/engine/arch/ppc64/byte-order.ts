/**
 * In which byte order the guest's kernel runs: that in which interrupts enter it, which is also that of the notes in QEMU's dumps.
 *
 * Facts: QEMU target/ppc, ppc_interrupts_little_endian (7.2): HILE of HID0 for a CPU that has hypervisor state, otherwise LPCR.ILE. HILE is bit 4 of POWER9 and later,
 * bit 19 of POWER8 (their User's Manuals, HID0).
 */
import type { RegisterValue } from '../cpu-state.ts';

const HV = 1n << 60n;
const LPCR_ILE = 1n << 25n;
const HILE_POWER8 = 1n << 44n;
const HILE_POWER9 = 1n << 59n;
/** Processor versions (PVR's upper half). */
const POWER8 = new Set([0x4bn, 0x4cn, 0x4dn]);

/** Undefined where the registers do not say. */
export function interruptsLittleEndian({ msr, hid0, pvr, lpcr }: Readonly<Record<string, RegisterValue | undefined>>): boolean | undefined {
  if (msr !== undefined && (msr.value & HV) !== 0n) {
    const mask = pvr !== undefined && POWER8.has(pvr.value >> 16n) ? HILE_POWER8 : HILE_POWER9;
    return ((hid0?.value ?? 0n) & mask) !== 0n;
  }
  return lpcr === undefined ? undefined : (lpcr.value & LPCR_ILE) !== 0n;
}
