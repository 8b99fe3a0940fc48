/** From what the user chose (a CPU, a root typed in) to what a walk needs: tables, mode, and where they come from. */
import { formatAddress } from '#shared/address-text.ts';
import { assert, WorkbenchError } from '#shared/errors.ts';
import type { PagingModeId, PagingModeView, RootChoice } from '#shared/model/index.ts';
import type { Architecture } from '../arch/architecture.ts';
import type { CpuState } from '../arch/cpu-state.ts';
import { viewOfMode, type PagingMode, type PagingOptions } from '../translate/paging-mode.ts';

export interface TranslationRoot {
  mode: PagingMode;
  /** GPA of the top table; null when the dump does not hold the register. */
  root: number | null;
  /** "CR3 of CPU 0". */
  source: string;
  options: PagingOptions;
}

/** Throws WorkbenchError `bad-request` for a CPU that is not there, `unsupported` for a CPU family without page walks. */
export function translationRoot(architecture: Architecture | undefined, cpus: readonly CpuState[], choice: RootChoice): TranslationRoot {
  if (!architecture) throw new WorkbenchError('unsupported', 'page tables of this CPU family are not walked yet');
  if (choice.kind === 'root') {
    const first = cpus[0];
    return {
      mode: architecture.pagingMode(choice.mode ?? usualMode(architecture, first)),
      root: choice.root,
      source: `typed in: ${formatAddress(choice.root)}`,
      options: first ? architecture.pagingOptionsOf(first) : {},
    };
  }
  const cpu = cpus.find(({ index }) => index === choice.cpu);
  if (!cpu) {
    const known = cpus.length === 0 ? 'the dump holds no CPU state' : `there are CPUs ${cpus[0]!.index} to ${cpus.at(-1)!.index}`;
    throw new WorkbenchError('bad-request', `there is no CPU ${choice.cpu}: ${known}`, {
      hint: 'Give the GPA of the top table as the root instead.',
    });
  }
  const paging = architecture.pagingOf(cpu);
  return {
    mode: architecture.pagingMode(paging.mode),
    root: paging.root,
    source: `CR3 of CPU ${cpu.index}`,
    options: architecture.pagingOptionsOf(cpu),
  };
}

/** That of the first CPU; the family's usual one where there is no CPU, or it has paging off. */
function usualMode(architecture: Architecture, first: CpuState | undefined): PagingModeId {
  const mode = first && architecture.pagingOf(first).mode;
  if (mode !== undefined && mode !== 'off') return mode;
  const [usual] = architecture.rootModes;
  assert(usual, `${architecture.title} has a paging mode`);
  return usual;
}

/** See DumpSummary.rootModes. */
export function rootModesOf(architecture: Architecture | undefined): PagingModeView[] {
  return architecture?.rootModes.map((id) => viewOfMode(architecture.pagingMode(id))) ?? [];
}
