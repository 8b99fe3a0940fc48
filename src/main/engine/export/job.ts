/**
 * An export in steps, whatever its format: begun by one thread, copied by several, sealed, verified and published (or discarded) by the first. Every step is
 * synchronous and runs in a worker. To add a format: a job here, and a way to help it.
 */
import type { ExportOptions, ExportReport } from '#shared/model/export.ts';
import type { Progress } from '../formats/format.ts';
import { planElf } from './elf/plan.ts';
import type { ExportSource } from './export-source.ts';
import { planLime } from './lime/plan.ts';
import { helpKdump, KdumpExport, type KdumpWork } from './kdump/kdump-export.ts';
import type { Lost } from './memory-copy.ts';
import { helpPlaced, PlacedExport, type FilePlan, type PlacedWork } from './placed-export.ts';
import { planRaw } from './raw/plan.ts';
import { recoverVmcoreinfo } from './recover-vmcoreinfo.ts';

/** What a helping thread needs. Plain data. */
export type ExportWork = PlacedWork | KdumpWork;

/** What one thread did. */
export interface CopyOutcome {
  /** Bytes handed to the system. */
  written: number;
  lost: Lost;
}

/** A file that is complete, under its preliminary name, and the memory that it must give back. */
export interface SealedFile {
  path: string;
  /** Bytes. */
  size: number;
  pieces: readonly { physical: number; length: number }[];
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
  /** Gives the file its end, once all shares are done, and begins to have it written to the disk. `outcomes` of all threads. */
  seal(outcomes: readonly CopyOutcome[]): SealedFile;
  /** Waits for the disk, and gives the file its name. `verified`: bytes that were compared, null when none were. */
  publish(outcomes: readonly CopyOutcome[], verified: number | null, progress: Progress): ExportReport;
  discard(): void;
}

/** The plan of a format whose files have known places. */
function planPlaced(source: ExportSource, options: ExportOptions & { format: 'elf' | 'raw' | 'lime' }, progress: Progress): FilePlan {
  switch (options.format) {
    case 'elf':
      return planElf(source, options, progress);
    case 'raw':
      return planRaw(source, options);
    case 'lime':
      return planLime(source, options);
  }
}

/** Throws WorkbenchError `cannot-write`, `unsupported`, `bad-request`. */
export function beginExport(dump: ExportSource, options: ExportOptions, target: string, progress: Progress): ExportJob {
  progress.report('planning the file', 0, 0);
  const source = recoverVmcoreinfo(dump, options, progress);
  if (options.format === 'kdump') return new KdumpExport(source, options, target, progress);
  return new PlacedExport(source, planPlaced(source, { ...options, format: options.format }, progress), options, target);
}

/** Does one helper's share. Throws as `ExportJob.copy`. */
export function helpExport(source: ExportSource, work: ExportWork, progress: Progress): CopyOutcome {
  return work.kind === 'kdump' ? helpKdump(source, work, progress) : helpPlaced(source, work, progress);
}

/** The whole export in this thread, without verification. */
export function exportDump(source: ExportSource, options: ExportOptions, target: string, progress: Progress): ExportReport {
  const job = beginExport(source, options, target, progress);
  try {
    const outcome = job.copy(progress);
    job.seal([outcome]);
    return job.publish([outcome], null, progress);
  } catch (error) {
    job.discard();
    throw error;
  }
}
