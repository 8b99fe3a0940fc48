/** What a 32-bit ARM CPU was doing, out of CPSR. Source: Arm Architecture Reference Manual, ARMv7-A (DDI 0406C), B1.3.1 and B1.3.3. */
import type { CpuState } from '../cpu-state.ts';
import { bitOf, fieldOf } from '../arm64/bit-values.ts';

/** CPSR.M; undefined where the dump does not hold it. */
export const modeOf = (state: CpuState): number | undefined => fieldOf(state, 'cpsr', 0, 5);

export const MODE_WORDS: Readonly<Record<number, string>> = {
  16: 'User mode',
  17: 'FIQ mode',
  18: 'IRQ mode',
  19: 'Supervisor mode',
  22: 'Monitor mode',
  23: 'Abort mode',
  26: 'Hyp mode',
  27: 'Undefined mode',
  31: 'System mode',
};

/** QEMU's bank of the registers of a mode (target/arm/internals.h, v7.2): its names are those of the modes. */
export const MODE_BANKS: Readonly<Record<number, string>> = {
  16: 'usr',
  17: 'fiq',
  18: 'irq',
  19: 'svc',
  22: 'mon',
  23: 'abt',
  26: 'hyp',
  27: 'und',
  31: 'usr',
};

/** "32-bit kernel, Supervisor mode, MMU on, halted" */
export function modeLine(state: CpuState): string {
  const mode = modeOf(state);
  const who = mode === 16 ? 'user' : mode === 26 ? 'hypervisor' : mode === 22 ? 'secure monitor' : 'kernel';
  const parts = mode === undefined ? ['mode unknown'] : [`32-bit ${who}`, MODE_WORDS[mode] ?? `mode ${mode}`];
  if (bitOf(state, 'cpsr', 5) === true) parts.push('Thumb');
  const translates = bitOf(state, mode === 26 ? 'hsctlr' : 'sctlr', 0);
  if (translates !== undefined) parts.push(translates ? 'MMU on' : 'MMU off');
  if (state.littleEndian === false) parts.push('big-endian');
  const power = fieldOf(state, 'power_state', 0, 8);
  if (power === 1) parts.push('powered off');
  else if (power === 2) parts.push('powering on');
  if (state.halted === true) parts.push('halted');
  return parts.join(', ');
}
