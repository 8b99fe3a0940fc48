/**
 * s390x: the CPU family of 64-bit EM_S390 dumps.
 *
 * Sources: z/Architecture Principles of Operation (SA22-7832), cited by title of section; QEMU 2.3 to 10 for vmstate and notes.
 */
import type { CpuView } from '#shared/model/index.ts';
import type { Architecture } from '../architecture.ts';
import type { CpuState } from '../cpu-state.ts';
import { describeRegimes } from '../regime.ts';
import { completeCpus } from './complete.ts';
import { cpuFromNotes } from './notes-decode.ts';
import { encodeNotes, missingNoteRegisters } from './notes-encode.ts';
import { pagingMode, TOP_TABLES } from './paging-modes.ts';
import { modeLine, regimesOf, tablesOfRoot } from './paging-state.ts';
import { describeRegisters } from './registers.ts';
import { cpuDescription, cpuLayouts } from './vmstate-layout.ts';
import { cpuFromVmstate, ownsVmstate } from './vmstate.ts';

export const EM_S390 = 22;

function describeCpu(state: CpuState): CpuView {
  const { pointers } = s390x;
  return { index: state.index, mode: modeLine(state), ...describeRegimes(s390x, state), pointers, registers: describeRegisters(state), segments: [] };
}

const [SEGMENT, THIRD, SECOND, FIRST] = TOP_TABLES;

export const s390x: Architecture = {
  id: 's390x',
  title: 's390x',
  elfMachine: EM_S390,
  pointers: { instruction: 'pswa', stack: 'r15' },
  describeCpu,
  // Linux: the kernel and most programs have three levels, programs of more than 4 TiB four.
  rootModes: [THIRD, SECOND, SEGMENT, FIRST],
  regimesOf,
  pagingMode,
  tablesOfRoot,
  cpuDescription,
  cpuLayouts,
  ownsVmstate,
  cpuFromVmstate,
  cpuFromNotes,
  completeCpus,
  encodeNotes,
  missingNoteRegisters,
};
