/** Whole commands timed: the best of several runs, because a shared machine only ever makes them slower. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';

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

export interface Contender {
  command: [command: string, args: string[]];
  /** What it makes; removed before each of its runs, and after, unless it is kept for the others. */
  removes?: string;
  keeps?: boolean;
}

/** The best run of each: in turn, so that all of them meet the same machine. */
export function bestInTurn<Name extends string>(times: number, contenders: Record<Name, Contender>): Record<Name, Run> {
  const found = {} as Record<Name, Run>;
  for (let round = 0; round < times; round++) {
    for (const [name, { command, removes, keeps }] of Object.entries(contenders) as [Name, Contender][]) {
      if (removes) rmSync(removes, { force: true });
      const run = best(1, ...command);
      if (removes && !keeps) rmSync(removes, { force: true });
      if (!found[name] || run.seconds < found[name].seconds) found[name] = run;
    }
  }
  return found;
}
