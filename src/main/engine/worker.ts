/** Entry of an engine worker: one thread, one dump. Everything below is synchronous but the unwrapping of containers; this file is its boundary. */
import { parentPort } from 'node:worker_threads';
import { assert, encodeError, WorkbenchError } from '#shared/errors.ts';
import type { Progress } from './formats/format.ts';
import { DumpSession } from './session/dump-session.ts';
import type { SessionQueries, TaskName, TaskRequest, Tasks, WorkerMessage } from './session/protocol.ts';

/** At most this often, in milliseconds, progress goes out. */
const PROGRESS_INTERVAL = 100;

assert(parentPort, 'the engine worker runs as a worker thread');
const port = parentPort;
let session: DumpSession | undefined;

function theSession(): DumpSession {
  assert(session, 'a dump is open in this worker');
  return session;
}

/** Reports to the client, and stops the work by an exception once the client has set the flag. */
function progressOf({ id, cancel }: TaskRequest): Progress {
  const flag = cancel && new Int32Array(cancel);
  let reported = -Infinity;
  let lastPhase: string | undefined;
  return {
    report(phase, done, total) {
      if (flag && Atomics.load(flag, 0) !== 0) throw new WorkbenchError('cancelled', 'cancelled');
      const now = performance.now();
      if (phase === lastPhase && now - reported < PROGRESS_INTERVAL) return;
      reported = now;
      lastPhase = phase;
      port.postMessage({ id, progress: { phase, done, total } } satisfies WorkerMessage);
    },
  };
}

const TASKS: {
  [Name in TaskName]: (argument: Tasks[Name]['argument'], progress: Progress) => Tasks[Name]['result'] | Promise<Tasks[Name]['result']>;
} = {
  async open(request, progress) {
    session = await DumpSession.open(request, progress);
    return null;
  },
  adopt({ image }) {
    session = DumpSession.adopt(image);
    return null;
  },
  image: () => theSession().image,
  summary: ({ dumpId }) => theSession().summary(dumpId),
  findRoots: (_, progress) => theSession().findRoots(progress),
  query({ name, argument }) {
    const queries: SessionQueries = theSession();
    return (queries[name] as (argument: unknown) => unknown).call(queries, argument);
  },
  beginExport: (request, progress) => theSession().export.begin(request, progress),
  copyExport: ({ work }, progress) => theSession().export.copy(work, progress),
  sealExport: ({ options, outcomes }, progress) => theSession().export.seal(options, outcomes, progress),
  verifyExport: ({ verification }, progress) => theSession().export.verify(verification, progress),
  publishExport: ({ outcomes, verified }, progress) => theSession().export.publish(outcomes, verified, progress),
  discardExport() {
    theSession().export.discard();
    return null;
  },
  close() {
    theSession().close();
    session = undefined;
    return null;
  },
};

port.on('message', async (request: TaskRequest) => {
  const { id, task, argument } = request;
  try {
    const run = TASKS[task] as (argument: unknown, progress: Progress) => unknown;
    port.postMessage({ id, result: await run(argument, progressOf(request)) } satisfies WorkerMessage);
  } catch (error) {
    port.postMessage({ id, error: encodeError(error) } satisfies WorkerMessage);
  }
  // The port is the only thing that keeps this thread alive.
  if (task === 'close') port.close();
});
