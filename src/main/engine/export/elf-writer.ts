/** Writes an open dump as an ELF vmcore. Synchronous: runs in a worker. */
import { formatSize } from '#shared/address-text.ts';
import type { ExportOptions, ExportReport } from '#shared/model/export.ts';
import type { Progress } from '../formats/format.ts';
import { planElf, type ElfPlan } from './elf-plan.ts';
import type { ExportSource } from './export-source.ts';
import { noteMissing, type LoadPlan } from './load-segments.ts';
import { isKnown, memoryRuns } from './memory-runs.ts';
import { PageCopier } from './page-copier.ts';
import { SparseFile } from './sparse-file.ts';

const REPORT_EVERY_MS = 100;

/** Memory that turned out to be unreadable while it was written. */
type Lost = Pick<LoadPlan, 'missing' | 'missingCut' | 'missingSize'>;

const undecodableWarning = (bytes: number) => `${formatSize(bytes)} of memory could not be decoded and are zero in the file; the list names them.`;

/**
 * Writes to `target`, which stands under its name only when all of it is on the disk. Throws WorkbenchError: `cannot-write`, `source-changed`,
 * `io`, and whatever `progress` throws to cancel; nothing is left behind then, and an older `target` is untouched.
 */
export function exportElf(source: ExportSource, options: ExportOptions, target: string, progress: Progress): ExportReport {
  const began = performance.now();
  progress.report('planning the file', 0, 0);
  const plan = planElf(source, options);
  const lost: Lost = { missing: [...plan.missing], missingCut: plan.missingCut, missingSize: 0 };
  const file = SparseFile.create(target, source.files, plan.head.length + plan.dataSize + plan.tail.length);
  try {
    file.write(0, plan.head);
    writeMemory(source, plan, file, lost, progress);
    file.write(plan.tailOffset, plan.tail);
    progress.report('syncing to disk', plan.fileSize, plan.fileSize);
    file.finish(plan.fileSize);
  } catch (error) {
    file.discard();
    throw error;
  }
  return {
    target,
    bytesWritten: file.written,
    sparseBytes: plan.fileSize - file.written,
    seconds: (performance.now() - began) / 1000,
    missing: lost.missing,
    missingCut: lost.missingCut,
    warnings: lost.missingSize === 0 ? plan.warnings : [...plan.warnings, undecodableWarning(lost.missingSize)],
  };
}

/** Writes all memory that the source holds; `lost` gets what turned out not to be readable, which is then zero in the file. */
function writeMemory({ memory }: ExportSource, { segments }: ElfPlan, file: SparseFile, lost: Lost, progress: Progress): void {
  const { regions } = memory;
  const total = regions.starts.reduce((sum, start, index) => sum + regions.lasts[index]! - start + 1, 0);
  let handled = 0;
  let reportAt = 0;
  const count = (bytes: number) => {
    handled += bytes;
    const now = performance.now();
    if (now < reportAt) return;
    progress.report('writing memory', handled, total);
    reportAt = now + REPORT_EVERY_MS;
  };

  const copier = new PageCopier(memory.source, file);
  let next = 1; // Segment 0 is PT_NOTE.
  for (const { physical, length, state, place, stride, fill, coded } of memoryRuns(memory)) {
    if (!isKnown(state)) {
      count(length);
      continue;
    }
    while (segments[next]!.physical + segments[next]!.fileSize <= physical) next++;
    const position = segments[next]!.offset + (physical - segments[next]!.physical);
    if (place >= 0) copier.copy(place, stride, length, position, count);
    else if (coded) {
      copier.produce(length, position, (done, target) => {
        for (const { start, end, state: found, reason } of memory.read(physical + done, target)) {
          if (!isKnown(found)) noteMissing(lost, physical + done + start, end - start, reason ?? found);
        }
        count(target.length);
      });
    } else {
      copier.fill(fill, length, position);
      count(length);
    }
  }
  copier.finish();
}
