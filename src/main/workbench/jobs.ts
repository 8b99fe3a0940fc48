/** Long work by id: cancel flags in shared memory, and progress with rate and time left. */
import { WorkbenchError } from '#shared/errors.ts';
import type { JobProgress } from '#shared/model/job.ts';
import type { ProgressListener } from '#engine/client.ts';

/** Weight of the newest measurement in the rate: smooth, and settled after a second. */
const SMOOTHING = 0.2;

export class Jobs {
  readonly #flags = new Map<string, SharedArrayBuffer>();
  readonly #emit: (progress: JobProgress) => void;

  constructor(emit: (progress: JobProgress) => void) {
    this.#emit = emit;
  }

  /** Runs work under an id that the caller chose. Throws `bad-request` when a job of that id is running. */
  async run<T>(jobId: string, kind: JobProgress['kind'], work: (cancel: SharedArrayBuffer, onProgress: ProgressListener) => Promise<T>): Promise<T> {
    if (this.#flags.has(jobId)) throw new WorkbenchError('bad-request', `a job ${JSON.stringify(jobId)} is running already`);
    const cancel = new SharedArrayBuffer(4);
    this.#flags.set(jobId, cancel);
    try {
      return await work(cancel, this.#meter(jobId, kind));
    } finally {
      this.#flags.delete(jobId);
    }
  }

  cancel(jobId: string): void {
    const flag = this.#flags.get(jobId);
    if (flag) Atomics.store(new Int32Array(flag), 0, 1);
  }

  cancelAll(): void {
    for (const jobId of this.#flags.keys()) this.cancel(jobId);
  }

  #meter(jobId: string, kind: JobProgress['kind']): ProgressListener {
    let before: { time: number; done: number; phase: string } | undefined;
    let rate = 0;
    return ({ phase, done, total }) => {
      const time = performance.now();
      if (before && before.phase === phase && done >= before.done && time > before.time) {
        const now = ((done - before.done) / (time - before.time)) * 1000;
        rate = rate === 0 ? now : rate + (now - rate) * SMOOTHING;
      } else rate = 0;
      before = { time, done, phase };
      this.#emit({ jobId, kind, phase, done, total, bytesPerSecond: rate, secondsLeft: rate > 0 && total > 0 ? (total - done) / rate : null });
    };
  }
}
