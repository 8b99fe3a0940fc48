/** Parts of registers, of which a dump may hold some bits only. */
import type { CpuState } from '../cpu-state.ts';

/** Bits `bit` up to `bit + width - 1` of a register; undefined where the dump does not tell all of them. */
export function fieldOf(state: CpuState, register: string, bit: number, width = 1): number | undefined {
  const held = state.registers[register];
  if (held === undefined) return undefined;
  const mask = (2n ** BigInt(width) - 1n) << BigInt(bit);
  if (held.knownBits !== undefined && (held.knownBits & mask) !== mask) return undefined;
  return Number((held.value & mask) >> BigInt(bit));
}

/** One bit; undefined where the dump does not tell. */
export function bitOf(state: CpuState, register: string, bit: number): boolean | undefined {
  const value = fieldOf(state, register, bit);
  return value === undefined ? undefined : value !== 0;
}
