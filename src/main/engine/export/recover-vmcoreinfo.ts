/** Puts VMCOREINFO among what is exported where the dump came without it: crash, drgn and makedumpfile ask for it. */
import { formatAddress } from '#shared/address-text.ts';
import type { ExportOptions } from '#shared/model/export.ts';
import type { ElfNote, Progress } from '../formats/format.ts';
import { VMCOREINFO_OWNER } from '../formats/vmcoreinfo.ts';
import { findVmcoreinfo, type FoundTexts } from '../linux/find-vmcoreinfo.ts';
import type { Translate } from '../linux/kernel-place.ts';
import { runningNotes } from '../linux/running-notes.ts';
import type { PlacedText } from '../linux/vmcoreinfo-text.ts';
import { walkableTables } from '../translate/regime-tables.ts';
import { Translator } from '../translate/translator.ts';
import type { ExportSource } from './export-source.ts';

const PHASE = 'looking for VMCOREINFO';
/** Most texts that are named. */
const MAX_NAMED = 4;

/**
 * The same source, with the note when the guest's memory holds it. Reads memory up to it, or all of it; not where the dump has the note, where the format has no notes, in QEMU's layout,
 * which is what QEMU would write of this guest, and for CPUs that are not known.
 */
export function recoverVmcoreinfo(source: ExportSource, options: ExportOptions, progress: Progress): ExportSource {
  if (!looksForVmcoreinfo(source, options)) return source;
  const { note, warnings } = findVmcoreinfoNote(source, progress);
  return note || warnings.length > 0 ? { ...source, dump: { ...source.dump, vmcoreinfo: note }, warnings } : source;
}

/** The note as memory holds it, and what is to be said of it. Reads memory up to it, or all of it. */
export function findVmcoreinfoNote(
  source: Pick<ExportSource, 'dump' | 'memory' | 'architecture'>,
  progress: Progress,
): { note?: ElfNote; warnings: string[] } {
  const { chosen, others, proven } = lookFor(source, progress);
  const named = others.slice(0, MAX_NAMED).map(describe).join(', ');
  const more = others.length > MAX_NAMED ? ` and ${others.length - MAX_NAMED} more` : '';
  if (!chosen) {
    if (others.length === 0) return { warnings: [] };
    return { warnings: [`Memory holds VMCOREINFO of several kernels, none of which is seen to run: ${named}${more}. None was put in.`] };
  }
  const note: ElfNote = {
    owner: VMCOREINFO_OWNER,
    type: 0,
    description: chosen.bytes,
    source: `guest memory at ${formatAddress(chosen.address)}`,
  };
  const warnings = [`The dump came without VMCOREINFO: it was found in memory, ${describe(chosen)}, and put in.`];
  if (!proven) warnings.push('Whether it is of the kernel that runs could not be checked: that kernel is not seen in memory.');
  if (others.length > 0) warnings.push(`Memory holds VMCOREINFO of other kernels, too, which do not run: ${named}${more}.`);
  return { note, warnings };
}

/** By the kernel that the CPUs run, which costs little; else in all of memory. */
function lookFor(source: Pick<ExportSource, 'dump' | 'memory' | 'architecture'>, progress: Progress): FoundTexts {
  const { memory, architecture, dump } = source;
  const { cpus, littleEndian = true } = dump;
  progress.report(PHASE, 0, 1);
  const chosen = architecture && runningNotes({ memory, architecture, cpus, littleEndian });
  if (chosen) return { chosen, others: [], proven: true };
  return findVmcoreinfo(memory, translationOf(source), (done, total) => progress.report(PHASE, done, total));
}

/** Whether `recoverVmcoreinfo` looks for the note at all. */
export function looksForVmcoreinfo({ dump }: ExportSource, { format, layout }: ExportOptions): boolean {
  const wanted = format === 'kdump' || (format === 'elf' && layout === 'portable');
  return wanted && !dump.vmcoreinfo && dump.architecture !== undefined;
}

function describe({ values, address }: PlacedText): string {
  return `of Linux ${values.get('OSRELEASE')} at GPA ${formatAddress(address)}`;
}

/** By the page tables of whichever CPU maps the address. */
function translationOf({ dump, memory, architecture }: Pick<ExportSource, 'dump' | 'memory' | 'architecture'>): Translate {
  const tables = dump.cpus.flatMap((cpu) => walkableTables(architecture, cpu));
  const translators = tables.map(({ mode, root, options }) => new Translator(memory, mode, root, options));
  return (virtual) => translators.find((translator) => translator.translateAddress(virtual))?.physical;
}
