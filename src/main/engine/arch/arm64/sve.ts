/**
 * How long an AArch64 CPU's SVE vectors are at present.
 *
 * Source: Arm Architecture Reference Manual for A-profile (DDI 0487J), B1.4.2 and D19.2 ZCR_EL1, ZCR_EL2, ZCR_EL3: the shortest that a level at or above the current one allows.
 * Not supported: implementations without some of the lengths, which round down (no dump tells which they have); streaming mode (SME).
 */
import type { CpuState } from '../cpu-state.ts';
import { bitOf, fieldOf } from './bit-values.ts';
import { exceptionLevel } from './cpu-mode.ts';

/** Told by ZCR_EL1, which CPUs without SVE do not have; QEMU does not save ID_AA64PFR0_EL1, which would say it. */
export function hasSve({ registers }: CpuState): boolean {
  return registers.zcr_el1 !== undefined;
}

/** QEMU lists ZCR_EL2 and ZCR_EL3 of CPUs without those levels, too; these registers it does not. */
const LEVEL_EXISTS: Readonly<Record<number, string>> = { 1: 'zcr_el1', 2: 'hcr_el2', 3: 'scr_el3' };

/** Vectors' length in units of 128 bits, 1 to 16. */
export function vectorQuads(state: CpuState): number {
  const level = exceptionLevel(state) ?? 1;
  const host = level === 0 && bitOf(state, 'hcr_el2', 34) === true && bitOf(state, 'hcr_el2', 27) === true;
  const limits = [1, 2, 3]
    .filter((n) => n >= level && !(n === 1 && host) && state.registers[LEVEL_EXISTS[n] ?? ''] !== undefined)
    .map((n) => fieldOf(state, `zcr_el${n}`, 0, 4) ?? 15);
  return Math.min(...limits, 15) + 1;
}
