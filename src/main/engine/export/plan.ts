/** What an export would write, for the user to see before. Reads no more of the memory than a sample, and the page tables where segments come from them. */
import path from 'node:path';
import { VERIFIED_BY_DEFAULT } from '#shared/export-choices.ts';
import type { ExportFormat, ExportOptions, ExportPlan } from '#shared/model/export.ts';
import type { ElfNote } from '../formats/format.ts';
import { titleOfNote } from './elf/notes.ts';
import type { ExportSource } from './export-source.ts';
import { previewKdump } from './kdump/preview.ts';
import { looksForVmcoreinfo } from './recover-vmcoreinfo.ts';
import { previewElf, previewLime, previewRaw } from './placed-preview.ts';

/** What a format says of the file that it would be. */
export type Preview = Pick<ExportPlan, 'fileSize' | 'exact' | 'dataSize' | 'parts' | 'segmentCount' | 'segments' | 'warnings'> & {
  notes: ElfNote[];
  sidecar?: string;
  /** Measures how long it would take, read back at the end or not. Null where there is nothing to measure. */
  seconds(verified: boolean): number | null;
};

/** Most segments that are listed one by one. */
const MAX_LISTED = 1000;
const LOOKED_FOR = 'VMCOREINFO is looked for in memory when the file is written, and put in where it is found.';
/** Seconds until the threads of an export are at work. */
const STARTING = 0.15;

const PREVIEWS: Readonly<Record<ExportFormat, (source: ExportSource, options: ExportOptions) => Preview>> = {
  elf: previewElf,
  kdump: previewKdump,
  raw: previewRaw,
  lime: previewLime,
};

/** As crash's and makedumpfile's users name them; a reader looks at the content. */
const ENDINGS: Readonly<Record<ExportFormat, string>> = { elf: '.vmcore', kdump: '.vmcore', raw: '.raw', lime: '.lime' };

/** Throws WorkbenchError `bad-request`, `unsupported`, as the export itself would. */
export function planExport(source: ExportSource, options: ExportOptions): ExportPlan {
  // To look for it would be to read all memory.
  const warned = looksForVmcoreinfo(source, options) ? { ...source, warnings: [...(source.warnings ?? []), LOOKED_FOR] } : source;
  const { seconds, notes, segments, sidecar = null, ...preview } = PREVIEWS[options.format](warned, options);
  const duration = seconds(options.verify ?? preview.fileSize < VERIFIED_BY_DEFAULT);
  return {
    ...preview,
    format: options.format,
    layout: options.layout,
    suggestedName: suggestName(source, ENDINGS[options.format]),
    sidecar,
    seconds: duration === null ? null : STARTING + duration,
    segments: segments.slice(0, MAX_LISTED),
    notes: plannedNotes(notes),
  };
}

function plannedNotes(notes: readonly ElfNote[]): ExportPlan['notes'] {
  const seen = new Map<string, number>();
  return notes.map((note) => {
    const kind = `${note.owner} ${note.type}`;
    const ordinal = seen.get(kind) ?? 0;
    seen.set(kind, ordinal + 1);
    return { owner: note.owner, type: note.type, title: titleOfNote(note, ordinal), size: note.description.length, source: note.source };
  });
}

/** The source's name with the format's ending, and never that of a file of the source: some file systems do not tell case. */
function suggestName({ name, files }: ExportSource, ending: string): string {
  const taken = new Set([name, ...files.map((file) => path.basename(file))].map((each) => each.toLowerCase()));
  const stem = path.parse(name).name;
  const suggested = [`${stem}${ending}`, `${stem}-export${ending}`, `${stem}-export-2${ending}`];
  return suggested.find((each) => !taken.has(each.toLowerCase())) ?? `${stem}-export-${taken.size}${ending}`;
}
