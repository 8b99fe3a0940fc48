/**
 * x86-64: the CPU family of EM_X86_64 dumps.
 *
 * Sources: Intel SDM, AMD APM vol. 2; QEMU 5.2 to 10 for vmstate and notes. Chapters of the SDM's volume 3 are renumbered from edition to
 * edition, so beyond chapter 3 its sections are cited by title.
 * EM_386 files: ../i386.
 */
import type { CpuPaging, CpuView } from '#shared/model/index.ts';
import type { Architecture } from '../architecture.ts';
import type { CpuState } from '../cpu-state.ts';
import { cpuFromNotes } from './notes-decode.ts';
import { encodePrstatus, encodeQemuNote, missingNoteRegisters } from './notes-encode.ts';
import { pagingMode } from './paging-modes.ts';
import { modeLine, pagingOf, pagingOptionsOf } from './paging-state.ts';
import { describeRegisters } from './registers.ts';
import { SEGMENT_NAMES, describeSegment } from './segments.ts';
import { cpuLayouts } from './vmstate-history.ts';
import { cpuDescription } from './vmstate-layout.ts';
import { cpuFromVmstate, targetBitsOf } from './vmstate.ts';

export const EM_X86_64 = 62;

/** `paging`: as pagingOf tells it of the family. */
export function describeX86Cpu(state: CpuState, paging: CpuPaging): CpuView {
  const segments = SEGMENT_NAMES.flatMap((name) => {
    const segment = state.segments[name];
    return segment === undefined ? [] : [describeSegment(name, segment)];
  });
  return { index: state.index, mode: modeLine(state), paging, registers: describeRegisters(state, paging.mode), segments };
}

export const x86_64: Architecture = {
  id: 'x86-64',
  title: 'x86-64',
  elfMachine: EM_X86_64,
  describeCpu: (state) => describeX86Cpu(state, pagingOf(state)),
  // Outside long mode it is a 32-bit CPU.
  rootModes: ['x86-64-4level', 'x86-64-5level', 'x86-pae', 'x86-32'],
  pagingOf: (state) => pagingOf(state),
  pagingOptionsOf,
  pagingMode,
  cpuDescription,
  cpuLayouts: cpuLayouts(64),
  ownsVmstate: (cpu) => targetBitsOf(cpu) === 64,
  cpuFromVmstate,
  cpuFromNotes,
  encodePrstatus: (state) => encodePrstatus(state),
  encodeQemuNote,
  missingNoteRegisters,
};
