/** Checks a source against the bytes that it should have, in this thread and in another. */
import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { expect } from 'vitest';
import type { OpenSource } from '#engine/io/open-source.ts';
import type { Seen } from './adopting.worker.ts';
import { seededRandom } from './seeded-random.ts';

/** Reads at random and around `edges`, by every way of reading. */
export function expectBytes(source: OpenSource, expected: Uint8Array, edges: readonly number[], rounds: number): void {
  expect(source.size).toBe(expected.length);
  const random = seededRandom(expected.length + 1);
  const pick = (limit: number) => Math.floor(random() * limit);
  const view = new DataView(expected.buffer, expected.byteOffset, expected.length);
  for (let round = 0; round < rounds; round++) {
    const near = (edges[pick(edges.length)] ?? 0) - pick(20);
    const offset = Math.max(0, round % 2 === 0 ? pick(expected.length + 30) : near);
    const length = round % 3 === 0 ? pick(40) : pick(150_000);
    const wanted = expected.subarray(offset, offset + length);
    // What is not there must stay as it was.
    const target = new Uint8Array(length).fill(0xee);
    const got = round % 2 === 0 ? source.read(offset, target) : source.readStreaming(offset, target);
    const what = `${length} bytes at ${offset}, round ${round}`;
    expect(got, what).toBe(wanted.length);
    expect(Buffer.compare(target.subarray(0, got), wanted), what).toBe(0);
    expect(
      target.subarray(got).every((byte) => byte === 0xee),
      what,
    ).toBe(true);
    const whole = offset + 8 <= expected.length;
    expect(source.readU64(offset), `word at ${offset}`).toBe(whole);
    if (whole) expect([source.low, source.high], `word at ${offset}`).toEqual([view.getUint32(offset, true), view.getUint32(offset + 4, true)]);
  }
  expect(source.readU64(-8)).toBe(false);
}

/** Has another thread adopt the source and read all of it. */
export async function expectBytesElsewhere(source: OpenSource, expected: Uint8Array): Promise<void> {
  const words = [0, 1, Math.floor(expected.length / 2), expected.length - 8, expected.length - 7].filter((at) => at >= 0);
  const worker = new Worker(new URL('./adopting.worker.ts', import.meta.url), { workerData: { shared: source.shared, words } });
  const seen = await new Promise<Seen>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  const digest = createHash('sha256').update(expected).digest('hex');
  const view = new DataView(expected.buffer, expected.byteOffset, expected.length);
  expect(seen).toEqual({
    name: source.name,
    size: expected.length,
    read: digest,
    streamed: digest,
    words: words.map((at) => at + 8 <= expected.length && [view.getUint32(at, true), view.getUint32(at + 4, true)]),
  });
}
