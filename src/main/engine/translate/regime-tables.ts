/** From what a CPU's registers say to tables that can be walked. */
import type { Architecture, Regime } from '#engine/arch/architecture.ts';
import type { CpuState } from '#engine/arch/cpu-state.ts';
import type { SpaceTable } from './translation-space.ts';

/** The tables of a regime of one CPU. `source` of each: "TTBR1_EL1 of CPU 0". */
export function tablesOfRegime({ pagingMode }: Pick<Architecture, 'pagingMode'>, regime: Regime, cpu: number): SpaceTable[] {
  return regime.tables.map(({ register, mode, root, first, last, options = {} }) => ({
    mode: pagingMode(mode),
    root,
    source: `${register} of CPU ${cpu}`,
    options,
    first,
    last,
  }));
}

/** Tables of the regime that a CPU executes under that can be walked: none with paging off, or where the dump does not hold the root. */
export function walkableTables(architecture: Architecture | undefined, state: CpuState): SpaceTable[] {
  if (!architecture) return [];
  const tables = tablesOfRegime(architecture, architecture.regimesOf(state)[0], state.index);
  return tables.filter(({ mode, root }) => mode.levels.length > 0 && root !== null);
}
