/** The next sensible step with a dump that has just been opened, as the overview's button. */
import type { CpuSummary, CpuView, DumpSummary, MemoryMap } from '#shared/model/index.ts';
import type { PanelId } from '../../panels.ts';
import type { Place } from '../../stores/location.store.ts';

export interface NextStep {
  /** The button. */
  action: string;
  /** Why this and not something else. */
  reason: string;
  panel: PanelId;
  cpu?: number;
  target?: Place;
}

type WalkableCpu = CpuSummary & { instructionPointer: bigint };

const walkable = (cpu: CpuSummary): cpu is WalkableCpu => cpu.instructionPointer !== null && cpu.root !== null;

/** `views` are the CPUs in full, empty while they are being read. */
export function nextStep(dump: DumpSummary, map: MemoryMap | null, views: readonly CpuView[] = []): NextStep {
  if (dump.space === 'hva') {
    return {
      action: 'Look at the mappings',
      reason: 'This is a process of the host: its mappings are its memory, and its threads have registers.',
      panel: 'memory-map',
    };
  }
  const guessed = map?.regions.filter((region) => region.evidence.strength === 'guessed').length ?? 0;
  if (guessed > 0) {
    return {
      action: 'Check the memory map',
      reason: `${guessed === 1 ? 'One range of memory is' : `${guessed} ranges of memory are`} at a guessed place; every address depends on that.`,
      panel: 'memory-map',
    };
  }
  // A CPU that was at work says more than one that idled in its halt loop.
  const pagingOff = new Set(views.filter((view) => view.paging.mode === 'off').map((view) => view.index));
  const candidates = dump.cpus.filter(walkable).filter((candidate) => !pagingOff.has(candidate.index));
  const cpu = candidates.find((candidate) => !/halted|idle/i.test(candidate.mode)) ?? candidates[0];
  if (cpu) {
    return {
      action: `Walk where CPU ${cpu.index} was`,
      reason: `It was in ${cpu.mode}; its instruction pointer leads to the code it ran.`,
      panel: 'page-walk',
      cpu: cpu.index,
      target: { space: 'gva', address: cpu.instructionPointer },
    };
  }
  if (dump.cpus.length > 0) return { action: 'Look at the registers', reason: 'No CPU has paging on: their registers say why.', panel: 'registers' };
  return { action: 'Look at the memory map', reason: 'The file holds no CPU; its memory can still be read.', panel: 'memory-map' };
}
