import { formatAddress, formatSize } from '#shared/address-text.ts';
import { MAPPINGS_LIMIT } from '#shared/contract.ts';
import type { Mapping } from '#shared/model/index.ts';
import { addressArgument, countOption, ROOT_HELP, ROOT_OPTIONS, rootOption, type Command } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { hex, toJson } from '../json.ts';
import { openDump } from '../opened-dump.ts';
import { textTable } from '#shared/text-table.ts';
import { usableRoot } from '../usable-root.ts';

/** Rows that a table for people ends at unless --limit says otherwise. */
const USUAL_LIMIT = 10_000;

export const mappings: Command = {
  name: 'mappings',
  usage: 'FILE... [--cpu N [--regime ID] | --root ADDRESS [--mode ID]] [--from ADDRESS] [--limit N]',
  summary: 'everything that one root maps, contiguous pages of equal rights merged',
  details: `${ROOT_HELP}\n  --from ADDRESS   start at this virtual address\n  --limit N        at most N rows (default ${USUAL_LIMIT})`,
  arity: [1, 1],
  options: { ...ROOT_OPTIONS, from: { type: 'string' }, limit: { type: 'string' } },
  async run(context) {
    const chosen = rootOption(context.options);
    const limit = countOption(context.options, 'limit') ?? USUAL_LIMIT;
    let from: bigint | null = addressArgument(String(context.options['from'] ?? '0'));
    const summary = await openDump(context);
    const { dumpId } = summary;
    const root = await usableRoot(context, summary, chosen);
    const rows: Mapping[] = [];
    while (from !== null && rows.length < limit) {
      const found: { mappings: Mapping[]; next: bigint | null } = await context.workbench.listMappings({
        dumpId,
        from,
        limit: Math.min(MAPPINGS_LIMIT, limit - rows.length),
        root,
      });
      rows.push(...found.mappings);
      from = found.next;
    }
    context.print(context.json ? toJson({ mappings: rows.map(asJson), next: from }) : asText(rows));
    if (from !== null) context.note(`cut after ${rows.length} rows; go on with --from ${formatAddress(from)}`);
    return EXIT.done;
  },
};

function asJson({ start, last, physical, pageSize, flags, effective }: Mapping) {
  return { start, last, physical: hex(physical), pageSize, flags, effective };
}

function asText(rows: Mapping[]): string {
  const right = 'right' as const;
  return textTable(
    [
      { title: 'START', align: right },
      { title: 'LAST', align: right },
      { title: 'PHYSICAL', align: right },
      { title: 'PAGE', align: right },
      { title: 'RIGHTS' },
      { title: 'FLAGS' },
    ],
    rows.map(({ start, last, physical, pageSize, flags, effective }) => [
      formatAddress(start),
      formatAddress(last),
      formatAddress(physical),
      formatSize(pageSize),
      `${effective.user ? 'u' : '-'}r${effective.writable ? 'w' : '-'}${effective.executable ? 'x' : '-'}`,
      flags.join(' '),
    ]),
  );
}
