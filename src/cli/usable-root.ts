/** Page tables for commands that translate, also of dumps whose CPUs do not say where theirs are. */
import { formatAddress } from '#shared/address-text.ts';
import type { DumpSummary, RootChoice } from '#shared/model/index.ts';
import type { CommandContext } from './command.ts';

/**
 * The root that the user chose; where that CPU's registers do not tell one, tables are looked for, and stderr says what was taken. Without any, the choice stands: what comes
 * of it says why nothing translates.
 */
export async function usableRoot(
  { workbench, note }: CommandContext,
  { dumpId, cpus, rootModes }: DumpSummary,
  chosen: RootChoice,
): Promise<RootChoice> {
  if (chosen.kind === 'root' || chosen.regime !== undefined || rootModes.length === 0) return chosen;
  // The overview tells of a root; only without one the registers have to say why.
  if ((cpus.find(({ index }) => index === chosen.cpu)?.root ?? null) !== null) return chosen;
  if (cpus.length > 0) {
    const cpu = (await workbench.getCpus({ dumpId })).find(({ index }) => index === chosen.cpu);
    // Paging that is off needs no tables; a CPU that is not there is the user's mistake.
    if (!cpu || cpu.paging.mode === 'off' || cpu.paging.root !== null) return chosen;
  }
  note('The CPUs do not say where their page tables are: looking for them.');
  const { candidates, completed } = await workbench.findRoots({ dumpId, jobId: 'roots' });
  const [best] = candidates;
  if (!best) return chosen;
  note(`Taken: ${best.title}, at ${formatAddress(best.root)} (${best.evidence}). Choose others with --root; the command roots lists them.`);
  return completed ? chosen : { kind: 'root', root: best.root, mode: best.mode };
}
