/**
 * x86-64: the CPU family of EM_X86_64 dumps.
 *
 * Sources: Intel SDM, AMD APM vol. 2; QEMU 5.2 to 10 for vmstate and notes. Chapters of the SDM's volume 3 are renumbered from edition to
 * edition, so beyond chapter 3 its sections are cited by title.
 * EM_386 files: ../i386.
 */
import type { CpuView } from '#shared/model/index.ts';
import type { Architecture } from '../architecture.ts';
import type { CpuState } from '../cpu-state.ts';
import { describeRegimes } from '../regime.ts';
import { completeCpus } from './complete.ts';
import { cpuFromNotes } from './notes-decode.ts';
import { encodeNotes, missingNoteRegisters } from './notes-encode.ts';
import { pagingMode } from './paging-modes.ts';
import { modeLine, regimeOf } from './paging-state.ts';
import { describeRegisters } from './registers.ts';
import { SEGMENT_NAMES, describeSegment } from './segments.ts';
import { cpuLayouts } from './vmstate-history.ts';
import { cpuDescription } from './vmstate-layout.ts';
import { cpuFromVmstate, targetBitsOf } from './vmstate.ts';

export const EM_X86_64 = 62;

/** Of either x86 family: they differ in the regime. */
export function describeX86Cpu(state: CpuState, family: Pick<Architecture, 'pagingMode' | 'regimesOf' | 'pointers'>): CpuView {
  const { paging, regimes } = describeRegimes(family, state);
  const segments = SEGMENT_NAMES.flatMap((name) => {
    const segment = state.segments[name];
    return segment === undefined ? [] : [describeSegment(name, segment)];
  });
  const { pointers } = family;
  return { index: state.index, mode: modeLine(state), paging, regimes, pointers, registers: describeRegisters(state, paging.mode), segments };
}

export const x86_64: Architecture = {
  id: 'x86-64',
  title: 'x86-64',
  elfMachine: EM_X86_64,
  pointers: { instruction: 'rip', stack: 'rsp' },
  describeCpu: (state) => describeX86Cpu(state, x86_64),
  // Outside long mode it is a 32-bit CPU.
  rootModes: ['x86-64-4level', 'x86-64-5level', 'x86-pae', 'x86-32'],
  regimesOf: (state) => [regimeOf(state)],
  pagingMode,
  cpuDescription,
  cpuLayouts: cpuLayouts(64),
  ownsVmstate: (cpu) => targetBitsOf(cpu) === 64,
  cpuFromVmstate,
  cpuFromNotes,
  completeCpus,
  encodeNotes,
  missingNoteRegisters,
};
