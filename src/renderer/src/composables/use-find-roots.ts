/** Looks for the page tables of a dump whose CPUs do not say where theirs are: one search for all panels, and what it found. */
import { computed, shallowReactive } from 'vue';
import type { WorkbenchError } from '#shared/errors.ts';
import type { JobProgress, RootSearch } from '#shared/model/index.ts';
import { useWorkbench } from '../api/workbench.ts';
import { useDumpDataStore } from '../stores/dump-data.store.ts';
import { asWorkbenchError, useDumpsStore } from '../stores/dumps.store.ts';
import { useJobsStore } from '../stores/jobs.store.ts';

interface Search {
  jobId: string | null;
  found: RootSearch | null;
  error: WorkbenchError | null;
}

/** By dump. */
const searches = shallowReactive(new Map<string, Search>());

export function useFindRoots() {
  const dumps = useDumpsStore();
  const data = useDumpDataStore();
  const jobs = useJobsStore();
  const search = computed(() => searches.get(dumps.activeId ?? ''));
  const jobId = computed(() => search.value?.jobId ?? null);
  const progress = computed<JobProgress | null>(() => (jobId.value !== null && jobs.byId[jobId.value]?.progress) || null);

  async function start(): Promise<RootSearch | null> {
    const dump = dumps.active;
    if (!dump || jobId.value !== null) return null;
    const { dumpId, name } = dump;
    const job = jobs.begin('search', name);
    searches.set(dumpId, { jobId: job, found: null, error: null });
    try {
      const found = await useWorkbench().findRoots({ dumpId, jobId: job });
      searches.set(dumpId, { jobId: null, found, error: null });
      // The CPUs now hold roots that were worked out.
      if (found.completed) await Promise.all([data.load(dumpId), dumps.refresh(dumpId)]);
      return found;
    } catch (thrown) {
      const error = asWorkbenchError(thrown);
      searches.set(dumpId, { jobId: null, found: null, error: error.code === 'cancelled' ? null : error });
      return null;
    } finally {
      jobs.end(job);
    }
  }

  return {
    running: computed(() => jobId.value !== null),
    progress,
    found: computed(() => search.value?.found ?? null),
    error: computed(() => search.value?.error ?? null),
    start,
    cancel: () => jobId.value !== null && jobs.cancel(jobId.value),
  };
}
