/**
 * NT_PRFPREG of an x86-64 thread: what FXSAVE64 stores (Intel SDM volume 1, table 10-2).
 *
 * ```
 * 0 FCW (u16)  2 FSW (u16)  4 FTW, abridged (u8)  6 FOP (u16)  8 FIP (u64)  16 FDP (u64)  24 MXCSR (u32)  32 ST0–ST7, 16 bytes each  160 XMM0–XMM15
 * ```
 */
import type { CpuState } from '../../arch/cpu-state.ts';
import type { FoundNote } from '../elf/notes.ts';

const FXSAVE_SIZE = 512;
const WORDS: readonly [name: string, offset: number, width: 8 | 16 | 32 | 64][] = [
  ['fcw', 0, 16],
  ['fsw', 2, 16],
  ['ftw', 4, 8],
  ['fop', 6, 16],
  ['fip', 8, 64],
  ['fdp', 16, 64],
  ['mxcsr', 24, 32],
];

/** Adds the registers; nothing when the note is too short. */
export function readFxsave(cpu: CpuState, { description, fileOffset }: FoundNote): void {
  if (description.length < FXSAVE_SIZE) return;
  const view = new DataView(description.buffer, description.byteOffset, description.length);
  const set = (name: string, value: bigint, width: number, offset: number) => {
    cpu.registers[name] = { value, width, source: `NT_PRFPREG, offset ${offset}, at 0x${(fileOffset + offset).toString(16)}` };
  };
  for (const [name, offset, width] of WORDS) set(name, view.getBigUint64(offset, true) & ((1n << BigInt(width)) - 1n), width, offset);
  for (let n = 0; n < 8; n++)
    set(`st${n}`, (BigInt(view.getUint16(40 + 16 * n, true)) << 64n) | view.getBigUint64(32 + 16 * n, true), 80, 32 + 16 * n);
  for (let n = 0; n < 16; n++)
    set(`xmm${n}`, (view.getBigUint64(168 + 16 * n, true) << 64n) | view.getBigUint64(160 + 16 * n, true), 128, 160 + 16 * n);
}
