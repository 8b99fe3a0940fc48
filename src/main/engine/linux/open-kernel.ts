/** From a dump's memory and CPUs to the Linux kernel in it. */
import type { Architecture } from '../arch/architecture.ts';
import type { CpuState } from '../arch/cpu-state.ts';
import { findFamily } from '../arch/families.ts';
import type { PhysicalMemory } from '../memory/physical-memory.ts';
import { walkableTables } from '../translate/regime-tables.ts';
import { TranslationSpace, type SpaceTable } from '../translate/translation-space.ts';
import type { GivenKernel } from './given-kernel.ts';
import { KernelSpace } from './kernel-space.ts';
import { LinuxKernel } from './kernel.ts';

export interface KernelEvidence {
  memory: PhysicalMemory;
  architecture: Architecture;
  cpus: readonly CpuState[];
  littleEndian: boolean;
  /** Lines of VMCOREINFO by key. */
  vmcoreinfo: ReadonlyMap<string, string>;
  /** The tables of a process, by the GPA of its top page table. */
  tablesOf(root: number): readonly SpaceTable[];
  /** What the user gave of it. */
  given?: GivenKernel;
}

/** A symbol that every VMCOREINFO has: a CPU that executes a program may not have it mapped (page-table isolation). */
const KERNEL_SYMBOL = 'SYMBOL(init_uts_ns)';

/** Undefined when no CPU's page tables show the kernel. */
export function openKernel({ memory, architecture, cpus, littleEndian, vmcoreinfo, tablesOf, given }: KernelEvidence): LinuxKernel | undefined {
  const options = { littleEndian, wordSize: findFamily(architecture.id)?.short === true ? 4 : 8 } as const;
  const symbol = vmcoreinfo.get(KERNEL_SYMBOL);
  const shown = symbol !== undefined && /^[\da-f]{1,16}$/.test(symbol) ? BigInt(`0x${symbol}`) : undefined;
  for (const cpu of cpus) {
    const tables = walkableTables(architecture, cpu);
    if (tables.length === 0) continue;
    const space = new TranslationSpace(memory, tables);
    if (shown !== undefined && !space.translateAddress(shown)) continue;
    const userSpace = (root: number) => new KernelSpace(memory, new TranslationSpace(memory, tablesOf(root)), options);
    return new LinuxKernel(new KernelSpace(memory, space, options), { vmcoreinfo, userSpace, given });
  }
  return undefined;
}
