/** Long work in flight, by job id: what the status bar shows and what can be cancelled. */
import { defineStore } from 'pinia';
import { computed, ref } from 'vue';
import type { JobProgress } from '#shared/model/index.ts';
import { useWorkbench } from '../api/workbench.ts';

export interface Job {
  jobId: string;
  kind: JobProgress['kind'];
  /** What it works on: a file name. */
  subject: string;
  /** Null until the first report. */
  progress: JobProgress | null;
  cancelling: boolean;
}

export const useJobsStore = defineStore('jobs', () => {
  const byId = ref<Record<string, Job>>({});
  const running = computed(() => Object.values(byId.value));

  /** Registers work that is about to start; the returned id goes into the call. */
  function begin(kind: Job['kind'], subject: string): string {
    const jobId = `${kind}-${crypto.randomUUID()}`;
    byId.value[jobId] = { jobId, kind, subject, progress: null, cancelling: false };
    return jobId;
  }

  /** Takes a `job` event. Reports of work that is over are dropped. */
  function receive(progress: JobProgress): void {
    const job = byId.value[progress.jobId];
    if (job) job.progress = progress;
  }

  function end(jobId: string): void {
    delete byId.value[jobId];
  }

  async function cancel(jobId: string): Promise<void> {
    const job = byId.value[jobId];
    if (!job) return;
    job.cancelling = true;
    await useWorkbench().cancelJob({ jobId });
  }

  return { byId, running, begin, receive, end, cancel };
});
