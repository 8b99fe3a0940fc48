/** What is known of the kernels of the open dumps, by dump: read when first asked for, kept while the dump is open. */
import { computed, shallowReactive, watch } from 'vue';
import type { ComputedRef } from 'vue';
import { LOG_LIMIT } from '#shared/contract.ts';
import type { WorkbenchError } from '#shared/errors.ts';
import type { LinuxLogLine, LinuxModuleList, LinuxOverview, LinuxTaskList } from '#shared/model/index.ts';
import { useWorkbench } from '../../api/workbench.ts';
import { asWorkbenchError, useDumpsStore } from '../../stores/dumps.store.ts';

/** One answer: neither of both while it is on its way. */
export interface Answer<Value> {
  value: Value | null;
  error: WorkbenchError | null;
}

export interface LogAnswer {
  lines: readonly LinuxLogLine[];
  /** False while more lines are on their way. */
  complete: boolean;
  /** Why there is nothing or not all. */
  problem?: string;
}

interface Kernel {
  overview?: Answer<LinuxOverview>;
  log?: Answer<LogAnswer>;
  tasks?: Answer<LinuxTaskList>;
  modules?: Answer<LinuxModuleList>;
}

export interface LinuxData {
  overview: ComputedRef<Answer<LinuxOverview>>;
  log: ComputedRef<Answer<LogAnswer>>;
  tasks: ComputedRef<Answer<LinuxTaskList>>;
  modules: ComputedRef<Answer<LinuxModuleList>>;
  /** Reads it if nobody did. */
  need: (part: keyof Kernel) => void;
  /** Forgets all answers of the active dump, and reads the overview again: something else is known now. */
  reload: () => void;
}

const kernels = shallowReactive(new Map<string, Kernel>());
/** Milliseconds between two looks at a log that is still coming. */
const REPORT_PERIOD = 400;
const NOTHING = { value: null, error: null };

const READERS: {
  [Part in keyof Required<Kernel>]: (dumpId: string, report: (value: NonNullable<Required<Kernel>[Part]['value']>) => boolean) => Promise<void>;
} = {
  overview: async (dumpId, report) => void report(await useWorkbench().getLinux({ dumpId })),
  tasks: async (dumpId, report) => void report(await useWorkbench().listLinuxTasks({ dumpId })),
  modules: async (dumpId, report) => void report(await useWorkbench().listLinuxModules({ dumpId })),
  async log(dumpId, report) {
    const lines: LinuxLogLine[] = [];
    let reported = -Infinity;
    for (let from: number | null = 0; from !== null;) {
      const part = await useWorkbench().readLinuxLog({ dumpId, from, limit: LOG_LIMIT });
      lines.push(...part.lines);
      from = part.next;
      if (from !== null && performance.now() - reported < REPORT_PERIOD) continue;
      reported = performance.now();
      if (!report({ lines: lines.slice(), complete: from === null, problem: part.problem })) return;
    }
  },
};

/** Answers that come after the dump was closed, or after a reload, are dropped. */
async function read<Part extends keyof Kernel>(dumpId: string, part: Part): Promise<void> {
  let mine: Kernel[Part] = NOTHING as Kernel[Part];
  const set = (answer: Answer<unknown>): boolean => {
    const kernel = kernels.get(dumpId);
    if (!kernel || kernel[part] !== mine) return false;
    mine = answer as Kernel[Part];
    kernels.set(dumpId, { ...kernel, [part]: mine });
    return true;
  };
  kernels.set(dumpId, { ...kernels.get(dumpId), [part]: (mine = { value: null, error: null } as Kernel[Part]) });
  try {
    await READERS[part](dumpId, (value) => set({ value, error: null }));
  } catch (error) {
    set({ value: null, error: asWorkbenchError(error) });
  }
}

export function useLinuxData(): LinuxData {
  const dumps = useDumpsStore();
  const kernel = computed<Kernel>(() => kernels.get(dumps.activeId ?? '') ?? {});

  function need(part: keyof Kernel): void {
    if (dumps.activeId && !kernels.get(dumps.activeId)?.[part]) void read(dumps.activeId, part);
  }

  watch(
    () => dumps.dumps.map((dump) => dump.dumpId),
    (open) => {
      for (const id of kernels.keys()) if (!open.includes(id)) kernels.delete(id);
    },
  );

  return {
    overview: computed(() => kernel.value.overview ?? NOTHING),
    log: computed(() => kernel.value.log ?? NOTHING),
    tasks: computed(() => kernel.value.tasks ?? NOTHING),
    modules: computed(() => kernel.value.modules ?? NOTHING),
    need,
    reload() {
      if (!dumps.activeId) return;
      kernels.delete(dumps.activeId);
      need('overview');
    },
  };
}
