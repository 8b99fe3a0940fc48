/** Exports: the one being planned or written for each dump. Outlives the dialog, so that writing can be left running. */
import { defineStore } from 'pinia';
import { computed, shallowReactive, watch } from 'vue';
import { formatAddress } from '#shared/address-text.ts';
import type { WorkbenchError } from '#shared/errors.ts';
import { parseLength } from '#shared/length-text.ts';
import type { ExportOptions, ExportPlan, ExportReport } from '#shared/model/index.ts';
import { PHYSICAL_LIMIT } from '#shared/units.ts';
import { useWorkbench } from '../api/workbench.ts';
import { asWorkbenchError, useDumpsStore } from './dumps.store.ts';
import { draftOf, FRESH_DRAFT, isRanged, keptChoices, optionsOf, type ExportDraft, type ExportRange } from './export-draft.ts';
import { useJobsStore } from './jobs.store.ts';
import { useLocationStore } from './location.store.ts';
import { usePreferencesStore } from './preferences.store.ts';
import { useShellStore } from './shell.store.ts';

export interface ExportState {
  draft: ExportDraft;
  /** What the plan is of, and what will be written. */
  options: ExportOptions;
  plan: ExportPlan | null;
  /** The choices are being planned; the plan is still that of earlier ones. */
  planning: boolean;
  /** Why the choices cannot be planned. */
  planError: WorkbenchError | null;
  /** What is wrong with the range as typed; empty where nothing is, or nothing is typed yet. */
  issues: RangeIssues;
  /** The range as it is understood; null where there is none. */
  range: ExportRange | null;
  /** Set while the file is being written. */
  jobId: string | null;
  target: string | null;
  report: ExportReport | null;
  /** Why it was not written. */
  error: WorkbenchError | null;
}

export interface RangeIssues {
  begin?: string;
  length?: string;
}

const FRESH: ExportState = {
  draft: FRESH_DRAFT,
  options: optionsOf(FRESH_DRAFT),
  plan: null,
  planning: false,
  planError: null,
  issues: {},
  range: null,
  jobId: null,
  target: null,
  report: null,
  error: null,
};

/** Milliseconds without a change after which the choices are planned. */
const PAUSE = 150;

export const useExportsStore = defineStore('exports', () => {
  const dumps = useDumpsStore();
  const jobs = useJobsStore();
  const location = useLocationStore();
  const shell = useShellStore();
  const preferences = usePreferencesStore();
  const byDump = shallowReactive(new Map<string, ExportState>());
  /** Choices by the dump's path, for when it is opened again. */
  const remembered = new Map<string, ExportDraft>();
  /** Counts plans, so that an answer to earlier choices is known as one. */
  let ticket = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const current = computed(() => byDump.get(dumps.activeId ?? '') ?? startOf(dumps.active?.path));
  const progress = computed(() => (current.value.jobId ? (jobs.byId[current.value.jobId]?.progress ?? null) : null));

  function startOf(path: string | undefined): ExportState {
    const draft = remembered.get(path ?? '') ?? draftOf(preferences.exporting);
    return { ...FRESH, draft, options: optionsOf(draft) };
  }

  function change(dumpId: string, part: Partial<ExportState>): void {
    byDump.set(dumpId, { ...(byDump.get(dumpId) ?? startOf(pathOf(dumpId))), ...part });
  }

  function pathOf(dumpId: string): string | undefined {
    return dumps.dumps.find((dump) => dump.dumpId === dumpId)?.path;
  }

  /** Takes a choice, and plans when no more come. */
  function choose(part: Partial<ExportDraft>): void {
    const dumpId = dumps.activeId;
    if (!dumpId || current.value.jobId) return;
    const draft = { ...current.value.draft, ...part };
    change(dumpId, { draft, planning: true, error: null });
    const path = pathOf(dumpId);
    if (path !== undefined) remembered.set(path, draft);
    preferences.exporting = keptChoices(draft);
    // What is under way is for other choices.
    ticket++;
    clearTimeout(timer);
    timer = setTimeout(() => void plan(), PAUSE);
  }

  /** Works out what the file will hold, now. */
  async function plan(): Promise<void> {
    const dumpId = dumps.activeId;
    if (!dumpId || current.value.jobId) return;
    clearTimeout(timer);
    const mine = ++ticket;
    const { draft } = current.value;
    change(dumpId, { planning: true, report: null });
    const put = (part: Partial<ExportState>) => {
      if (mine === ticket) change(dumpId, { planning: false, ...part });
    };
    try {
      const { range, issues } = isRanged(draft) ? await readRange(dumpId, draft) : { range: null, issues: {} };
      // Choices that were made meanwhile have their own plan under way.
      if (mine !== ticket) return;
      change(dumpId, { range, issues });
      if (isRanged(draft) && !range) return put({ plan: null, planError: null });
      const options = optionsOf(draft, range ?? undefined);
      const planned = await useWorkbench().planExport({ dumpId, options });
      put({ options, plan: planned, planError: null });
    } catch (error) {
      put({ plan: null, planError: asWorkbenchError(error) });
    }
  }

  /** The start is anything that Ctrl+G understands as a guest-physical address. */
  async function readRange(dumpId: string, { begin, length }: ExportDraft): Promise<{ range: ExportRange | null; issues: RangeIssues }> {
    const issues: RangeIssues = {};
    const targets = begin.trim() === '' ? [] : await useWorkbench().resolveText({ dumpId, text: begin, root: location.root });
    const start = targets.find(({ space, address }) => space === 'gpa' && address < BigInt(PHYSICAL_LIMIT));
    if (begin.trim() !== '' && !start) {
      issues.begin = targets.length > 0 ? 'Leads to no guest-physical address.' : 'Not an address: try 100000, pfn:100 or a RAM block + offset.';
    }
    const size = parseLength(length);
    if (length.trim() !== '') {
      if (size === undefined) issues.length = 'Not a size: try 64M, 0x1000 or 4096.';
      else if (size === 0) issues.length = 'A range has at least one byte.';
      else if (start && Number(start.address) + size > PHYSICAL_LIMIT) issues.length = `Goes beyond ${formatAddress(PHYSICAL_LIMIT - 1)}.`;
    }
    const range = start && size && !issues.length ? { begin: Number(start.address), length: size } : null;
    return { range, issues };
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
      shell.announcement = error.code === 'cancelled' ? 'Export cancelled; nothing was left behind' : 'Export failed; File > Export says why';
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

  // A closed dump's plan is of no use; its choices are kept.
  watch(
    () => dumps.dumps,
    (open) => {
      for (const [dumpId, { jobId }] of byDump) if (!jobId && !open.some((dump) => dump.dumpId === dumpId)) byDump.delete(dumpId);
    },
  );

  return { current, progress, choose, plan, start, show };
});
