/** The export of one open dump, in the thread that began it or in one that helps. */
import type { MethodArgument } from '#shared/contract.ts';
import { assert } from '#shared/errors.ts';
import type { ExportOptions, ExportReport } from '#shared/model/index.ts';
import type { ExportSource } from '../export/export-source.ts';
import { beginExport, helpExport, type CopyOutcome, type ExportJob, type ExportWork } from '../export/job.ts';
import type { Progress } from '../formats/format.ts';
import { memoryOfDump } from '../formats/dump-memory.ts';
import { adoptSource } from '../io/adopt-source.ts';
import { compareMemory, openResult, wantsVerification, type Verification } from './verify-export.ts';

/** An export that has begun: what threads are given to help, and how many are worth it. */
export interface ExportStart {
  work: ExportWork;
  threads: number;
}

export class SessionExport {
  readonly #source: () => ExportSource;
  #job: ExportJob | undefined;
  /** The exported file, opened to be verified. */
  #result: Awaited<ReturnType<typeof openResult>> | undefined;

  /** `source`: the dump as it is corrected when it is asked for. */
  constructor(source: () => ExportSource) {
    this.#source = source;
  }

  /** `publish` or `discard` must follow. */
  begin({ options, target }: Pick<MethodArgument<'exportDump'>, 'options' | 'target'>, progress: Progress): ExportStart {
    this.#job = beginExport(this.#source(), options, target, progress);
    return { work: this.#job.work, threads: this.#job.threads };
  }

  /** This thread's share of the export that it began, or of another thread's. */
  copy(work: ExportWork, progress: Progress): CopyOutcome {
    return this.#job?.copy(progress) ?? helpExport(this.#source(), work, progress);
  }

  /** Completes the file and, where that is wanted, opens it: every thread then compares its share (`verify`). Null when it is not to be verified. */
  async seal(options: ExportOptions, outcomes: readonly CopyOutcome[], progress: Progress): Promise<Verification | null> {
    assert(this.#job, 'an export is under way in this thread');
    const sealed = this.#job.seal(outcomes);
    if (!wantsVerification(options, sealed)) return null;
    this.#result = await openResult(sealed, options, this.#source().dump.architecture, progress);
    return this.#result.verification;
  }

  /** This thread's share of the comparison, in bytes. */
  verify(verification: Verification, progress: Progress): number {
    const { dump, source } = verification.image;
    return compareMemory(this.#source().memory, memoryOfDump(dump, adoptSource(source)), verification, progress);
  }

  /** `outcomes`: of all threads, this one included. */
  publish(outcomes: readonly CopyOutcome[], verified: number | null, progress: Progress): ExportReport {
    assert(this.#job, 'an export is under way in this thread');
    this.#closeResult();
    const report = this.#job.publish(outcomes, verified, progress);
    this.#job = undefined;
    return report;
  }

  discard(): void {
    this.#closeResult();
    this.#job?.discard();
    this.#job = undefined;
  }

  #closeResult(): void {
    this.#result?.close();
    this.#result = undefined;
  }
}
