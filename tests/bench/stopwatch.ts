/** Whole commands timed: the best of several runs, because a shared machine only ever makes them slower. */
import { spawnSync } from 'node:child_process';

export interface Run {
  seconds: number;
  /** Largest resident set, in MiB, of the command's own process. */
  residentMiB: number;
  stdout: string;
}

/** Throws when the command fails: a figure of a failed run says nothing. */
export function best(times: number, command: string, args: string[], options: { input?: string; before?: () => void } = {}): Run {
  const runs = Array.from({ length: times }, () => {
    options.before?.();
    const start = performance.now();
    const done = spawnSync('/usr/bin/time', ['-f', '%M', command, ...args], { input: options.input, encoding: 'utf8', maxBuffer: 2 ** 28 });
    const seconds = (performance.now() - start) / 1000;
    if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: exit ${done.status}\n${done.stderr}`);
    return { seconds, residentMiB: Number(done.stderr.trim().split('\n').at(-1)) / 1024, stdout: done.stdout };
  });
  return runs.reduce((fastest, run) => (run.seconds < fastest.seconds ? run : fastest));
}
