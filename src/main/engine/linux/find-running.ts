/** Kernels that the CPUs run, found without VMCOREINFO: by the tables that they have loaded and the addresses of its text that they name. */
import { formatAddress } from '#shared/address-text.ts';
import type { CpuState } from '../arch/cpu-state.ts';
import { walkableTables } from '../translate/regime-tables.ts';
import { findRelease } from './find-banner.ts';
import type { KernelSpace } from './kernel-space.ts';
import { stretchesAround } from './kernel-window.ts';
import type { LinuxKernel } from './kernel.ts';
import { kernelIn, spaceOf, type KernelEvidence } from './open-kernel.ts';
import { textHints } from './text-hints.ts';

/** __START_KERNEL_map of x86-64. */
const KERNEL_MAP = 0xffff_ffff_8000_0000n;
/** PTI_USER_PGTABLE_BIT: the tables of a program are the page behind the kernel's (Linux arch/x86/entry/calling.h). */
const USER_TABLES = 0x1000;
/** CPUs that are searched at most: one kernel is that of them all, but after a crash. */
const MAX_SEARCHES = 4;

export interface RunningKernel {
  kernel: LinuxKernel;
  /** The first CPU that runs it. */
  cpu: number;
}

/** In the order of the CPUs; without `known`, which was found in another way. Empty where no CPU's tables show a kernel. */
export function findRunning(evidence: KernelEvidence, known?: LinuxKernel): RunningKernel[] {
  const found: RunningKernel[] = [];
  let searches = 0;
  for (const cpu of evidence.cpus) {
    const spaces = spacesOf(evidence, cpu);
    const seen = [known, ...found.map(({ kernel }) => kernel)];
    if (spaces.length === 0 || seen.some((kernel) => kernel && spaces.some((space) => shows(space, kernel)))) continue;
    if (++searches > MAX_SEARCHES) break;
    const kernel = search(evidence, cpu, spaces);
    if (kernel) found.push({ kernel, cpu: cpu.index });
  }
  return found;
}

/** Behind the tables that a CPU has loaded; before them the kernel's, where it may run a program under tables that have little of it (page-table isolation of x86-64). */
function spacesOf(evidence: KernelEvidence, cpu: CpuState): KernelSpace[] {
  const tables = walkableTables(evidence.architecture, cpu);
  const isolated = evidence.architecture.id === 'x86-64' && tables.every(({ root }) => ((root ?? 0) & USER_TABLES) !== 0);
  const kernel = isolated ? tables.map((table) => ({ ...table, root: (table.root ?? 0) - USER_TABLES })) : [];
  return [kernel, tables].map((each) => spaceOf(evidence, each)).filter((space) => space !== undefined);
}

/** Whether the kernel's text is where it is in its own tables. */
function shows({ tables }: KernelSpace, { text, space }: LinuxKernel): boolean {
  if (text === undefined || !tables.translateAddress(text)) return false;
  const { physical } = tables.found;
  return space.tables.translateAddress(text) && space.tables.found.physical === physical;
}

function search(evidence: KernelEvidence, cpu: CpuState, spaces: readonly KernelSpace[]): LinuxKernel | undefined {
  const searched = new Set<string>();
  for (const space of spaces) {
    for (const text of textHints(evidence.architecture, cpu, space)) {
      const stretches = stretchesAround(space, text);
      // Two addresses of one kernel have much the same around them.
      const key = stretches.map(({ start, last }) => `${start}-${last}`).join();
      if (stretches.length === 0 || searched.has(key)) continue;
      searched.add(key);
      const release = findRelease(space, stretches);
      if (release === undefined) continue;
      return kernelIn(evidence, space, { vmcoreinfo: new Map(), text, release, foundBy: howFound(evidence, cpu, space, text) });
    }
  }
  return undefined;
}

function howFound({ architecture }: KernelEvidence, { index }: CpuState, { tables }: KernelSpace, text: bigint): string {
  const physical = tables.translateAddress(text) ? tables.found.physical : 0;
  const found = `the page tables of CPU ${index}: its text at ${formatAddress(text)} is at GPA ${formatAddress(physical)}`;
  if (architecture.id !== 'x86-64') return found;
  const base = BigInt(physical) - (text - KERNEL_MAP);
  return `${found}, phys_base ${base < 0n ? '-' : ''}0x${(base < 0n ? -base : base).toString(16)}`;
}
