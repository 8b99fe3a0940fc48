/** The steps of an export, in order, and which of them the engine's phase belongs to. */

export interface ExportStep {
  title: string;
  /** What the engine calls it, in one format or another. */
  phases: readonly string[];
  /** Progress counts bytes of memory. */
  bytes: boolean;
}

export const EXPORT_STEPS: readonly ExportStep[] = [
  { title: 'Plan', phases: ['planning the file', 'following page tables', 'looking for VMCOREINFO'], bytes: false },
  { title: 'Find zero pages', phases: ['looking for zero pages'], bytes: true },
  { title: 'Write', phases: ['writing memory', 'compressing memory'], bytes: true },
  { title: 'Verify', phases: ['opening the written file', 'verifying'], bytes: true },
  { title: 'Sync to disk', phases: ['syncing to disk'], bytes: false },
];

/** Index of the phase's step; a phase that is not known here belongs to planning, which is where formats differ. */
export function stepOf(phase: string | undefined): number {
  const found = EXPORT_STEPS.findIndex(({ phases }) => phases.includes(phase ?? ''));
  return Math.max(0, found);
}
