/**
 * The Linux kernel in a dump. Of two, one that crashed and one that captures the crash, it is the one that crashed.
 *
 * VMCOREINFO that came with the dump comes first. Without it the kernel that the CPUs run is found by their page tables, and says itself where its VMCOREINFO is; last of all memory is searched.
 */
import { formatAddress } from '#shared/address-text.ts';
import { walkableTables } from '../translate/regime-tables.ts';
import { Translator } from '../translate/translator.ts';
import { crashedKernelOf } from './crashed-kernel.ts';
import { findRunning } from './find-running.ts';
import { findVmcoreinfo, type PlacedText } from './find-vmcoreinfo.ts';
import type { LinuxKernel } from './kernel.ts';
import { kernelIn, openByNotes, openKernel, type KernelEvidence, type KernelNotes } from './open-kernel.ts';
import { ownNotes } from './own-notes.ts';

/** Bytes of memory that are searched for VMCOREINFO at most: nobody sees how far it is. */
const SEARCH_LIMIT = 2 ** 30;

/** Undefined where none is found. `notes`: VMCOREINFO that came with the dump. */
export function findKernel(evidence: KernelEvidence, notes?: KernelNotes): LinuxKernel | undefined {
  if (notes) {
    const known = openKernel(evidence, notes) ?? openUnseen(evidence, notes);
    if (known) return known;
  }
  const running = findRunning(evidence);
  if (!running) return findByMemory(evidence);
  return openCrashed(evidence, running) ?? withOwnNotes(evidence, running) ?? running;
}

/** A kernel that no CPU runs. */
function openUnseen(evidence: KernelEvidence, { values, foundBy }: KernelNotes): LinuxKernel | undefined {
  if (!openByNotes(evidence, { values, foundBy })) return undefined;
  const running = findRunning(evidence);
  const other = running ? `; the CPUs run another one, ${describe(running)}` : '; the page tables of no CPU show it';
  return openByNotes(evidence, { values, foundBy: `${foundBy}${other}` });
}

function openCrashed(evidence: KernelEvidence, running: LinuxKernel): LinuxKernel | undefined {
  const crashed = crashedKernelOf(running);
  if (!crashed?.vmcoreinfo) return undefined;
  const foundBy = `VMCOREINFO that the crashed kernel left for the one that the CPUs run, ${describe(running)}`;
  return openByNotes(evidence, { values: crashed.vmcoreinfo.values, foundBy });
}

function withOwnNotes(evidence: KernelEvidence, running: LinuxKernel): LinuxKernel | undefined {
  const own = ownNotes(running);
  const foundBy = `VMCOREINFO in the kernel's own memory; the kernel by ${running.foundBy}`;
  if (own) return kernelIn(evidence, running.space, { vmcoreinfo: own.values, foundBy });
  // A symbol table without variables leads to little: what VMCOREINFO has is worth a search.
  return running.address('init_uts_ns') === undefined ? findByMemory(evidence) : undefined;
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

function describe(kernel: LinuxKernel): string {
  const crashed = crashedKernelOf(kernel);
  const captures = crashed ? `, which captures a crash (its elfcorehdr is at GPA ${formatAddress(crashed.header)})` : '';
  return `Linux ${kernel.release}${captures}`;
}
