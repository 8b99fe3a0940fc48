/** What every exported file has to be said of, whatever its format. */
import { formatSize } from '#shared/address-text.ts';
import type { ExportSource } from './export-source.ts';
import type { LoadPlan } from './memory-ranges.ts';

/** `instead`: what the file has in place of memory that the source lacks, in a sentence. */
export function missingWarnings(
  { dump }: ExportSource,
  { ranges, missingSize }: Pick<LoadPlan, 'ranges' | 'missingSize'>,
  instead: string,
): string[] {
  const warnings: string[] = [];
  if (ranges.length === 0) warnings.push('The dump holds no memory, so the file has none.');
  if (missingSize > 0) warnings.push(`${formatSize(missingSize)} of the guest's memory are not in the dump. ${instead}`);
  if (dump.regions.some(({ evidence }) => evidence.strength === 'guessed')) {
    warnings.push('Parts of the guest-physical map are guessed; the file says nothing of that.');
  }
  return warnings;
}
