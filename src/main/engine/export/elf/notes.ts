/**
 * The notes of the file: what the source holds when it is a vmcore itself; otherwise, in QEMU's order (dump/dump.c, write_elf_notes),
 * NT_PRSTATUS of every CPU with what its family adds to it, the QEMU note of every CPU, and VMCOREINFO.
 */
import type { ExportOptions } from '#shared/model/export.ts';
import { NT_PRSTATUS } from '../../formats/elf/layout.ts';
import type { ElfNote, OpenedDump } from '../../formats/format.ts';
import { VMCOREINFO_OWNER } from '../../formats/vmcoreinfo.ts';
import { findFamily } from '../../arch/families.ts';
import type { ExportSource } from '../export-source.ts';
import { noteOrder, notesArchitecture } from './target.ts';

/** More names than that say nothing more. */
const NAMED_REGISTERS = 12;

export function collectNotes(source: ExportSource, layout?: ExportOptions['layout']): ElfNote[] {
  const { dump } = source;
  if (dump.notes.length > 0) return withVmcoreinfo(dump);
  const architecture = notesArchitecture(source);
  const notes: ElfNote[] = [];
  if (architecture) {
    const encoded = dump.cpus.flatMap((cpu) =>
      architecture.encodeNotes(cpu, noteOrder(source, layout)).map((note) => ({ ...note, source: `registers of CPU ${cpu.index}` })),
    );
    notes.push(...encoded.filter(({ owner }) => owner !== 'QEMU'), ...encoded.filter(({ owner }) => owner === 'QEMU'));
  }
  if (dump.vmcoreinfo) notes.push(dump.vmcoreinfo);
  return notes;
}

/** The notes of a vmcore, and VMCOREINFO that was found elsewhere. */
function withVmcoreinfo({ notes, vmcoreinfo }: OpenedDump): ElfNote[] {
  return !vmcoreinfo || notes.some(({ owner }) => owner === VMCOREINFO_OWNER) ? notes : [...notes, vmcoreinfo];
}

/** What the notes lack, in sentences. */
export function noteWarnings(source: ExportSource): string[] {
  const { dump } = source;
  const warnings: string[] = [...(source.warnings ?? [])];
  const family = findFamily(dump.architecture);
  if (!family) warnings.push('The dump does not tell of what family its CPUs are: the file says no machine (EM_NONE), and few tools will open it.');
  if (dump.notes.length === 0) warnings.push(...missingRegisters(source));
  if (!dump.vmcoreinfo)
    warnings.push(`The dump holds no ${VMCOREINFO_OWNER} note: makedumpfile and drgn need one, and crash has to be told where the kernel is.`);
  return warnings;
}

/** Of CPUs whose notes are made here. */
function missingRegisters(source: ExportSource): string[] {
  const { cpus, architecture: id } = source.dump;
  const architecture = notesArchitecture(source);
  const family = findFamily(id);
  if (family && !architecture) return [`The registers of ${family.title} CPUs cannot be written yet: the file has no CPU notes.`];
  if (cpus.length === 0) return ['The dump holds no CPU registers, so the file has none.'];
  const warnings: string[] = [];
  for (const cpu of cpus) {
    const missing = architecture?.missingNoteRegisters(cpu) ?? [];
    if (missing.length === 0) continue;
    const more = missing.length > NAMED_REGISTERS ? ` and ${missing.length - NAMED_REGISTERS} more` : '';
    warnings.push(`CPU ${cpu.index}: ${missing.slice(0, NAMED_REGISTERS).join(', ')}${more} are not in the dump and are written as 0.`);
  }
  if (architecture !== source.architecture)
    warnings.push(
      'CPU 0 is not in long mode, so the file is of 32-bit CPUs, as QEMU would write it: NT_PRSTATUS has half of each register, the QEMU note all.',
    );
  return warnings;
}

export function titleOfNote({ owner, type }: ElfNote, ordinal: number): string {
  if (owner === 'CORE' && type === NT_PRSTATUS) return `NT_PRSTATUS, CPU ${ordinal}`;
  if (owner === 'QEMU' && type === 0) return `QEMU CPU state, CPU ${ordinal}`;
  if (owner === VMCOREINFO_OWNER) return 'VMCOREINFO';
  return `${owner || 'unnamed'}, type ${type}`;
}
