/** A Linux kernel behind the page tables of a CPU, or behind its own. */
import type { Architecture } from '../arch/architecture.ts';
import type { CpuState } from '../arch/cpu-state.ts';
import { findFamily } from '../arch/families.ts';
import type { GuestMemory } from '../memory/guest-memory.ts';
import { walkableTables } from '../translate/regime-tables.ts';
import { TranslationSpace, type SpaceTable } from '../translate/translation-space.ts';
import type { GivenKernel } from './given-kernel.ts';
import { toldPlace } from './kernel-place.ts';
import { KernelSpace } from './kernel-space.ts';
import { LinuxKernel, type KernelKnowledge } from './kernel.ts';

export interface KernelEvidence {
  memory: GuestMemory;
  architecture: Architecture;
  cpus: readonly CpuState[];
  littleEndian: boolean;
  /** The tables of a process, by the GPA of its top page table. */
  tablesOf(root: number): readonly SpaceTable[];
  /** What the user gave of it. */
  given?: GivenKernel;
}

/** Lines of VMCOREINFO by key, and how they were come by. */
export interface KernelNotes {
  values: ReadonlyMap<string, string>;
  foundBy: string;
}

/** A symbol that every VMCOREINFO has: a CPU that executes a program may not have it mapped (page-table isolation). */
const KERNEL_SYMBOL = 'SYMBOL(init_uts_ns)';

/** The kernel that the notes describe, behind the tables of a CPU that runs it. Undefined when no CPU's page tables show it. */
export function openKernel(evidence: KernelEvidence, { values, foundBy }: KernelNotes): LinuxKernel | undefined {
  const symbol = values.get(KERNEL_SYMBOL);
  const shown = symbol !== undefined && /^[\da-f]{1,16}$/.test(symbol) ? BigInt(`0x${symbol}`) : undefined;
  const told = shown === undefined ? undefined : toldPlace(values, shown);
  for (const cpu of evidence.cpus) {
    const space = spaceOf(evidence, walkableTables(evidence.architecture, cpu));
    if (!space) continue;
    if (shown !== undefined && !space.tables.translateAddress(shown)) continue;
    // Another kernel, as one that captures a crash, may have something else at that address.
    if (shown !== undefined && told !== undefined && space.tables.found.physical !== told) continue;
    return kernelIn(evidence, space, { vmcoreinfo: values, foundBy });
  }
  return undefined;
}

/** The same, behind the kernel's own tables, for one that no CPU runs. Undefined where the notes do not say where these are. */
export function openByNotes(evidence: KernelEvidence, notes: KernelNotes): LinuxKernel | undefined {
  const { architecture, memory } = evidence;
  const unknown: CpuState = { index: 0, registers: {}, segments: {} };
  const cpus = architecture.completeCpus?.([unknown], { memory, vmcoreinfo: notes.values }) ?? [];
  return openKernel({ ...evidence, cpus }, notes);
}

/** Undefined where there are no tables. */
export function spaceOf({ memory, architecture, littleEndian }: KernelEvidence, tables: readonly SpaceTable[]): KernelSpace | undefined {
  const wordSize = findFamily(architecture.id)?.short === true ? 4 : 8;
  return tables.length === 0 ? undefined : new KernelSpace(memory, new TranslationSpace(memory, tables), { littleEndian, wordSize });
}

export function kernelIn(
  { memory, tablesOf, given }: KernelEvidence,
  space: KernelSpace,
  knowledge: Omit<KernelKnowledge, 'userSpace' | 'given'>,
): LinuxKernel {
  const userSpace = (root: number) => new KernelSpace(memory, new TranslationSpace(memory, tablesOf(root)), space);
  return new LinuxKernel(space, { ...knowledge, userSpace, given });
}
