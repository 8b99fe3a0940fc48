/**
 * RISC-V, 64 bits; 32-bit CPUs (../riscv32) differ in widths and in the mode.
 *
 * Sources: RISC-V Privileged Architecture and Unprivileged ISA (20240411); QEMU 5.2 to 10.2 for vmstate and notes; Linux 6.12 as a guest.
 */
import type { Architecture } from '../architecture.ts';
import { describeRegimes } from '../regime.ts';
import { completeCpusOf } from './complete.ts';
import { notesOf } from './notes.ts';
import { pagingMode, type RiscvModeId } from './paging-modes.ts';
import { modeLine, regimesOf } from './regimes.ts';
import { describeRegisters } from './registers.ts';
import { cpuDescriptionOf } from './vmstate-layout.ts';
import { bitsOf, cpuFromVmstate } from './vmstate.ts';

export const EM_RISCV = 243;

interface Family {
  id: string;
  title: string;
  bits: 32 | 64;
  /** The usual one first. */
  rootModes: readonly [RiscvModeId, ...RiscvModeId[]];
}

/** Of CPUs of either width. */
export function riscvFamily({ id, title, bits, rootModes }: Family): Architecture {
  const architecture: Architecture = {
    id,
    title,
    elfMachine: EM_RISCV,
    pointers: { instruction: 'pc', stack: 'sp' },
    describeCpu(state) {
      const { paging, regimes } = describeRegimes(architecture, state);
      const { index } = state;
      const { pointers } = architecture;
      const mode = modeLine(state, bits, paging.title);
      return { index, mode, paging, regimes, pointers, registers: describeRegisters(state, bits), segments: [] };
    },
    rootModes,
    regimesOf: (state) => regimesOf(state, rootModes[0]),
    pagingMode,
    cpuDescription: cpuDescriptionOf(bits === 64 ? 8 : 4),
    ownsVmstate: (cpu) => bitsOf(cpu) === bits,
    cpuFromVmstate,
    completeCpus: completeCpusOf(bits),
    ...notesOf(bits),
  };
  return architecture;
}

export const riscv64 = riscvFamily({
  id: 'riscv64',
  title: 'RISC-V (64-bit)',
  bits: 64,
  rootModes: ['sv39', 'sv48', 'sv57', 'sv39x4', 'sv48x4', 'sv57x4'],
});
