/**
 * What an AArch64 CPU was doing, out of PSTATE (gdb's cpsr).
 *
 * Source: Arm Architecture Reference Manual for A-profile (DDI 0487J), C5.2.19 (SPSR_EL1: the layout in which PSTATE is saved).
 */
import type { CpuState } from '../cpu-state.ts';
import { bitOf, fieldOf } from './bit-values.ts';

const AARCH32 = 4;

const AARCH32_MODES: Readonly<Record<number, { level: number; title: string }>> = {
  0: { level: 0, title: 'User mode' },
  1: { level: 1, title: 'FIQ mode' },
  2: { level: 1, title: 'IRQ mode' },
  3: { level: 1, title: 'Supervisor mode' },
  6: { level: 3, title: 'Monitor mode' },
  7: { level: 1, title: 'Abort mode' },
  10: { level: 2, title: 'Hyp mode' },
  11: { level: 1, title: 'Undefined mode' },
  15: { level: 1, title: 'System mode' },
};

/** 0 to 3; undefined where the dump does not hold PSTATE. */
export function exceptionLevel(state: CpuState): number | undefined {
  const mode = fieldOf(state, 'cpsr', 0, 5);
  if (mode === undefined) return undefined;
  if ((mode & (1 << AARCH32)) !== 0) return AARCH32_MODES[mode & 15]?.level;
  return mode >> 2;
}

const LEVEL_WORDS = ['user', 'kernel', 'hypervisor', 'secure monitor'];

/** "64-bit kernel, EL1, MMU on, halted" */
export function modeLine(state: CpuState): string {
  const level = exceptionLevel(state);
  const parts: string[] = [];
  const mode = fieldOf(state, 'cpsr', 0, 5);
  if (level === undefined || mode === undefined) parts.push('mode unknown');
  else if ((mode & (1 << AARCH32)) !== 0) parts.push(`32-bit ${LEVEL_WORDS[level]}, ${AARCH32_MODES[mode & 15]?.title}`);
  else {
    const host = level === 2 && bitOf(state, 'hcr_el2', 34) === true;
    parts.push(`64-bit ${host ? 'kernel (VHE host)' : LEVEL_WORDS[level]}, EL${level}`);
  }
  const control = `sctlr_el${Math.max(1, level ?? 1)}`;
  const translates = bitOf(state, control, 0);
  if (translates !== undefined) parts.push(translates ? 'MMU on' : 'MMU off');
  if (state.littleEndian === false) parts.push('big-endian');
  const power = fieldOf(state, 'power_state', 0, 8);
  if (power === 1) parts.push('powered off');
  else if (power === 2) parts.push('powering on');
  if (state.halted === true) parts.push('halted');
  return parts.join(', ');
}
