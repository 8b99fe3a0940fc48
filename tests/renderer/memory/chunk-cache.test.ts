import { describe, expect, test } from 'vitest';
import { READ_LIMIT } from '#shared/contract.ts';
import { VIRTUAL_LAST } from '#shared/units.ts';
import type { MemoryChunk } from '#shared/model/index.ts';
import { CHUNK_SIZE, ChunkCache } from '../../../src/renderer/src/features/memory/chunk-cache.ts';

const size = BigInt(CHUNK_SIZE);

/** A reader whose answers come when the test says so. */
function reader() {
  const calls: { address: bigint; length: number; answer: () => void; fail: () => void }[] = [];
  const read = (address: bigint, length: number): Promise<MemoryChunk> =>
    new Promise((resolve, reject) => {
      const chunk: MemoryChunk = { address, bytes: new Uint8Array(length), spans: [{ start: 0, end: length, state: 'present' }] };
      calls.push({ address, length, answer: () => resolve(chunk), fail: () => reject(new Error('the engine is gone')) });
    });
  return { calls, read };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe('chunk cache', () => {
  test('asks for at most READ_LIMIT bytes, and for no byte beyond the space', () => {
    const { calls, read } = reader();
    const cache = new ChunkCache(read, VIRTUAL_LAST, () => {});
    cache.want([VIRTUAL_LAST]);
    expect(calls[0]!.length).toBeLessThanOrEqual(READ_LIMIT);
    expect(calls[0]!.address + BigInt(calls[0]!.length)).toBe(1n << 64n);
    const short = new ChunkCache(read, 99n, () => {});
    short.want([0n]);
    expect(calls[1]!.length).toBe(100);
  });

  test('forgets what was wished for and not begun when the wish changes', async () => {
    const { calls, read } = reader();
    const cache = new ChunkCache(read, VIRTUAL_LAST, () => {});
    cache.want([0n, size, 2n * size, 3n * size]);
    expect(calls.map((call) => call.address)).toEqual([0n, size]);
    cache.want([100n * size]);
    calls[0]!.answer();
    await settled();
    expect(calls.map((call) => call.address)).toEqual([0n, size, 100n * size]);
  });

  test('does not ask twice for what is here or on its way', async () => {
    const { calls, read } = reader();
    const arrived: bigint[] = [];
    const cache = new ChunkCache(read, VIRTUAL_LAST, (_, address) => arrived.push(address));
    cache.want([5n]);
    cache.want([7n]);
    calls[0]!.answer();
    await settled();
    cache.want([9n]);
    expect(calls).toHaveLength(1);
    expect(arrived).toEqual([0n]);
    expect(cache.peek(123n)).toMatchObject({ kind: 'data' });
  });

  test('drops what arrives after a reset: it belongs to another space', async () => {
    const { calls, read } = reader();
    let arrivals = 0;
    const cache = new ChunkCache(read, VIRTUAL_LAST, () => arrivals++);
    cache.want([0n]);
    cache.reset(VIRTUAL_LAST);
    calls[0]!.answer();
    await settled();
    expect(arrivals).toBe(0);
    expect(cache.peek(0n)).toBeUndefined();
  });

  test('a failed read is shown as failed and tried again only when asked to', async () => {
    const { calls, read } = reader();
    const cache = new ChunkCache(read, VIRTUAL_LAST, () => {});
    cache.want([0n]);
    calls[0]!.fail();
    await settled();
    expect(cache.peek(0n)).toEqual({ kind: 'failed', message: 'the engine is gone' });
    cache.want([0n]);
    expect(calls).toHaveLength(1);
    cache.retry();
    cache.want([0n]);
    expect(calls).toHaveLength(2);
  });

  test('keeps a bounded number of chunks, the latest used', async () => {
    const cache = new ChunkCache(
      async (address, length) => ({ address, bytes: new Uint8Array(length), spans: [] }),
      VIRTUAL_LAST,
      () => {},
    );
    for (let nth = 0n; nth < 100n; nth++) {
      cache.want([nth * size]);
      await settled();
      cache.peek(0n);
    }
    expect(cache.peek(0n)).toBeDefined();
    expect(cache.peek(size)).toBeUndefined();
    expect(cache.peek(99n * size)).toBeDefined();
  });
});
