/**
 * The Linux kernel in a dump. Of two, one that crashed and one that captures the crash, it is the one that crashed.
 *
 * VMCOREINFO that came with the dump comes first. Without it the kernel that the CPUs run is found by their page tables, and says itself where its VMCOREINFO is; last of all memory is searched.
 */
import { formatAddress } from '#shared/address-text.ts';
import { walkableTables } from '../translate/regime-tables.ts';
import { Translator } from '../translate/translator.ts';
import { crashedKernelOf } from './crashed-kernel.ts';
import { findRunning, type RunningKernel } from './find-running.ts';
import { findVmcoreinfo } from './find-vmcoreinfo.ts';
import type { LinuxKernel } from './kernel.ts';
import { kernelIn, openByNotes, openKernel, type KernelEvidence, type KernelNotes } from './open-kernel.ts';
import { ownNotes } from './own-notes.ts';
import type { PlacedText } from './vmcoreinfo-text.ts';

/** Bytes of memory that are searched for VMCOREINFO at most: nobody sees how far it is. */
const SEARCH_LIMIT = 2 ** 30;

/** Undefined where none is found. `notes`: VMCOREINFO that came with the dump. */
export function findKernel(evidence: KernelEvidence, notes?: KernelNotes): LinuxKernel | undefined {
  const noted = notes && openNoted(evidence, notes);
  if (noted) return noted;
  const running = findRunning(evidence);
  return openCrashed(evidence, running) ?? openRunning(evidence, running) ?? findByMemory(evidence);
}

function openNoted(evidence: KernelEvidence, notes: KernelNotes): LinuxKernel | undefined {
  const known = openKernel(evidence, notes) ?? openByNotes(evidence, notes);
  if (!known) return undefined;
  const others = findRunning(evidence, known);
  return kernelIn(evidence, known.space, { vmcoreinfo: notes.values, foundBy: [notes.foundBy, ...others.map(describe)].join('; ') });
}

/** By what the kernel that captures the crash knows of it. */
function openCrashed(evidence: KernelEvidence, running: readonly RunningKernel[]): LinuxKernel | undefined {
  for (const capturing of running) {
    const values = crashedKernelOf(capturing.kernel)?.vmcoreinfo?.values;
    const foundBy = `VMCOREINFO that a kernel left as it crashed; ${describe(capturing)}`;
    const crashed = values && (openKernel(evidence, { values, foundBy }) ?? openByNotes(evidence, { values, foundBy }));
    if (crashed) return crashed;
  }
  return undefined;
}

function openRunning(evidence: KernelEvidence, running: readonly RunningKernel[]): LinuxKernel | undefined {
  const chosen = running.find(({ kernel }) => !crashedKernelOf(kernel)) ?? running[0];
  if (!chosen) return undefined;
  const { kernel } = chosen;
  const captures = crashedKernelOf(kernel) ? '; it captures the crash of another, whose VMCOREINFO is not in the dump' : '';
  const own = ownNotes(kernel);
  // A symbol table without variables leads to little: what VMCOREINFO has is worth a search.
  if (!own && kernel.address('init_uts_ns') === undefined) return findByMemory(evidence) ?? kernel;
  const foundBy = `${own ? "VMCOREINFO in the kernel's own memory; " : ''}${kernel.foundBy}${captures}`;
  return kernelIn(evidence, kernel.space, {
    vmcoreinfo: own?.values ?? new Map<string, string>(),
    text: kernel.text,
    release: kernel.release,
    foundBy,
  });
}

function describe({ kernel, cpu }: RunningKernel): string {
  return `CPU ${cpu} runs another kernel, Linux ${kernel.release}${crashedKernelOf(kernel) ? ', which captures the crash' : ''}`;
}

function findByMemory(evidence: KernelEvidence): LinuxKernel | undefined {
  const found = searchMemory(evidence);
  if (!found) return undefined;
  const notes = { values: found.values, foundBy: `VMCOREINFO found in memory at GPA ${formatAddress(found.address)}` };
  return openKernel(evidence, notes) ?? openByNotes(evidence, notes);
}

function searchMemory({ memory, architecture, cpus }: KernelEvidence): PlacedText | undefined {
  const tables = cpus.flatMap((cpu) => walkableTables(architecture, cpu));
  const translators = tables.map(({ mode, root, options }) => new Translator(memory, mode, root, options));
  const translate = (virtual: bigint) => translators.find((translator) => translator.translateAddress(virtual))?.physical;
  try {
    return findVmcoreinfo(memory, translate, (done) => {
      if (done > SEARCH_LIMIT) throw new SearchEnd();
    }).chosen;
  } catch (error) {
    if (error instanceof SearchEnd) return undefined;
    throw error;
  }
}

class SearchEnd extends Error {}
