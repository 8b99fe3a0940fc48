/**
 * The notes of the file: what the source holds when it is a vmcore itself; otherwise, in QEMU's order (dump/dump.c, write_elf_notes),
 * NT_PRSTATUS of every CPU, the QEMU note of every CPU, and VMCOREINFO.
 */
import { NT_PRSTATUS } from '../../formats/elf/layout.ts';
import type { ElfNote } from '../../formats/format.ts';
import { VMCOREINFO_OWNER } from '../../formats/vmcoreinfo.ts';
import type { ExportSource } from '../export-source.ts';

/** EFER.LMA: long mode is active. */
const LMA = 1n << 10n;
/** More names than that say nothing more. */
const NAMED_REGISTERS = 12;

export function collectNotes({ dump, architecture }: ExportSource): ElfNote[] {
  if (dump.notes.length > 0) return dump.notes;
  const notes: ElfNote[] = [];
  if (architecture) {
    for (const cpu of dump.cpus) {
      notes.push({ owner: 'CORE', type: NT_PRSTATUS, description: architecture.encodePrstatus(cpu), source: `registers of CPU ${cpu.index}` });
    }
    for (const cpu of dump.cpus) {
      notes.push({ owner: 'QEMU', type: 0, description: architecture.encodeQemuNote(cpu), source: `registers of CPU ${cpu.index}` });
    }
  }
  if (dump.vmcoreinfo) notes.push(dump.vmcoreinfo);
  return notes;
}

/** What the notes lack, in sentences. */
export function noteWarnings({ dump, architecture }: ExportSource): string[] {
  const warnings: string[] = [];
  if (!architecture) warnings.push('The CPUs are of a family that is not decoded: the file says no machine (EM_NONE), and few tools will open it.');
  if (dump.cpus.length === 0) warnings.push('The dump holds no CPU registers, so the file has none.');
  if (dump.notes.length === 0 && architecture) {
    for (const cpu of dump.cpus) {
      const missing = architecture.missingNoteRegisters(cpu);
      if (missing.length === 0) continue;
      const more = missing.length > NAMED_REGISTERS ? ` and ${missing.length - NAMED_REGISTERS} more` : '';
      warnings.push(`CPU ${cpu.index}: ${missing.slice(0, NAMED_REGISTERS).join(', ')}${more} are not in the dump and are written as 0.`);
    }
    const efer = dump.cpus[0]?.registers.efer;
    if (efer && (efer.value & LMA) === 0n) {
      warnings.push('CPU 0 is not in long mode. QEMU would write the notes of a 32-bit CPU; this file has 64-bit ones.');
    }
  }
  if (!dump.vmcoreinfo)
    warnings.push(`The dump holds no ${VMCOREINFO_OWNER} note: makedumpfile and drgn need one, and crash has to be told where the kernel is.`);
  return warnings;
}

export function titleOfNote({ owner, type }: ElfNote, ordinal: number): string {
  if (owner === 'CORE' && type === NT_PRSTATUS) return `NT_PRSTATUS, CPU ${ordinal}`;
  if (owner === 'QEMU' && type === 0) return `QEMU CPU state, CPU ${ordinal}`;
  if (owner === VMCOREINFO_OWNER) return 'VMCOREINFO';
  return `${owner || 'unnamed'}, type ${type}`;
}
