/** What every panel needs of the active dump: its CPUs and its memory map, loaded once per dump, with the user's corrections and their undo. */
import { defineStore } from 'pinia';
import { computed, shallowReactive, watch } from 'vue';
import type { WorkbenchError } from '#shared/errors.ts';
import type { CpuView, MemoryMap, RegionCorrection } from '#shared/model/index.ts';
import { useWorkbench } from '../api/workbench.ts';
import { asWorkbenchError, useDumpsStore } from './dumps.store.ts';

interface DumpData {
  cpus: readonly CpuView[];
  memoryMap: MemoryMap | null;
  loading: boolean;
  error: WorkbenchError | null;
  corrections: readonly RegionCorrection[];
  undone: readonly (readonly RegionCorrection[])[];
  done: readonly (readonly RegionCorrection[])[];
}

const EMPTY: DumpData = { cpus: [], memoryMap: null, loading: false, error: null, corrections: [], undone: [], done: [] };

export const useDumpDataStore = defineStore('dump-data', () => {
  const dumps = useDumpsStore();
  const byDump = shallowReactive(new Map<string, DumpData>());
  const data = computed<DumpData>(() => byDump.get(dumps.activeId ?? '') ?? EMPTY);

  function change(dumpId: string, part: Partial<DumpData>): void {
    byDump.set(dumpId, { ...(byDump.get(dumpId) ?? EMPTY), ...part });
  }

  async function load(dumpId: string): Promise<void> {
    change(dumpId, { loading: true, error: null });
    try {
      const [cpus, memoryMap] = await Promise.all([useWorkbench().getCpus({ dumpId }), useWorkbench().getMemoryMap({ dumpId })]);
      change(dumpId, { cpus, memoryMap, loading: false, corrections: memoryMap.corrections });
    } catch (error) {
      change(dumpId, { loading: false, error: asWorkbenchError(error) });
    }
  }

  async function apply(dumpId: string, corrections: readonly RegionCorrection[], history: Pick<DumpData, 'done' | 'undone'>): Promise<void> {
    const memoryMap = await useWorkbench().correctMemoryMap({ dumpId, corrections: [...corrections] });
    change(dumpId, { memoryMap, corrections, ...history });
    await dumps.refresh(dumpId);
  }

  /** Replaces all corrections. Rejects with a WorkbenchError, and changes nothing, when the engine refuses them. */
  async function correct(corrections: readonly RegionCorrection[]): Promise<void> {
    if (!dumps.activeId) return;
    await apply(dumps.activeId, corrections, { done: [...data.value.done, data.value.corrections], undone: [] });
  }

  async function undo(): Promise<void> {
    const previous = data.value.done.at(-1);
    if (!dumps.activeId || !previous) return;
    const undone = [...data.value.undone, data.value.corrections];
    await apply(dumps.activeId, previous, { done: data.value.done.slice(0, -1), undone });
  }

  async function redo(): Promise<void> {
    const next = data.value.undone.at(-1);
    if (!dumps.activeId || !next) return;
    const done = [...data.value.done, data.value.corrections];
    await apply(dumps.activeId, next, { done, undone: data.value.undone.slice(0, -1) });
  }

  async function reload(): Promise<void> {
    if (dumps.activeId) await load(dumps.activeId);
  }

  watch(
    () => dumps.activeId,
    (dumpId) => {
      if (dumpId && !byDump.has(dumpId)) void load(dumpId);
    },
    { immediate: true },
  );
  watch(
    () => dumps.dumps.map((dump) => dump.dumpId),
    (open) => {
      for (const dumpId of byDump.keys()) if (!open.includes(dumpId)) byDump.delete(dumpId);
    },
  );

  return {
    cpus: computed(() => data.value.cpus),
    memoryMap: computed(() => data.value.memoryMap),
    loading: computed(() => data.value.loading),
    error: computed(() => data.value.error),
    corrections: computed(() => data.value.corrections),
    canUndo: computed(() => data.value.done.length > 0),
    canRedo: computed(() => data.value.undone.length > 0),
    load,
    correct,
    undo,
    redo,
    reload,
  };
});
