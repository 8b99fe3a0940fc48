/** VMCOREINFO by the CPUs' page tables: where the kernel that captures a crash knows that of the crashed one, or where a running kernel keeps its own. Reads little of memory. */
import { crashedKernelOf } from './crashed-kernel.ts';
import { findRunning } from './find-running.ts';
import type { KernelEvidence } from './open-kernel.ts';
import { ownNotes } from './own-notes.ts';
import type { PlacedText } from './vmcoreinfo-text.ts';

/** Undefined where the CPUs show no kernel, or its symbols have no variables. */
export function runningNotes(evidence: Omit<KernelEvidence, 'tablesOf'>): PlacedText | undefined {
  const running = findRunning({ ...evidence, tablesOf: () => [] }).map(({ kernel }) => kernel);
  for (const kernel of running) {
    const crashed = crashedKernelOf(kernel)?.vmcoreinfo;
    if (crashed) return crashed;
  }
  for (const kernel of running) {
    const own = ownNotes(kernel);
    if (own) return own;
  }
  return undefined;
}
