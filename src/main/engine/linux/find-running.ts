/** The kernel that the CPUs run, found without VMCOREINFO: by the tables that they have loaded and the addresses of its text that they name. */
import { formatAddress } from '#shared/address-text.ts';
import type { CpuState } from '../arch/cpu-state.ts';
import { walkableTables } from '../translate/regime-tables.ts';
import type { SpaceTable } from '../translate/translation-space.ts';
import { findRelease } from './find-banner.ts';
import type { KernelSpace } from './kernel-space.ts';
import { stretchesAround } from './kernel-window.ts';
import type { LinuxKernel } from './kernel.ts';
import { kernelIn, spaceOf, type KernelEvidence } from './open-kernel.ts';
import { textHints } from './text-hints.ts';

/** __START_KERNEL_map of x86-64. */
const KERNEL_MAP = 0xffff_ffff_8000_0000n;
/** PTI_USER_PGTABLE_BIT: the tables of a program are the page behind the kernel's (Linux arch/x86/include/asm/pgtable.h, arch/x86/entry/calling.h). */
const USER_TABLES = 0x1000;
/** CPUs are many and their kernel is one. */
const MAX_CPUS = 16;

/** Undefined where no CPU's tables show a kernel. */
export function findRunning(evidence: KernelEvidence): LinuxKernel | undefined {
  const searched = new Set<string>();
  for (const cpu of evidence.cpus.slice(0, MAX_CPUS)) {
    for (const tables of tablesOf(evidence, cpu)) {
      const space = spaceOf(evidence, tables);
      if (!space) continue;
      for (const text of textHints(evidence.architecture, cpu, space)) {
        const stretches = stretchesAround(space, text);
        const key = stretches.map(({ start, last }) => `${start}-${last}`).join();
        // Two addresses of one kernel have much the same around them.
        if (stretches.length === 0 || searched.has(key)) continue;
        searched.add(key);
        const release = findRelease(space, stretches);
        if (release === undefined) continue;
        return kernelIn(evidence, space, { vmcoreinfo: new Map(), text, release, foundBy: howFound(evidence, cpu, space, text) });
      }
    }
  }
  return undefined;
}

/** The tables that a CPU has loaded, and those of the kernel where it runs a program under tables that lack it (page-table isolation of x86-64). */
function* tablesOf({ architecture, tablesOf }: KernelEvidence, cpu: CpuState): Generator<readonly SpaceTable[], void, undefined> {
  const tables = walkableTables(architecture, cpu);
  yield tables;
  const root = tables[0]?.root ?? 0;
  if (architecture.id === 'x86-64' && (root & USER_TABLES) !== 0) yield tablesOf(root - USER_TABLES);
}

function howFound({ architecture }: KernelEvidence, { index }: CpuState, { tables }: KernelSpace, text: bigint): string {
  const physical = tables.translateAddress(text) ? tables.found.physical : 0;
  const found = `the page tables of CPU ${index}: its text is at ${formatAddress(text)}, GPA ${formatAddress(physical)}`;
  if (architecture.id !== 'x86-64') return found;
  return `${found}, phys_base ${signed(BigInt(physical) - (text - KERNEL_MAP))}`;
}

function signed(value: bigint): string {
  return value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}
