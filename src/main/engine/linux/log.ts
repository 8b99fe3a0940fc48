/** The kernel's log, as dmesg shows it: the ring buffer of records since v5.10, and the one before (v3.5 to v5.9). */
import type { LinuxLogLine } from '#shared/model/index.ts';
import type { LinuxKernel } from './kernel.ts';
import { readRecords } from './log-records.ts';
import { readRing } from './log-ring.ts';

export interface KernelLog {
  lines: LinuxLogLine[];
  /** Why there is nothing or not all, in a sentence; undefined when all is well. */
  problem?: string;
}

/** Oldest first. Never throws for damaged memory: what can be read is there, and `problem` says what cannot. */
export function readLog(kernel: LinuxKernel): KernelLog {
  kernel.lookUp(['prb', 'log_buf', 'log_buf_len', 'log_first_idx', 'log_next_idx']);
  if (kernel.address('prb') !== undefined) return readRing(kernel);
  if (kernel.address('log_buf') !== undefined) return readRecords(kernel);
  return { lines: [], problem: 'Neither prb nor log_buf is among the symbols, so the place of the log is not known.' };
}

/** "[    1.234567]" */
export function timeText(time: bigint): string {
  const micros = time / 1000n;
  return `[${String(micros / 1_000_000n).padStart(5)}.${String(micros % 1_000_000n).padStart(6, '0')}]`;
}
