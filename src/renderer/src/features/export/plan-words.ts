/** A plan in words: what each format calls its stretches of memory, and how long an export takes, no more exactly than it can be known. */
import { formatSize } from '#shared/address-text.ts';
import { counted } from '#shared/counted.ts';
import type { ExportFormat, ExportPlan } from '#shared/model/index.ts';

/** Title of the table of stretches. */
export const SEGMENTS_TITLE: Readonly<Record<ExportFormat, string>> = { elf: 'Segments', kdump: 'Pages', raw: 'Ranges', lime: 'Ranges' };

/** `under a second`, `about 3 s`, `about 40 s`, `about 12 min`, `about 3 h`. */
export function aboutTime(seconds: number): string {
  if (seconds < 1) return 'under a second';
  if (seconds < 9.5) return `about ${Math.round(seconds)} s`;
  if (seconds < 90) return `about ${Math.ceil(seconds / 5) * 5} s`;
  if (seconds < 5400) return `about ${Math.round(seconds / 60)} min`;
  return `about ${Math.round(seconds / 3600)} h`;
}

/** `Headers 4 KiB · Notes 1.8 KiB · Memory 160 MiB`: what the file is made of. */
export function partsText(plan: ExportPlan): string {
  return plan.parts.map(({ title, size, exact }) => `${title} ${exact ? '' : '≈ '}${formatSize(size)}`).join(' · ');
}

/** Of ELF without the notes, which are a segment, too. */
export function rangeCount({ segments, segmentCount }: ExportPlan): string {
  return counted(segmentCount - segments.filter(({ type }) => type === 'NOTE').length, 'range');
}
