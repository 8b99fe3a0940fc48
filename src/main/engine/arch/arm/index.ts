/**
 * 32-bit ARM: the CPU family of EM_ARM dumps, ARMv7-A and AArch32.
 *
 * Sources: Arm Architecture Reference Manual, ARMv7-A (DDI 0406C); QEMU 2.3 to 9 for vmstate and notes. QEMU saves such a CPU as it saves an AArch64 one: what they share is in ../arm64.
 * Not supported: M-profile and R-profile CPUs, whose dumps have no page tables.
 */
import type { Architecture } from '../architecture.ts';
import { describeRegimes } from '../regime.ts';
import { armFamilyOf } from '../arm64/vmstate-common.ts';
import { cpuDescription } from '../arm64/vmstate-layout.ts';
import { completeCpus } from './complete.ts';
import { modeLine } from './cpu-mode.ts';
import { cpuFromNotes, encodeNotes, missingNoteRegisters } from './notes.ts';
import { pagingMode } from './paging-modes.ts';
import { regimesOf, tablesOfRoot } from './regimes.ts';
import { describeRegisters } from './registers.ts';
import { cpuFromVmstate } from './vmstate.ts';

export const EM_ARM = 40;

export const arm: Architecture = {
  id: 'arm',
  title: 'ARM (32-bit)',
  elfMachine: EM_ARM,
  pointers: { instruction: 'pc', stack: 'sp' },
  describeCpu(state) {
    const { paging, regimes } = describeRegimes(arm, state);
    return { index: state.index, mode: modeLine(state), paging, regimes, pointers: arm.pointers, registers: describeRegisters(state), segments: [] };
  },
  rootModes: ['arm-short', 'arm-lpae-32', 'arm-lpae-30-upper', 'arm-short-n1', 'arm-short-n2', 'arm-s2-40-l1'],
  regimesOf,
  pagingMode,
  tablesOfRoot,
  cpuDescription,
  ownsVmstate: (cpu) => armFamilyOf(cpu) === 'arm',
  cpuFromVmstate,
  cpuFromNotes,
  completeCpus,
  encodeNotes,
  missingNoteRegisters,
};
