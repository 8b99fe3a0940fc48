/**
 * Long work as the desktop shows it: a bar in the dock or the task bar, no sleeping machine during an export, and the number of exports that a quit
 * would throw away. Counts calls, not events: a job is over when its call is.
 */
import { powerSaveBlocker } from 'electron';
import type { MethodArgument, WorkbenchApi, WorkbenchEvent } from '#shared/contract.ts';

export class RunningJobs {
  readonly #exports = new Set<string>();
  readonly #opens = new Set<string>();
  readonly #showProgress: (fraction: number) => void;
  #blocker: number | undefined;

  /** `showProgress` takes 0 to 1, 2 for "cannot be told", -1 for none, as BrowserWindow.setProgressBar does. */
  constructor(showProgress: (fraction: number) => void) {
    this.#showProgress = showProgress;
  }

  get exports(): number {
    return this.#exports.size;
  }

  get exportIds(): string[] {
    return [...this.#exports];
  }

  onEvent(event: WorkbenchEvent): void {
    if (event.type !== 'job') return;
    const { jobId, done, total } = event.progress;
    if (this.#exports.has(jobId) || this.#opens.has(jobId)) this.#showProgress(total > 0 ? Math.min(done / total, 1) : 2);
  }

  /** The same workbench, with its long calls counted. */
  watch(workbench: WorkbenchApi): WorkbenchApi {
    return {
      ...workbench,
      openDump: (argument: MethodArgument<'openDump'>) => this.#during(this.#opens, argument.jobId, () => workbench.openDump(argument)),
      exportDump: (argument: MethodArgument<'exportDump'>) => this.#during(this.#exports, argument.jobId, () => workbench.exportDump(argument)),
    };
  }

  async #during<Result>(jobs: Set<string>, jobId: string, work: () => Promise<Result>): Promise<Result> {
    jobs.add(jobId);
    this.#regulate();
    try {
      return await work();
    } finally {
      jobs.delete(jobId);
      this.#regulate();
    }
  }

  #regulate(): void {
    if (this.#exports.size + this.#opens.size === 0) this.#showProgress(-1);
    if (this.#exports.size > 0) {
      this.#blocker ??= powerSaveBlocker.start('prevent-app-suspension');
    } else if (this.#blocker !== undefined) {
      powerSaveBlocker.stop(this.#blocker);
      this.#blocker = undefined;
    }
  }
}
