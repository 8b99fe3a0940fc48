/**
 * CPUs out of the notes of a vmcore, whichever file the notes stand in: an ELF's PT_NOTE segments, a kdump file's note area.
 *
 * One CPU per NT_PRSTATUS; QEMU's own notes come in the same order. A kernel that crashed leaves NT_PRSTATUS alone.
 */
import { WorkbenchError } from '#shared/errors.ts';
import type { Diagnostic } from '#shared/model/diagnostic.ts';
import type { Architecture } from '../arch/architecture.ts';
import type { CpuState } from '../arch/cpu-state.ts';
import { NT_PRSTATUS } from './elf/layout.ts';
import type { FoundNote } from './elf/notes.ts';

export interface CpuNoteOrigin {
  /** Undefined for a CPU that is not decoded: there are no CPUs then, and the file's own diagnostic says so. */
  architecture: Architecture | undefined;
  /** e_machine of the file, or of the machine that it names. */
  elfMachine: number;
  /** File name, for errors. */
  source: string;
}

/** What cannot be decoded is named in the diagnostics; such a CPU is there without registers. */
export function cpusFromNotes(notes: readonly FoundNote[], origin: CpuNoteOrigin): { cpus: CpuState[]; diagnostics: Diagnostic[] } {
  const { architecture, elfMachine, source } = origin;
  const diagnostics: Diagnostic[] = [];
  if (!architecture) return { cpus: [], diagnostics };
  const states = notes.filter(({ owner, type }) => owner === 'CORE' && type === NT_PRSTATUS);
  const qemu = notes.filter(({ owner, type }) => owner === 'QEMU' && type === 0);
  const count = Math.max(states.length, qemu.length);
  if (count === 0) {
    diagnostics.push({
      severity: 'data-loss',
      code: 'no-cpus',
      message: 'The file has no CPU notes.',
      consequence: 'There are no registers, so virtual addresses need a root typed in.',
    });
  }
  const cpus = Array.from({ length: count }, (_, index): CpuState => {
    const prstatus = states[index];
    const extra = qemu[index];
    try {
      return architecture.cpuFromNotes({ prstatus: prstatus?.description, qemu: extra?.description }, index, {
        elfMachine,
        prstatusOffset: prstatus?.fileOffset,
        qemuOffset: extra?.fileOffset,
        source,
      });
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
