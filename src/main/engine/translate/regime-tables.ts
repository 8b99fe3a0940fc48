/** From what a CPU's registers say to tables that can be walked. */
import type { Architecture, Regime } from '#engine/arch/architecture.ts';
import type { CpuState } from '#engine/arch/cpu-state.ts';
import { withEncryptionBit } from './encryption-bit.ts';
import type { StageTable } from './paging-mode.ts';
import type { SpaceTable } from './translation-space.ts';

/** The tables of a regime of one CPU. `source` of each: "TTBR1_EL1 of CPU 0". With two stages their options lead to the second. */
export function tablesOfRegime(architecture: Pick<Architecture, 'pagingMode'>, regime: Regime, cpu: number): SpaceTable[] {
  const below = stageBelow(architecture, regime, cpu);
  return regime.tables.map(({ register, mode, root, first, last, options = {} }) => ({
    mode: withEncryptionBit(architecture.pagingMode(mode), options.encryptionBit),
    root,
    source: `${register} of CPU ${cpu}`,
    options: below ? { ...options, below } : options,
    first,
    last,
  }));
}

/** The second stage, which has one table for all addresses on every CPU; undefined where there is none, or it is off. */
export function stageBelow(architecture: Pick<Architecture, 'pagingMode'>, { id, below }: Regime, cpu: number): StageTable | undefined {
  if (!below) return undefined;
  const [table, ...others] = tablesOfRegime(architecture, below, cpu);
  if (!table || others.length > 0) throw new Error(`assertion failed: the stage below ${id} has one table`);
  const { mode, root, source, options } = table;
  return mode.levels.length === 0 ? options.below : { mode, root, source, options };
}

/** Tables of the regime that a CPU executes under that can be walked: none with paging off, or where the dump does not hold the root. */
export function walkableTables(architecture: Architecture | undefined, state: CpuState): SpaceTable[] {
  if (!architecture) return [];
  const tables = tablesOfRegime(architecture, architecture.regimesOf(state)[0], state.index);
  return tables.filter(({ mode, root }) => mode.levels.length > 0 && root !== null);
}
