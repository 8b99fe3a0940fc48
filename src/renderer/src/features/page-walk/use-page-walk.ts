/** Loads what one drawing of a walk shows: the walk, the tables it goes through, and the bytes at its end. The last good walk stays while the next loads. */
import { ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue';
import type { WorkbenchApi } from '#shared/contract.ts';
import type { MemoryChunk, PageTableView, RootChoice, StepConclusion, Walk } from '#shared/model/index.ts';

import { isTreeWalk } from './address-fields.ts';

/** Bytes shown of the page at the end. */
export const BYTES_SHOWN = 64;

export interface WalkQuery {
  dumpId: string;
  address: bigint;
  root: RootChoice;
}

export interface LoadedWalk {
  query: WalkQuery;
  walk: Walk;
  /** By level. A table that the dump does not hold, or that could not be read, is absent. */
  tables: ReadonlyMap<number, PageTableView>;
  /** From the physical address on; null where there is no page. */
  bytes: MemoryChunk | null;
}

export interface PageWalk {
  loaded: Readonly<ShallowRef<LoadedWalk | null>>;
  loading: Readonly<Ref<boolean>>;
  error: Readonly<ShallowRef<Error | null>>;
  reload: () => Promise<void>;
}

const UNREADABLE: readonly StepConclusion['kind'][] = ['table-missing', 'outside-table', 'below-fault'];

type Api = Pick<WorkbenchApi, 'walk' | 'readPageTable' | 'readMemory'>;

export async function loadWalk(api: Api, query: WalkQuery): Promise<LoadedWalk> {
  const { dumpId, address, root } = query;
  const walk = await api.walk({ dumpId, address, root });
  // A hashed page table is no tree of tables, and outside of a table there are no entries to show.
  const readable = isTreeWalk(walk) ? walk.steps.filter(({ conclusion }) => !UNREADABLE.includes(conclusion.kind)) : [];
  const [views, bytes] = await Promise.all([
    Promise.all(readable.map(({ table, level }) => api.readPageTable({ dumpId, table, level, virtual: address, root }))),
    walk.result.kind === 'page'
      ? api.readMemory({ dumpId, space: 'gpa', address: BigInt(walk.result.physical), length: BYTES_SHOWN, root })
      : Promise.resolve(null),
  ]);
  return { query, walk, tables: new Map(views.map((view) => [view.level, view])), bytes };
}

/** Loads on every change of `query`, and of `revision`: anything that changes when memory lies elsewhere (a corrected map). */
export function usePageWalk(api: () => Api, query: Readonly<Ref<WalkQuery | null>>, revision: Readonly<Ref<unknown>>): PageWalk {
  const loaded = shallowRef<LoadedWalk | null>(null);
  const loading = ref(false);
  const error = shallowRef<Error | null>(null);
  // An answer that was overtaken by another question is dropped.
  let serial = 0;

  async function reload(): Promise<void> {
    const asked = ++serial;
    const now = query.value;
    if (now === null || loaded.value?.query.dumpId !== now.dumpId) loaded.value = null;
    error.value = null;
    loading.value = now !== null;
    if (now === null) return;
    try {
      const answer = await loadWalk(api(), now);
      if (asked === serial) loaded.value = answer;
    } catch (thrown) {
      if (asked === serial) error.value = thrown instanceof Error ? thrown : new Error(String(thrown));
    } finally {
      if (asked === serial) loading.value = false;
    }
  }

  watch([query, revision], () => void reload(), { immediate: true });
  return { loaded, loading, error, reload };
}
