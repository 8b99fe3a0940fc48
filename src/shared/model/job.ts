/** Long work that shows progress and can be cancelled. The caller chooses the id, so that it can cancel before the first answer. */
export interface JobProgress {
  jobId: string;
  kind: 'open' | 'export' | 'search';
  /** What it does now: "reading RAM pages". */
  phase: string;
  done: number;
  total: number;
  bytesPerSecond: number;
  /** Null until it can be told. */
  secondsLeft: number | null;
}
