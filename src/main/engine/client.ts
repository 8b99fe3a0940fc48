/**
 * The engine as the rest of the main process sees it: open a dump, ask it, run long work beside it. Only messages pass here; the work is in
 * worker threads (worker.ts).
 *
 * ```
 * OpenDump ── EngineThread (owner: has the file open, answers queries)
 *          └─ EngineThread (one or more per export: adopt the owner's image, end with its job)
 * ```
 */
import os from 'node:os';
import { Worker } from 'node:worker_threads';
import { decodeError, WorkbenchError } from '#shared/errors.ts';
import type { ExportReport } from '#shared/model/index.ts';
import { stopCopy, type SharedCopy } from './export/memory-copy.ts';
import type { OpenRequest } from './session/open-image.ts';
import type { QueryName, TaskName, TaskRequest, Tasks, WorkerMessage } from './session/protocol.ts';

export type ProgressListener = (progress: { phase: string; done: number; total: number }) => void;

/** Heap of a worker, in MiB: a hostile dump may end its own thread, not the app. */
const WORKER_HEAP = 2048;
/** How long a worker may take to end by itself, in milliseconds. */
const CLOSE_PATIENCE = 2000;

interface RunOptions {
  cancel?: SharedArrayBuffer;
  onProgress?: ProgressListener;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
  onProgress: ProgressListener | undefined;
}

class EngineThread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #exited: Promise<void>;
  #nextId = 0;
  #ended: Error | undefined;

  /** `onDeath` is called when the thread ends without having been asked to. */
  constructor(workerUrl: URL | string, onDeath: (error: Error) => void) {
    this.#worker = new Worker(workerUrl, { resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP } });
    this.#worker.on('message', (message: WorkerMessage) => this.#receive(message));
    this.#worker.on('error', (error) => this.#end(error instanceof Error ? error : new Error(String(error)), onDeath));
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#end(new Error('the engine thread ended'), onDeath);
        resolve();
      });
    });
  }

  run<Name extends TaskName>(task: Name, argument: Tasks[Name]['argument'], options: RunOptions = {}): Promise<Tasks[Name]['result']> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject, onProgress: options.onProgress });
      this.#worker.postMessage({ id, task, argument, cancel: options.cancel } satisfies TaskRequest);
    });
  }

  /** Asks the thread to leave, and makes it leave when it does not. */
  async close(): Promise<void> {
    if (this.#ended) return;
    const timer = setTimeout(() => void this.#worker.terminate(), CLOSE_PATIENCE);
    const closed = this.run('close', null).catch(() => undefined);
    this.#ended = new WorkbenchError('bad-request', 'the dump is closed');
    await closed;
    await this.#exited;
    clearTimeout(timer);
  }

  /** Ends a thread that nothing was asked of. */
  async abandon(): Promise<void> {
    this.#ended ??= new WorkbenchError('bad-request', 'the thread is not needed');
    await this.#worker.terminate();
  }

  #receive(message: WorkerMessage): void {
    const pending = this.#pending.get(message.id);
    if (!pending) return;
    if ('progress' in message) {
      pending.onProgress?.(message.progress);
      return;
    }
    this.#pending.delete(message.id);
    if ('error' in message) pending.reject(decodeError(message.error));
    else pending.resolve(message.result);
  }

  #end(error: Error, onDeath: (error: Error) => void): void {
    const expected = this.#ended !== undefined;
    const reason = this.#ended ?? new WorkbenchError('internal', `the engine of this dump ended: ${error.message}`);
    this.#ended = reason;
    for (const pending of this.#pending.values()) pending.reject(reason);
    this.#pending.clear();
    if (!expected) onDeath(reason);
  }
}

/** A dump that is open. */
export class OpenDump {
  readonly #workerUrl: URL | string;
  readonly #owner: EngineThread;
  readonly #exporting: boolean;
  readonly #helpers = new Set<{ cancel: Int32Array; done: Promise<unknown> }>();
  /** Of a dump that is opened to be exported: a thread that starts while it is opened, since the export will want one. */
  #spare: EngineThread | undefined;

  private constructor(workerUrl: URL | string, owner: EngineThread, exporting: boolean, spare: EngineThread | undefined) {
    this.#workerUrl = workerUrl;
    this.#owner = owner;
    this.#exporting = exporting;
    this.#spare = spare;
  }

  /**
   * Throws what the engine throws (WorkbenchError); `cancel` is a flag in shared memory. `exporting`: nobody will ask the dump anything while it is exported, so that its own thread can do that:
   * to start another one takes as long as copying 150 MB.
   */
  static async open(
    workerUrl: URL | string,
    request: OpenRequest,
    options: { cancel: SharedArrayBuffer; onProgress: ProgressListener; onDeath: (error: Error) => void; exporting?: boolean },
  ): Promise<OpenDump> {
    const { exporting = false } = options;
    const owner = new EngineThread(workerUrl, options.onDeath);
    const spare = exporting && os.availableParallelism() > 1 ? new EngineThread(workerUrl, () => undefined) : undefined;
    try {
      await owner.run('open', request, options);
    } catch (error) {
      await Promise.all([owner.close(), spare?.abandon()]);
      throw error;
    }
    return new OpenDump(workerUrl, owner, exporting, spare);
  }

  summary(dumpId: string) {
    return this.#owner.run('summary', { dumpId });
  }

  /** The dump answers nothing else until it ends. */
  findRoots(cancel: SharedArrayBuffer, onProgress: ProgressListener) {
    return this.#owner.run('findRoots', null, { cancel, onProgress });
  }

  query(name: QueryName, argument: unknown): Promise<unknown> {
    return this.#owner.run('query', { name, argument });
  }

  /** Runs in threads of its own, so that the dump stays answerable meanwhile, unless it was opened for this. */
  async export(argument: Tasks['beginExport']['argument'], cancel: SharedArrayBuffer, onProgress: ProgressListener): Promise<ExportReport> {
    // The first thread starts while the owner answers; and who waits for the file need not wait for the threads to leave.
    const threads: EngineThread[] = this.#exporting ? [] : [new EngineThread(this.#workerUrl, () => undefined)];
    const work = this.#exportIn(threads, argument, { cancel, onProgress });
    const closed = work.catch(() => undefined).then(() => Promise.all(threads.map((thread) => thread.close())));
    const helper = { cancel: new Int32Array(cancel), done: closed };
    this.#helpers.add(helper);
    void closed.finally(() => this.#helpers.delete(helper));
    return work;
  }

  /** `threads` end with the export: the first one, unless that is the dump's own, and helpers, which are added. */
  async #exportIn(threads: EngineThread[], argument: Tasks['beginExport']['argument'], options: RunOptions): Promise<ExportReport> {
    const [first = this.#owner] = threads;
    const image = await this.#owner.run('image', null);
    if (first !== this.#owner) await first.run('adopt', { image });
    const { work, threads: count } = await first.run('beginExport', argument, options);
    const adopted = Array.from({ length: count - 1 }, () => {
      const thread = this.#spare ?? new EngineThread(this.#workerUrl, () => undefined);
      this.#spare = undefined;
      threads.push(thread);
      return thread.run('adopt', { image }).then(() => thread);
    });
    /** Every thread's share. The first reports for all; the others only look at the flag. When one fails, all stop, and none works on after that. */
    const share = async <Result>(pieces: SharedCopy, task: (thread: EngineThread, run: RunOptions) => Promise<Result>): Promise<Result[]> => {
      const shares = [task(first, options), ...adopted.map((thread) => thread.then((helper) => task(helper, { cancel: options.cancel })))];
      for (const each of shares) each.catch(() => stopCopy(pieces));
      const outcomes = await Promise.allSettled(shares);
      const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as WorkbenchError] : []));
      // Threads that stopped because of another one say `cancelled`: that one's reason is what counts.
      if (failures.length > 0) throw failures.find(({ code }) => code !== 'cancelled') ?? failures[0]!;
      return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    };
    try {
      const outcomes = await share(work.copy, (thread, run) => thread.run('copyExport', { work }, run));
      const verification = await first.run('sealExport', { options: argument.options, outcomes }, options);
      const compared = verification && (await share(verification.pieces, (thread, run) => thread.run('verifyExport', { verification }, run)));
      const verified = compared && compared.reduce((sum, bytes) => sum + bytes, 0);
      return await first.run('publishExport', { outcomes, verified }, options);
    } catch (error) {
      await first.run('discardExport', null);
      throw error;
    }
  }

  /** Ends running work first: the owner's mapping must outlive everybody who reads through it. */
  async close(): Promise<void> {
    for (const { cancel } of this.#helpers) Atomics.store(cancel, 0, 1);
    await Promise.all(Array.from(this.#helpers, ({ done }) => done));
    await Promise.all([this.#owner.close(), this.#spare?.abandon()]);
  }
}
