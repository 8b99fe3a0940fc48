/**
 * CPUs out of the notes of a vmcore, whichever file the notes stand in: an ELF's PT_NOTE segments, a kdump file's note area.
 *
 * One CPU per NT_PRSTATUS, with the notes that follow it; QEMU's own notes come in the same order. A kernel that crashed leaves NT_PRSTATUS alone.
 */
import { WorkbenchError } from '#shared/errors.ts';
import type { Diagnostic } from '#shared/model/diagnostic.ts';
import type { Architecture } from '../arch/architecture.ts';
import type { CpuState } from '../arch/cpu-state.ts';
import { NT_PRSTATUS } from '../arch/notes.ts';
import type { FoundNote } from './elf/notes.ts';

export interface CpuNoteOrigin {
  /** Undefined for a CPU that is not decoded: there are no CPUs then, and the file's own diagnostic says so. */
  architecture: Architecture | undefined;
  /** e_machine of the file, or of the machine that it names. */
  elfMachine: number;
  littleEndian: boolean;
  /** File name, for errors. */
  source: string;
}

/** What cannot be decoded is named in the diagnostics; such a CPU is there without registers. */
export function cpusFromNotes(notes: readonly FoundNote[], origin: CpuNoteOrigin): { cpus: CpuState[]; diagnostics: Diagnostic[] } {
  const { architecture, elfMachine, littleEndian, source } = origin;
  const diagnostics: Diagnostic[] = [];
  if (!architecture) return { cpus: [], diagnostics };
  const groups = groupsOf(notes.filter(({ owner }) => owner === 'CORE' || owner === 'LINUX'));
  const qemu = notes.filter(({ owner, type }) => owner === 'QEMU' && type === 0);
  const count = Math.max(groups.length, qemu.length);
  if (count === 0) {
    diagnostics.push({
      severity: 'data-loss',
      code: 'no-cpus',
      message: 'The file has no CPU notes.',
      consequence: 'There are no registers, so virtual addresses need a root typed in.',
    });
  }
  const cpus = Array.from({ length: count }, (_, index): CpuState => {
    try {
      const own = [...(groups[index] ?? []), ...qemu.slice(index, index + 1)];
      return architecture.cpuFromNotes(own, index, { elfMachine, littleEndian, source });
    } catch (error) {
      if (!(error instanceof WorkbenchError)) throw error;
      diagnostics.push({
        severity: 'data-loss',
        code: 'cpu-undecoded',
        message: `CPU ${index}: ${error.message}`,
        consequence: 'Its registers are missing.',
      });
      return { index, registers: {}, segments: {} };
    }
  });
  return { cpus, diagnostics };
}

/** NT_PRSTATUS, and what follows up to the next one. */
function groupsOf(notes: readonly FoundNote[]): FoundNote[][] {
  const groups: FoundNote[][] = [];
  for (const note of notes) {
    if (note.owner === 'CORE' && note.type === NT_PRSTATUS) groups.push([note]);
    else groups.at(-1)?.push(note);
  }
  return groups;
}
