/** Runs of page frames, and the bitmaps that they become. */
import type { Progress } from '../../formats/format.ts';
import type { GuestMemory } from '../../memory/guest-memory.ts';

export interface PageRun {
  pfn: number;
  count: number;
}

/** Sorted and disjoint, those that touch or overlap as one. */
export function mergeRuns(runs: readonly PageRun[]): PageRun[] {
  const merged: PageRun[] = [];
  for (const run of [...runs].sort((a, b) => a.pfn - b.pfn)) {
    if (run.count === 0) continue;
    const before = merged.at(-1);
    if (before && run.pfn <= before.pfn + before.count) before.count = Math.max(before.count, run.pfn + run.count - before.pfn);
    else merged.push({ ...run });
  }
  return merged;
}

/** Bytes of a bitmap that are made at once: 32 GiB of memory in pages of 4 KiB. */
const CHUNK = 1024 * 1024;

/** The bitmap of `runs` (bit 0 of byte 0 is PFN 0) in chunks, those without a bit left out. */
export function* bitmapChunks(runs: readonly PageRun[], size: number): Generator<{ offset: number; bytes: Uint8Array }> {
  let next = 0;
  for (let offset = 0; offset < size; offset += CHUNK) {
    const bytes = new Uint8Array(Math.min(CHUNK, size - offset));
    const first = offset * 8;
    const end = first + bytes.length * 8;
    let any = false;
    while (next < runs.length && runs[next]!.pfn < end) {
      const { pfn, count } = runs[next]!;
      setBits(bytes, Math.max(pfn, first) - first, Math.min(pfn + count, end) - first);
      any = true;
      if (pfn + count > end) break;
      next++;
    }
    if (any) yield { offset, bytes };
  }
}

function setBits(bytes: Uint8Array, from: number, to: number): void {
  let bit = from;
  while (bit < to && bit % 8 !== 0) setBit(bytes, bit++);
  const whole = Math.floor((to - bit) / 8);
  if (whole > 0) bytes.fill(0xff, bit / 8, bit / 8 + whole);
  bit += Math.max(0, whole) * 8;
  while (bit < to) setBit(bytes, bit++);
}

function setBit(bytes: Uint8Array, bit: number): void {
  bytes[bit >> 3]! |= 1 << (bit & 7);
}

const READ_SIZE = 1024 * 1024;

/** The pages that are not zero throughout. Reads all of them. */
export function withoutZeros(memory: GuestMemory, runs: readonly PageRun[], pageSize: number, progress: Progress): PageRun[] {
  const buffer = new Uint8Array(READ_SIZE);
  const kept: PageRun[] = [];
  const total = runs.reduce((sum, { count }) => sum + count * pageSize, 0);
  let done = 0;
  for (const { pfn, count } of runs) {
    for (let at = 0; at < count * pageSize; at += READ_SIZE) {
      const size = Math.min(READ_SIZE, count * pageSize - at);
      memory.readStreaming(pfn * pageSize + at, buffer.subarray(0, size));
      progress.report('looking for zero pages', done, total);
      done += size;
      for (let page = 0; page < size; page += pageSize) {
        if (isZero(buffer, page, pageSize)) continue;
        const found = pfn + (at + page) / pageSize;
        const before = kept.at(-1);
        if (before && before.pfn + before.count === found) before.count++;
        else kept.push({ pfn: found, count: 1 });
      }
    }
  }
  return kept;
}

/** `at` and `length` are multiples of 4. */
export function isZero(bytes: Uint8Array, at: number, length: number): boolean {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + at, length / 4);
  for (let index = 0; index < words.length; index++) if (words[index] !== 0) return false;
  return true;
}
