/**
 * In which byte order the guest's kernel runs: that in which interrupts enter it. And that of QEMU's dumps, which is not always the same.
 *
 * Facts: QEMU target/ppc, ppc_interrupts_little_endian and its call in arch_dump.c. From 6.2 on every 64-bit server CPU counts as one with hypervisor state there, a pseries guest's too:
 * HILE of HID0 is looked at, which such a guest does not set, so that dumps of little-endian guests are big-endian (seen with 7.2). HILE is bit 4 of POWER9 and later, bit 19 of
 * POWER8 (their User's Manuals, HID0).
 */
import type { RegisterValue } from '../cpu-state.ts';

type Registers = Readonly<Record<string, RegisterValue | undefined>>;

const HV = 1n << 60n;
const LE = 1n;
const PR = 1n << 14n;
const LPCR_ILE = 1n << 25n;
const HILE_POWER8 = 1n << 44n;
const HILE_POWER9 = 1n << 59n;
/** Processor versions (PVR's upper half). */
const POWER8 = new Set([0x4bn, 0x4cn, 0x4dn]);

function hypervisorLittleEndian({ hid0, pvr }: Registers): boolean {
  const mask = pvr !== undefined && POWER8.has(pvr.value >> 16n) ? HILE_POWER8 : HILE_POWER9;
  return ((hid0?.value ?? 0n) & mask) !== 0n;
}

/** Of the kernel. Undefined where the registers do not say. */
export function kernelLittleEndian(registers: Registers): boolean | undefined {
  const { msr, lpcr } = registers;
  if (msr !== undefined && (msr.value & HV) !== 0n) return hypervisorLittleEndian(registers);
  if (lpcr !== undefined) return (lpcr.value & LPCR_ILE) !== 0n;
  // The notes of a vmcore have no LPCR: what a CPU in the kernel runs in is the kernel's own.
  return msr === undefined || (msr.value & PR) !== 0n ? undefined : (msr.value & LE) !== 0n;
}

/** See Architecture.qemuLittleEndian. */
export function dumpLittleEndian(registers: Registers): boolean | undefined {
  return registers.pvr === undefined ? undefined : hypervisorLittleEndian(registers);
}
