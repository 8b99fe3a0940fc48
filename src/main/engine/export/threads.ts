/** How many threads an export is worth. */
import os from 'node:os';

const MAX_THREADS = 8;

/** `share`: bytes whose handling takes about as long as starting a thread (60 ms). */
export function threadsForWork(bytes: number, share: number): number {
  return Math.max(1, Math.min(os.availableParallelism(), MAX_THREADS, Math.ceil(bytes / share)));
}
