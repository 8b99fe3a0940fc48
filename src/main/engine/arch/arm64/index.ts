/**
 * AArch64: the CPU family of EM_AARCH64 dumps.
 *
 * Sources: Arm Architecture Reference Manual for A-profile (DDI 0487J); QEMU 2.3 to 9 for vmstate and notes. An AArch64 CPU in AArch32 state is shown with the registers that AArch64 sees.
 * Return addresses in registers and on stacks may be signed (pointer authentication): a kernel's x30 then has other bits than its address above the width of a virtual address.
 * Not supported: SME's registers.
 */
import type { Architecture } from '../architecture.ts';
import { describeRegimes } from '../regime.ts';
import { completeCpus } from './complete.ts';
import { modeLine } from './cpu-mode.ts';
import { cpuFromNotes, encodeNotes, missingNoteRegisters } from './notes.ts';
import { pagingMode, partsOfMode } from './paging-modes.ts';
import { regimesOf, tablesOfRoot } from './regimes.ts';
import { describeRegisters } from './registers.ts';
import { armFamilyOf } from './vmstate-common.ts';
import { cpuDescription } from './vmstate-layout.ts';
import { cpuFromVmstate } from './vmstate.ts';

export const EM_AARCH64 = 183;

export const arm64: Architecture = {
  id: 'arm64',
  title: 'AArch64',
  elfMachine: EM_AARCH64,
  pointers: { instruction: 'pc', stack: 'sp' },
  describeCpu(state) {
    const { paging, regimes } = describeRegimes(arm64, state);
    return {
      index: state.index,
      mode: modeLine(state),
      paging,
      regimes,
      pointers: arm64.pointers,
      registers: describeRegisters(state),
      segments: [],
    };
  },
  rootModes: [
    'arm64-4k-48',
    'arm64-4k-39',
    'arm64-64k-48',
    'arm64-64k-42',
    'arm64-64k-52',
    'arm64-16k-47',
    'arm64-16k-48',
    'arm64-4k-52',
    'arm64-16k-52',
    'arm64-s2-4k-40-l1',
  ],
  regimesOf,
  pagingMode,
  tablesOfRoot(mode, root, first) {
    const parts = partsOfMode(mode);
    return parts ? tablesOfRoot(parts, root, first) : [];
  },
  cpuDescription,
  ownsVmstate: (cpu) => armFamilyOf(cpu) === 'arm64',
  cpuFromVmstate,
  cpuFromNotes,
  completeCpus,
  encodeNotes,
  missingNoteRegisters,
};
