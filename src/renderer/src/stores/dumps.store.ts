/** The open dumps, which of them is looked at, the one being opened, and those that did not open. */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { DumpLocation } from '#shared/contract.ts';
import { filesOf } from '#shared/dump-location.ts';
import { WorkbenchError, type ErrorCode } from '#shared/errors.ts';
import type { DumpSummary, JobProgress, OpenOptions } from '#shared/model/index.ts';
import { useWorkbench } from '../api/workbench.ts';
import { titleToOpen } from './dump-title.ts';
import { useJobsStore } from './jobs.store.ts';

export interface Opening {
  location: DumpLocation;
  options: OpenOptions;
  /** For the words on screen: file name or sample id, with what tells it from others. */
  name: string;
}

export interface RunningOpening extends Opening {
  jobId: string;
  /** Which of several files this is, from 1 on; undefined for a single dump. */
  turn?: { at: number; of: number };
}

export interface FailedOpening extends Opening {
  error: WorkbenchError;
}

/** What several files may turn out to be that are not the parts of one dump: a dump each. `unknown-format`: the first of them is not even a dump. */
const SEPARATE: readonly ErrorCode[] = ['not-one-dump', 'unknown-format'];

function nameOf(location: DumpLocation, options: OpenOptions): string {
  if (location.kind === 'sample') return location.id;
  const files = filesOf(location);
  const first = files[0] ?? '';
  return titleToOpen(first.split(/[\\/]/).pop() ?? first, files, options);
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
  const opening = shallowRef<RunningOpening | null>(null);
  const openingProgress = computed<JobProgress | null>(() => (opening.value && jobs.byId[opening.value.jobId]?.progress) ?? null);
  /** Of the last opening, until acknowledged. */
  const failures = shallowRef<readonly FailedOpening[]>([]);
  /** Dumps whose engine went away, with the reason, until acknowledged. */
  const lost = shallowRef<{ name: string; message: string } | null>(null);

  function put(summary: DumpSummary): void {
    const known = dumps.value.some((dump) => dump.dumpId === summary.dumpId);
    dumps.value = known ? dumps.value.map((dump) => (dump.dumpId === summary.dumpId ? summary : dump)) : [...dumps.value, summary];
  }

  /** One call; what comes of it is the caller's to show. */
  async function attempt(location: DumpLocation, options: OpenOptions, turn?: RunningOpening['turn']): Promise<DumpSummary | FailedOpening> {
    const name = nameOf(location, options);
    const jobId = jobs.begin('open', name);
    opening.value = { jobId, location, options, name, turn };
    try {
      const summary = await useWorkbench().openDump({ location, jobId, options });
      put(summary);
      activeId.value = summary.dumpId;
      return summary;
    } catch (thrown) {
      return { location, options, name, error: asWorkbenchError(thrown) };
    } finally {
      jobs.end(jobId);
      if (opening.value?.jobId === jobId) opening.value = null;
    }
  }

  /** The files of a set that are not one dump, each on its own; a cancel ends it. Resolves with the first that opened. */
  async function openEach(paths: readonly string[], options: OpenOptions): Promise<DumpSummary | null> {
    let first: DumpSummary | null = null;
    for (const [index, path] of paths.entries()) {
      const outcome = await attempt({ kind: 'path', path }, options, { at: index + 1, of: paths.length });
      if (!('error' in outcome)) first ??= outcome;
      else if (outcome.error.code === 'cancelled') break;
      else failures.value = [...failures.value, outcome];
    }
    if (first) activeId.value = first.dumpId;
    return first;
  }

  /** Resolves with the dump, or with null when it failed (`failures` say why) or was cancelled. Files that are not one dump become several. */
  async function open(location: DumpLocation, options: OpenOptions = {}): Promise<DumpSummary | null> {
    failures.value = [];
    const outcome = await attempt(location, options);
    if (!('error' in outcome)) return outcome;
    if (location.kind === 'set' && SEPARATE.includes(outcome.error.code)) return openEach(location.paths, options);
    if (outcome.error.code !== 'cancelled') failures.value = [outcome];
    return null;
  }

  function cancelOpening(): void {
    if (opening.value) void jobs.cancel(opening.value.jobId);
  }

  function dismiss(failure: FailedOpening): void {
    failures.value = failures.value.filter((other) => other !== failure);
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

  return { dumps, activeId, active, opening, openingProgress, failures, lost, open, cancelOpening, dismiss, close, select, restore, refresh, lose };
});
