/**
 * An export in steps, whatever its format: begun by one thread, copied by several, finished or discarded by the first. Every step is synchronous and runs
 * in a worker. To add a format: a job here, and a way to help it.
 */
import { WorkbenchError } from '#shared/errors.ts';
import type { ExportOptions, ExportReport } from '#shared/model/export.ts';
import type { Progress } from '../formats/format.ts';
import { planElf } from './elf/plan.ts';
import type { ExportSource } from './export-source.ts';
import type { Lost } from './memory-copy.ts';
import { helpPlaced, PlacedExport, type PlacedWork } from './placed-export.ts';

/** What a helping thread needs. Plain data. */
export type ExportWork = PlacedWork;

/** What one thread did. */
export interface CopyOutcome {
  /** Bytes handed to the system. */
  written: number;
  lost: Lost;
}

/**
 * An export under way. The target stands under its name only when all of it is on the disk; whoever catches an error calls `discard`, after which
 * nothing is left behind and an older target is untouched.
 */
export interface ExportJob {
  readonly work: ExportWork;
  /** How many threads the copying is worth, this one included. */
  readonly threads: number;
  /** This thread's share. Throws WorkbenchError: `cannot-write`, `source-changed`, `io`, and whatever `progress` throws to cancel. */
  copy(progress: Progress): CopyOutcome;
  /** Gives the file its end and its name, once all shares are done: this thread's own and the helpers'. */
  finish(outcomes: readonly CopyOutcome[], progress: Progress): ExportReport;
  discard(): void;
}

/** Throws WorkbenchError `cannot-write`, `unsupported`, `bad-request`. */
export function beginExport(source: ExportSource, options: ExportOptions, target: string, progress: Progress): ExportJob {
  progress.report('planning the file', 0, 0);
  if (options.format !== 'elf') throw new WorkbenchError('unsupported', `the format ${options.format} is not written yet`);
  return new PlacedExport(source, planElf(source, options), target);
}

/** Does one helper's share. Throws as `ExportJob.copy`. */
export function helpExport(source: ExportSource, work: ExportWork, progress: Progress): CopyOutcome {
  return helpPlaced(source, work, progress);
}

/** The whole export in this thread. */
export function exportDump(source: ExportSource, options: ExportOptions, target: string, progress: Progress): ExportReport {
  const job = beginExport(source, options, target, progress);
  try {
    return job.finish([job.copy(progress)], progress);
  } catch (error) {
    job.discard();
    throw error;
  }
}
