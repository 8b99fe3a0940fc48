/**
 * Page tables for dumps whose CPUs do not say where theirs are: as the kernel's VMCOREINFO says, which is looked for in memory where no note holds it, and else by what tables look like.
 */
import { formatAddress } from '#shared/address-text.ts';
import { counted } from '#shared/counted.ts';
import { WorkbenchError } from '#shared/errors.ts';
import type { RootCandidate, RootSearch } from '#shared/model/index.ts';
import type { Architecture } from '../arch/architecture.ts';
import type { CpuState } from '../arch/cpu-state.ts';
import { findVmcoreinfoNote } from '../export/recover-vmcoreinfo.ts';
import type { ElfNote, OpenedDump, Progress } from '../formats/format.ts';
import { parseVmcoreinfo } from '../formats/vmcoreinfo.ts';
import type { GuestMemory } from '../memory/guest-memory.ts';
import { findRoots, type FoundRoot } from '../translate/find-roots.ts';
import { pagingOf } from '../arch/regime.ts';

/** What the search found, for the dump to keep: the note, and CPUs that now say where their tables are. */
export interface FoundTables extends RootSearch {
  vmcoreinfo: ElfNote | undefined;
  cpus: CpuState[];
}

/** Reads up to all of memory. Throws WorkbenchError `unsupported` for a CPU family without page walks, `cancelled`. */
export function lookForRoots(memory: GuestMemory, dump: OpenedDump, architecture: Architecture | undefined, progress: Progress): FoundTables {
  if (!architecture) throw new WorkbenchError('unsupported', 'page tables of this CPU family are not walked yet');
  const vmcoreinfo = dump.vmcoreinfo ?? findVmcoreinfoNote({ memory, dump, architecture }, progress).note;
  const values = vmcoreinfo && parseVmcoreinfo(vmcoreinfo);
  const complete = (cpus: CpuState[]) => architecture.completeCpus?.(cpus, { memory, vmcoreinfo: values }) ?? cpus;
  const cpus = complete(dump.cpus);
  // What VMCOREINFO alone tells is what it tells of a CPU without registers.
  const candidates = vmcoreinfo
    ? complete([{ index: 0, registers: {}, segments: {} }]).flatMap((cpu) => kernelRoot(architecture, cpu, vmcoreinfo))
    : [];
  if (candidates.length === 0) {
    const modes = architecture.rootModes.map((id) => architecture.pagingMode(id));
    const found = findRoots(memory, dump.regions, modes, (phase, done, total) => progress.report(phase, done, total));
    candidates.push(...found.map((root) => guessedRoot(architecture, root)));
  }
  return { vmcoreinfo, cpus, candidates, completed: cpus.some((cpu, index) => cpu !== dump.cpus[index]) };
}

function kernelRoot(architecture: Architecture, cpu: CpuState, { source }: ElfNote): RootCandidate[] {
  const { register, mode, title, root } = pagingOf(architecture, cpu);
  if (root === null || mode === 'off') return [];
  return [{ root, mode, modeTitle: title, title: "The kernel's page tables (swapper_pg_dir)", evidence: `${register}, from VMCOREINFO (${source})` }];
}

function guessedRoot(architecture: Architecture, { root, mode, tables, pages }: FoundRoot): RootCandidate {
  return {
    root,
    mode,
    modeTitle: architecture.pagingMode(mode).title,
    title: `Page tables found at ${formatAddress(root)}`,
    evidence: `guessed: ${counted(tables, 'table')} below it were read and make sense on every level; they map ${counted(pages, 'page')}`,
  };
}
