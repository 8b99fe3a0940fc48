/** Opening a command's FILE. */
import type { DumpSummary } from '#shared/model/index.ts';
import type { CommandContext } from './command.ts';

/** Opens it, and tells on stderr of losses, so that nobody trusts a truncated dump by mistake. */
export async function openDump({ workbench, positionals, note }: CommandContext, quiet = false): Promise<DumpSummary> {
  const [file] = positionals;
  const summary = await workbench.openDump({ location: { kind: 'path', path: file ?? '' }, jobId: 'open' });
  if (!quiet) {
    for (const { severity, message, consequence } of summary.diagnostics) {
      if (severity === 'data-loss') note(`warning: ${message}${consequence ? ` ${consequence}` : ''}`);
    }
  }
  return summary;
}
