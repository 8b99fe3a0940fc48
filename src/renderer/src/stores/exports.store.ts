/** Exports: the one being planned or written for each dump. Outlives the dialog, so that writing can be left running. */
import { defineStore } from 'pinia';
import { computed, shallowReactive } from 'vue';
import type { WorkbenchError } from '#shared/errors.ts';
import type { ExportOptions, ExportPlan, ExportReport } from '#shared/model/index.ts';
import { useWorkbench } from '../api/workbench.ts';
import { asWorkbenchError, useDumpsStore } from './dumps.store.ts';
import { useJobsStore } from './jobs.store.ts';
import { useShellStore } from './shell.store.ts';

export interface ExportState {
  options: ExportOptions;
  plan: ExportPlan | null;
  /** Set while the file is being written. */
  jobId: string | null;
  target: string | null;
  report: ExportReport | null;
  error: WorkbenchError | null;
}

const FRESH: ExportState = { options: { format: 'elf', layout: 'portable' }, plan: null, jobId: null, target: null, report: null, error: null };

export const useExportsStore = defineStore('exports', () => {
  const dumps = useDumpsStore();
  const jobs = useJobsStore();
  const shell = useShellStore();
  const byDump = shallowReactive(new Map<string, ExportState>());
  const current = computed(() => byDump.get(dumps.activeId ?? '') ?? FRESH);
  const progress = computed(() => (current.value.jobId ? (jobs.byId[current.value.jobId]?.progress ?? null) : null));

  function change(dumpId: string, part: Partial<ExportState>): void {
    byDump.set(dumpId, { ...(byDump.get(dumpId) ?? FRESH), ...part });
  }

  /** Works out what the file will hold; called when the dialog opens and when an option changes. */
  async function plan(options: ExportOptions): Promise<void> {
    const dumpId = dumps.activeId;
    if (!dumpId || current.value.jobId) return;
    change(dumpId, { options, plan: null, error: null, report: null });
    try {
      const planned = await useWorkbench().planExport({ dumpId, options });
      // A later choice has its own answer under way.
      if (byDump.get(dumpId)?.options.layout === options.layout) change(dumpId, { plan: planned });
    } catch (error) {
      change(dumpId, { error: asWorkbenchError(error) });
    }
  }

  async function start(target: string): Promise<void> {
    const dumpId = dumps.activeId;
    if (!dumpId || current.value.jobId) return;
    const { options } = current.value;
    const jobId = jobs.begin('export', target.split(/[\\/]/).pop() ?? target);
    change(dumpId, { jobId, target, report: null, error: null });
    try {
      const report = await useWorkbench().exportDump({ dumpId, options, target, jobId });
      change(dumpId, { report });
      shell.announcement = `Exported to ${report.target}; File > Export shows the report`;
    } catch (thrown) {
      const error = asWorkbenchError(thrown);
      shell.announcement = error.code === 'cancelled' ? 'Export cancelled; nothing was left behind' : 'Export failed';
      if (error.code !== 'cancelled') change(dumpId, { error });
    } finally {
      change(dumpId, { jobId: null });
      jobs.end(jobId);
    }
  }

  /** Shows the export behind a job: brings its dump to the front and opens the dialog. */
  function show(jobId: string): void {
    const dumpId = [...byDump].find(([, state]) => state.jobId === jobId)?.[0];
    if (dumpId === undefined) return;
    dumps.select(dumpId);
    shell.dialog = 'export';
  }

  /** Back to the choices, after a report or an error. */
  function again(): Promise<void> {
    return plan(current.value.options);
  }

  return { current, progress, plan, start, show, again };
});
