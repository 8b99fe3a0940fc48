/**
 * Writes an open dump as an ELF vmcore: begin, copy (by any number of threads), finish. Every step is synchronous and runs in a worker.
 */
import os from 'node:os';
import { formatSize } from '#shared/address-text.ts';
import type { ExportOptions, ExportReport } from '#shared/model/export.ts';
import type { Progress } from '../formats/format.ts';
import { planElf, type ElfPlan } from './elf-plan.ts';
import type { ExportSource } from './export-source.ts';
import { FileWriter } from './file-writer.ts';
import { copyMemory, shareCopy, type Lost, type SharedCopy } from './memory-copy.ts';
import { SparseFile } from './sparse-file.ts';

/** Memory that is worth a thread of its own: which takes some 60 ms to start, and as long to copy this much, or to decode that much. */
const COPIED_PER_THREAD = 48 * 1024 * 1024;
const DECODED_PER_THREAD = 8 * 1024 * 1024;
const MAX_THREADS = 8;

/** What a helping thread needs: the open file and its share of the work. */
export interface ExportWork {
  fd: number;
  target: string;
  copy: SharedCopy;
}

export interface CopyOutcome {
  written: number;
  lost: Lost;
}

/** Does one helper's share. Throws as `ElfExport.copy`. */
export function helpExport(source: ExportSource, { fd, target, copy }: ExportWork, progress: Progress): CopyOutcome {
  const writer = new FileWriter(fd, target);
  const lost = copyMemory(source.memory, writer, copy, progress);
  return { written: writer.written, lost };
}

/**
 * An export under way. The target stands under its name only when all of it is on the disk; whoever catches an error calls `discard`, after which
 * nothing is left behind and an older target is untouched.
 */
export class ElfExport {
  readonly #source: ExportSource;
  readonly #plan: ElfPlan;
  readonly #file: SparseFile;
  readonly #began = performance.now();
  readonly work: ExportWork;
  /** How many threads the copying is worth, this one included. */
  readonly threads: number;

  /** Throws WorkbenchError `cannot-write`, `unsupported`. */
  constructor(source: ExportSource, options: ExportOptions, target: string, progress: Progress) {
    progress.report('planning the file', 0, 0);
    this.#source = source;
    this.#plan = planElf(source, options);
    const { head, tail, segments, dataSize } = this.#plan;
    this.#file = SparseFile.create(target, source.files, head.length + dataSize + tail.length);
    this.work = { fd: this.#file.fd, target, copy: shareCopy(segments.slice(1)) };
    const share = source.dump.coding ? DECODED_PER_THREAD : COPIED_PER_THREAD;
    this.threads = Math.max(1, Math.min(os.availableParallelism(), MAX_THREADS, Math.ceil(dataSize / share)));
  }

  /** This thread's share. Throws WorkbenchError: `cannot-write`, `source-changed`, `io`, and whatever `progress` throws to cancel. */
  copy(progress: Progress): Lost {
    this.#file.write(0, this.#plan.head);
    return copyMemory(this.#source.memory, this.#file, this.work.copy, progress);
  }

  /** Gives the file its end and its name, once all shares are done. `own` is what `copy` returned, `others` what helpers did. */
  finish(own: Lost, others: readonly CopyOutcome[], progress: Progress): ExportReport {
    const { tail, tailOffset, fileSize, missing, missingCut, warnings } = this.#plan;
    const file = this.#file;
    file.write(tailOffset, tail);
    progress.report('syncing to disk', fileSize, fileSize);
    file.finish(fileSize);
    const lost = [own, ...others.map((other) => other.lost)];
    const lostSize = lost.reduce((sum, each) => sum + each.missingSize, 0);
    const bytesWritten = others.reduce((sum, each) => sum + each.written, file.written);
    return {
      target: file.target,
      bytesWritten,
      sparseBytes: fileSize - bytesWritten,
      seconds: (performance.now() - this.#began) / 1000,
      missing: [...missing, ...lost.flatMap((each) => each.missing)].sort((a, b) => a.start - b.start),
      missingCut: missingCut || lost.some((each) => each.missingCut),
      warnings:
        lostSize === 0
          ? warnings
          : [...warnings, `${formatSize(lostSize)} of memory could not be decoded and are zero in the file; the list names them.`],
    };
  }

  discard(): void {
    this.#file.discard();
  }
}

/** The whole export in this thread. */
export function exportElf(source: ExportSource, options: ExportOptions, target: string, progress: Progress): ExportReport {
  const work = new ElfExport(source, options, target, progress);
  try {
    return work.finish(work.copy(progress), [], progress);
  } catch (error) {
    work.discard();
    throw error;
  }
}
