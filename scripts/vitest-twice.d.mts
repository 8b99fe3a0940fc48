/** Types of vitest-twice.mjs, which `npm run test:lab` runs in whatever Node there is. */
import type { SpawnSyncOptions } from 'node:child_process';

export interface VitestOutcome {
  passed: number;
  skipped: number;
  failed: number;
  /** `FAILED: file > test` or `FLAKY: file > test`. */
  lines: string[];
}

export function runVitestTwice(command: readonly string[], args: readonly string[], options: SpawnSyncOptions & { cwd: string }): VitestOutcome;
