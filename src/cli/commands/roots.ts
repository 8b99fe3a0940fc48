import { formatAddress } from '#shared/address-text.ts';
import type { RootCandidate } from '#shared/model/index.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { hex, toJson } from '../json.ts';
import { openDump } from '../opened-dump.ts';
import { textTable } from '#shared/text-table.ts';

export const roots: Command = {
  name: 'roots',
  usage: 'FILE...',
  summary: 'page tables that no CPU needs to name: as VMCOREINFO says, or found in memory',
  details: 'Each ROOT is one for --root of walk, translate, mappings and read.',
  arity: [1, 1],
  options: {},
  async run(context) {
    const { dumpId } = await openDump(context);
    const { candidates } = await context.workbench.findRoots({ dumpId, jobId: 'roots' });
    context.print(context.json ? toJson({ roots: candidates.map(({ root, ...rest }) => ({ root: hex(root), ...rest })) }) : asText(candidates));
    return candidates.length > 0 ? EXIT.done : EXIT.hole;
  },
};

function asText(candidates: readonly RootCandidate[]): string {
  if (candidates.length === 0) return 'No page tables were found.';
  const rows = candidates.map(({ root, modeTitle, title, evidence }) => [formatAddress(root), modeTitle, title, evidence]);
  return textTable([{ title: 'ROOT', align: 'right' }, { title: 'MODE' }, { title: 'WHAT' }, { title: 'EVIDENCE' }], rows);
}
