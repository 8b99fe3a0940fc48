/** Opening a command's FILEs. */
import { locationOf } from '#shared/dump-location.ts';
import type { Diagnostic, DumpSummary, RegionCorrection } from '#shared/model/index.ts';
import type { Workbench } from '#workbench/workbench.ts';
import type { CommandContext } from './command.ts';
import { UsageError } from './exit-code.ts';

/** Opens them, and tells on stderr of losses, so that nobody trusts a truncated dump by mistake. */
export async function openDump({ workbench, positionals, parts, opening, note }: CommandContext, quiet = false): Promise<DumpSummary> {
  const { options, map } = opening;
  const location = locationOf([positionals[0] ?? '', ...parts])!;
  let summary = await workbench.openDump({ location, jobId: 'open', options });
  if (map.length > 0) summary = await correct(workbench, summary.dumpId, map);
  if (!quiet) {
    for (const diagnostic of summary.diagnostics) {
      const { severity, message } = diagnostic;
      if (severity === 'data-loss') note(['warning:', message, ...whatItMeans(diagnostic)].join(' '));
    }
  }
  return summary;
}

/** A diagnostic's consequence and what can be done about it, a sentence each. */
export function whatItMeans({ consequence, missingBlock }: Diagnostic): string[] {
  const offer = missingBlock === undefined ? undefined : `With --ram ${missingBlock}=FILE it is taken from there.`;
  return [consequence, offer].filter((sentence) => sentence !== undefined);
}

/** Puts --map over the map as it is, the user's project file included, and writes nothing. */
async function correct(workbench: Workbench, dumpId: string, map: readonly RegionCorrection[]): Promise<DumpSummary> {
  const { blocks, corrections } = await workbench.getMemoryMap({ dumpId });
  const names = blocks.map(({ name }) => name);
  for (const { block } of map) {
    if (block === null || names.includes(block)) continue;
    const there = names.length > 0 ? `the dump has ${names.join(', ')}` : 'this dump names none; START=none:LENGTH takes memory away';
    throw new UsageError(`--map: there is no RAM block ${JSON.stringify(block)}: ${there}`);
  }
  await workbench.correctMemoryMap({ dumpId, corrections: [...corrections, ...map], keep: false });
  return workbench.describeDump({ dumpId });
}
