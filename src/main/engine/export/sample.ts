/**
 * Looks at a little of a dump's memory, spread over all of it, to tell how fast it can be read and how small it becomes. Never more than a few MiB, whatever the
 * dump.
 */
import type { GuestMemory } from '../memory/guest-memory.ts';
import type { PageCompressor } from './kdump/page-compressor.ts';
import { isZero } from './kdump/page-runs.ts';
import type { RangeOptions } from './memory-ranges.ts';
import { isKnown, memoryRuns } from './memory-runs.ts';

/** Pages that are compressed to estimate the rest. */
const SAMPLED_PAGES = 64;
/** Stretches that are read to measure the rate. Coded memory is decoded in units: a stretch is longer than most of those. */
const STRETCHES = 8;
const STRETCH = 1024 * 1024;
/** Milliseconds after which a slow source has been measured well enough. */
const PATIENCE = 300;
/** The sample is compressed as often as that to measure it; the best counts. */
const REPEATS = 3;

/** Up to `count` addresses, spread evenly over the `total` bytes of memory that is present, at multiples of `size` where the memory has any. */
export function* placesInMemory(memory: GuestMemory, total: number, count: number, size: number, window?: RangeOptions['window']): Generator<number> {
  const step = Math.max(size, total / count);
  let passed = 0;
  let wanted = step / 2;
  for (const { physical, length, state } of memoryRuns(memory, window?.begin, window?.end)) {
    if (state !== 'present') continue;
    for (; wanted < passed + length; wanted += step) {
      const at = physical + (wanted - passed);
      yield Math.max(physical, at - (at % size));
    }
    passed += length;
  }
}

/** Bytes a second at which memory that is present is read and decoded; null where there is none. The median: a busy machine has its hiccups. */
export function measureReading(memory: GuestMemory, total: number, window?: RangeOptions['window']): number | null {
  const buffer = new Uint8Array(STRETCH);
  const began = performance.now();
  const taken: number[] = [];
  for (const place of placesInMemory(memory, total, STRETCHES, STRETCH, window)) {
    const at = performance.now();
    memory.read(place, buffer);
    taken.push(secondsSince(at));
    if (performance.now() - began > PATIENCE) break;
  }
  const median = taken.sort((a, b) => a - b)[taken.length >> 1];
  return median === undefined ? null : STRETCH / median;
}

/** Bytes a second at which memory that is known to be zero is passed by. */
export function measureZeros(): number {
  const buffer = new Uint8Array(STRETCH);
  const began = performance.now();
  for (let at = 0; at < STRETCH; at += 4096) isZero(buffer, at, 4096);
  return STRETCH / secondsSince(began);
}

export interface CompressedSample {
  /** Pages that could be read. */
  pages: number;
  zeroPages: number;
  /** Bytes of the other ones as the file would have them. */
  stored: number;
  /** To compress one that is not zero. */
  secondsPerPage: number;
}

export function sampleCompressed(memory: GuestMemory, total: number, pageSize: number, compressor: PageCompressor): CompressedSample {
  const sample: CompressedSample = { pages: 0, zeroPages: 0, stored: 0, secondsPerPage: 0 };
  const kept: Uint8Array[] = [];
  const buffer = new Uint8Array(pageSize);
  const began = performance.now();
  for (const place of placesInMemory(memory, total, SAMPLED_PAGES, pageSize)) {
    // A slow source (large units, a network drive) gives a smaller sample; some of it is always there.
    if (kept.length > 0 && performance.now() - began > PATIENCE) break;
    if (memory.read(place, buffer).some(({ state }) => !isKnown(state))) continue;
    sample.pages++;
    if (isZero(buffer, 0, pageSize)) sample.zeroPages++;
    else kept.push(buffer.slice());
  }
  for (const page of kept) sample.stored += compressor.compress(page)?.length ?? pageSize;
  if (kept.length > 0) sample.secondsPerPage = Math.min(...Array.from({ length: REPEATS }, () => timeOf(kept, compressor))) / kept.length;
  return sample;
}

/** Seconds, now that the compressor is warm. */
function timeOf(pages: readonly Uint8Array[], compressor: PageCompressor): number {
  const began = performance.now();
  for (const page of pages) compressor.compress(page);
  return secondsSince(began);
}

function secondsSince(began: number): number {
  return Math.max(performance.now() - began, 0.001) / 1000;
}
