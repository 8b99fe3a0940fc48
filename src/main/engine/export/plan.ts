/** What an export would write, for the user to see before. */
import path from 'node:path';
import type { ExportOptions, ExportPlan } from '#shared/model/export.ts';
import { PT_NOTE } from '../formats/elf/layout.ts';
import { titleOfNote } from './elf/notes.ts';
import { planElf } from './elf/plan.ts';
import type { ExportSource } from './export-source.ts';

/** Most segments that are listed one by one. */
const MAX_LISTED = 1000;

export function planExport(source: ExportSource, options: ExportOptions): ExportPlan {
  const plan = planElf(source, options);
  const seen = new Map<string, number>();
  const ordinalOf = (kind: string) => {
    const ordinal = seen.get(kind) ?? 0;
    seen.set(kind, ordinal + 1);
    return ordinal;
  };
  return {
    format: options.format,
    layout: options.layout,
    suggestedName: suggestName(source),
    fileSize: plan.fileSize,
    dataSize: plan.extras.reduce((sum, { bytes }) => sum + bytes.length, plan.dataSize),
    segmentCount: plan.segments.length,
    segments: plan.segments.slice(0, MAX_LISTED).map(({ type, physical, virtual, offset, fileSize, memorySize }) => ({
      type: type === PT_NOTE ? 'NOTE' : 'LOAD',
      physical,
      virtual,
      fileOffset: offset,
      fileSize,
      memorySize,
    })),
    notes: plan.notes.map((note) => ({
      owner: note.owner,
      type: note.type,
      title: titleOfNote(note, ordinalOf(`${note.owner} ${note.type}`)),
      size: note.description.length,
      source: note.source,
    })),
    warnings: plan.warnings,
  };
}

/** The source's name with `.vmcore` for its ending, and never the source's own. */
function suggestName({ name }: ExportSource): string {
  const suggested = `${path.parse(name).name}.vmcore`;
  return suggested === name ? `${path.parse(name).name}-export.vmcore` : suggested;
}
