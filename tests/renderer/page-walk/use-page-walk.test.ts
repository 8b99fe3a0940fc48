import { cpuView } from '../cpu-view.ts';
import { describe, expect, it } from 'vitest';
import { effectScope, nextTick, ref, shallowRef } from 'vue';
import { BYTES_SHOWN, loadWalk, usePageWalk, type WalkQuery } from '../../../src/renderer/src/features/page-walk/use-page-walk.ts';
import { otherRoot } from '../../../src/renderer/src/features/page-walk/use-compared-walk.ts';
import type { Walk } from '../../../src/shared/model/index.ts';
import { makeTable, nonCanonical, tinyReadOnly, tinyTableMissing } from './real-walks.ts';

type Api = Parameters<typeof loadWalk>[0];

/** A workbench that answers with the engine's walks, each when it is told to. */
function slowWorkbench(walks: ReadonlyMap<bigint, Walk>) {
  const waiting = new Map<bigint, () => void>();
  const asked: string[] = [];
  const api: Api = {
    walk: ({ address }) =>
      new Promise((resolve, reject) => {
        const walk = walks.get(address);
        waiting.set(address, () => (walk ? resolve(walk) : reject(new Error('no such address'))));
      }),
    readPageTable: ({ table, level, virtual }) => {
      asked.push(`table ${level} ${table.toString(16)}`);
      return Promise.resolve(makeTable(table, level, {}, virtual));
    },
    readMemory: ({ space, address, length }) => {
      asked.push(`${space} ${address.toString(16)} ${length}`);
      return Promise.resolve({ address, bytes: new Uint8Array(length), spans: [] });
    },
  };
  const answer = async (address: bigint) => {
    waiting.get(address)?.();
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    await nextTick();
  };
  return { api, answer, asked };
}

const query = (address: bigint, dumpId = 'a'): WalkQuery => ({ dumpId, address, root: { kind: 'cpu', cpu: 0 } });
const KNOWN = new Map([tinyReadOnly, tinyTableMissing, nonCanonical].map((walk) => [walk.address, walk]));

describe('loading a walk', () => {
  it('reads every table that the dump holds, and the bytes at the physical address', async () => {
    const { api, answer, asked } = slowWorkbench(KNOWN);
    const loading = loadWalk(api, query(tinyReadOnly.address));
    await answer(tinyReadOnly.address);
    const loaded = await loading;
    expect(asked).toEqual(['table 4 200000', 'table 3 201000', 'table 2 204000', 'table 1 205000', `gpa 300000 ${BYTES_SHOWN}`]);
    expect([...loaded.tables.keys()]).toEqual([4, 3, 2, 1]);
  });
  it('does not ask for a table that is not in the dump, nor for bytes of no page', async () => {
    const { api, answer, asked } = slowWorkbench(KNOWN);
    const loading = loadWalk(api, query(tinyTableMissing.address));
    await answer(tinyTableMissing.address);
    expect((await loading).bytes).toBeNull();
    expect(asked).toEqual(['table 4 200000', 'table 3 202000']);
  });
});

describe('following a query', () => {
  function follow() {
    const workbench = slowWorkbench(KNOWN);
    const asked = shallowRef<WalkQuery | null>(null);
    const revision = ref(0);
    const scope = effectScope();
    const walk = scope.run(() => usePageWalk(() => workbench.api, asked, revision));
    if (!walk) throw new Error('no scope');
    return { ...workbench, query: asked, revision, walk };
  }

  it('drops an answer that was overtaken', async () => {
    const { walk, query: asked, answer } = follow();
    asked.value = query(tinyReadOnly.address);
    await nextTick();
    asked.value = query(nonCanonical.address);
    await nextTick();
    await answer(nonCanonical.address);
    await answer(tinyReadOnly.address);
    expect(walk.loaded.value?.walk).toBe(nonCanonical);
    expect(walk.loading.value).toBe(false);
  });
  it('keeps the last walk while the next loads, but not that of another dump', async () => {
    const { walk, query: asked, answer } = follow();
    asked.value = query(nonCanonical.address);
    await nextTick();
    await answer(nonCanonical.address);
    asked.value = query(tinyReadOnly.address);
    await nextTick();
    expect(walk.loaded.value?.walk).toBe(nonCanonical);
    asked.value = query(tinyReadOnly.address, 'b');
    await nextTick();
    expect(walk.loaded.value).toBeNull();
  });
  it('walks again when memory lies elsewhere', async () => {
    const { walk, query: asked, answer, revision } = follow();
    asked.value = query(nonCanonical.address);
    await nextTick();
    await answer(nonCanonical.address);
    revision.value++;
    await nextTick();
    expect(walk.loading.value).toBe(true);
  });
  it('reports what failed, and forgets it with the next question', async () => {
    const { walk, query: asked, answer } = follow();
    asked.value = query(1n);
    await nextTick();
    await answer(1n);
    expect(walk.error.value?.message).toBe('no such address');
    asked.value = query(nonCanonical.address);
    await nextTick();
    expect(walk.error.value).toBeNull();
  });
});

describe('the second root', () => {
  const cpu = (index: number, root: number | null) => cpuView({ index, paging: { root } });
  it('is that of another CPU with other tables', () =>
    expect(otherRoot({ kind: 'cpu', cpu: 0 }, [cpu(0, 0x1000), cpu(1, 0x1000), cpu(2, 0x2000)])).toEqual({ kind: 'cpu', cpu: 2 }));
  it('is the same root where all CPUs use one', () =>
    expect(otherRoot({ kind: 'cpu', cpu: 0 }, [cpu(0, 0x1000), cpu(1, 0x1000)])).toEqual({ kind: 'cpu', cpu: 0 }));
});
