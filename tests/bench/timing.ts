/** Wall-clock times of programs, the best of several: everything else that runs only makes them longer. */
import { spawnSync } from 'node:child_process';
import { openSync } from 'node:fs';

const nowhere = openSync('/dev/null', 'r+');

/** Seconds. Throws when the program fails. */
export function seconds(command: string, args: string[], input?: string): number {
  const began = process.hrtime.bigint();
  const { status, error } = spawnSync(command, args, { stdio: [input === undefined ? nowhere : 'pipe', nowhere, nowhere], input });
  const taken = Number(process.hrtime.bigint() - began) / 1e9;
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`);
  return taken;
}

/** `before` is called, unmeasured, before each run. */
export function best(times: number, measure: () => number, before: () => void = () => undefined): number {
  let least = Infinity;
  for (let run = 0; run < times; run++) {
    before();
    least = Math.min(least, measure());
  }
  return least;
}

export function print(label: string, value: string, note = ''): void {
  console.log(`${label.padEnd(64)} ${value.padStart(12)}  ${note}`);
}

export const ms = (taken: number) => `${(taken * 1000).toFixed(0)} ms`;
export const ratio = (ours: number, theirs: number) => `${(ours / theirs).toFixed(2)} x`;
