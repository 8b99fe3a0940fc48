/**
 * 64-bit POWER (and PowerPC 970) CPUs, in either byte order: the family of EM_PPC64 dumps.
 *
 * Sources: Power ISA 2.07B and 3.0B; QEMU 5.2 to 10 (target/ppc, hw/ppc/spapr.c) for vmstate and notes; Linux 6.1.
 */
import type { CpuView } from '#shared/model/index.ts';
import { VIRTUAL_LAST } from '#shared/units.ts';
import type { Architecture } from '../architecture.ts';
import type { CpuState } from '../cpu-state.ts';
import { describeRegimes } from '../regime.ts';
import { dumpLittleEndian } from './byte-order.ts';
import { cpuFromNotes, encodeNotes, missingNoteRegisters } from './notes.ts';
import { pagingMode, QUADRANT_0_LAST, QUADRANT_3 } from './paging-modes.ts';
import { modeLine, regimesOf } from './paging-state.ts';
import { completeCpus } from './process-table.ts';
import { describeRegisters } from './registers.ts';
import { cpuDescription, cpuLayouts } from './vmstate-layout.ts';
import { cpuFromVmstate, ownsVmstate } from './vmstate.ts';

export const EM_PPC64 = 21;

function describeCpu(state: CpuState): CpuView {
  const { paging, regimes } = describeRegimes(ppc64, state);
  const { pointers } = ppc64;
  return { index: state.index, mode: modeLine(state), paging, regimes, pointers, registers: describeRegisters(state), segments: [] };
}

export const ppc64: Architecture = {
  id: 'ppc64',
  title: 'POWER (64-bit)',
  elfMachine: EM_PPC64,
  pointers: { instruction: 'pc', stack: 'r1' },
  describeCpu,
  rootModes: ['ppc-radix-kernel', 'ppc-radix'],
  regimesOf,
  pagingMode,

  /** The kernel's tree and a process's are told apart by nothing: a root is used for both quadrants, as process 0's is. */
  tablesOfRoot(_mode, root) {
    return [
      { register: 'typed in', mode: 'ppc-radix', root, first: 0n, last: QUADRANT_0_LAST },
      { register: 'typed in', mode: 'ppc-radix-kernel', root, first: QUADRANT_3, last: VIRTUAL_LAST },
    ];
  },

  cpuDescription,
  cpuLayouts,
  ownsVmstate,
  cpuFromVmstate,
  cpuFromNotes,
  completeCpus,
  encodeNotes,
  qemuLittleEndian: ({ registers }) => dumpLittleEndian(registers),
  missingNoteRegisters,
};
