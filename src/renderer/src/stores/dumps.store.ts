/** The open dumps, which of them is looked at, and the one being opened. */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { DumpLocation } from '#shared/contract.ts';
import { WorkbenchError } from '#shared/errors.ts';
import type { DumpSummary, JobProgress } from '#shared/model/index.ts';
import { useWorkbench } from '../api/workbench.ts';
import { useJobsStore } from './jobs.store.ts';

/** An opening that runs (`error` is null) or that failed and waits to be acknowledged. */
export interface Opening {
  jobId: string;
  location: DumpLocation;
  /** File name or sample id, for the words on screen. */
  name: string;
  error: WorkbenchError | null;
}

function nameOf(location: DumpLocation): string {
  if (location.kind === 'sample') return location.id;
  const path = location.kind === 'set' ? (location.paths[0] ?? '') : location.path;
  return path.split(/[\\/]/).pop() ?? path;
}

export function asWorkbenchError(error: unknown): WorkbenchError {
  if (error instanceof WorkbenchError) return error;
  return new WorkbenchError('internal', error instanceof Error ? error.message : String(error));
}

export const useDumpsStore = defineStore('dumps', () => {
  const jobs = useJobsStore();
  const dumps = shallowRef<readonly DumpSummary[]>([]);
  const activeId = ref<string | null>(null);
  const active = computed<DumpSummary | undefined>(() => dumps.value.find((dump) => dump.dumpId === activeId.value));
  const opening = shallowRef<Opening | null>(null);
  const openingProgress = computed<JobProgress | null>(() => (opening.value && jobs.byId[opening.value.jobId]?.progress) ?? null);
  /** Dumps whose engine went away, with the reason, until acknowledged. */
  const lost = shallowRef<{ name: string; message: string } | null>(null);

  function put(summary: DumpSummary): void {
    const known = dumps.value.some((dump) => dump.dumpId === summary.dumpId);
    dumps.value = known ? dumps.value.map((dump) => (dump.dumpId === summary.dumpId ? summary : dump)) : [...dumps.value, summary];
  }

  /** Resolves with the dump, or with null when it failed (`opening.error` says why) or was cancelled. */
  async function open(location: DumpLocation): Promise<DumpSummary | null> {
    const name = nameOf(location);
    const jobId = jobs.begin('open', name);
    opening.value = { jobId, location, name, error: null };
    try {
      const summary = await useWorkbench().openDump({ location, jobId });
      put(summary);
      activeId.value = summary.dumpId;
      if (opening.value?.jobId === jobId) opening.value = null;
      return summary;
    } catch (thrown) {
      const error = asWorkbenchError(thrown);
      if (opening.value?.jobId === jobId) opening.value = error.code === 'cancelled' ? null : { jobId, location, name, error };
      return null;
    } finally {
      jobs.end(jobId);
    }
  }

  function cancelOpening(): void {
    if (opening.value) void jobs.cancel(opening.value.jobId);
  }

  function dismissError(): void {
    if (opening.value?.error) opening.value = null;
  }

  function forget(dumpId: string): void {
    const at = dumps.value.findIndex((dump) => dump.dumpId === dumpId);
    if (at < 0) return;
    dumps.value = dumps.value.filter((dump) => dump.dumpId !== dumpId);
    if (activeId.value === dumpId) activeId.value = (dumps.value[at] ?? dumps.value[at - 1])?.dumpId ?? null;
  }

  async function close(dumpId: string): Promise<void> {
    forget(dumpId);
    await useWorkbench().closeDump({ dumpId });
  }

  function select(dumpId: string): void {
    if (dumps.value.some((dump) => dump.dumpId === dumpId)) activeId.value = dumpId;
  }

  /** Takes over what the host has open: after a reload, in a second window, and after the server came back without some of them. */
  async function restore(): Promise<void> {
    const open = await useWorkbench().listDumps();
    for (const dump of dumps.value) if (!open.some((other) => other.dumpId === dump.dumpId)) forget(dump.dumpId);
    for (const summary of open) put(summary);
    activeId.value ??= dumps.value[0]?.dumpId ?? null;
  }

  /** Reads the summary again after something changed it (corrections). */
  async function refresh(dumpId: string): Promise<void> {
    put(await useWorkbench().describeDump({ dumpId }));
  }

  /** Takes a `dump-lost` event. */
  function lose(dumpId: string, message: string): void {
    const dump = dumps.value.find((candidate) => candidate.dumpId === dumpId);
    if (dump) lost.value = { name: dump.name, message };
    forget(dumpId);
  }

  return { dumps, activeId, active, opening, openingProgress, lost, open, cancelOpening, dismissError, close, select, restore, refresh, lose };
});
