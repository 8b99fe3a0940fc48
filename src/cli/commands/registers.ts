import { formatAddress } from '#shared/address-text.ts';
import type { BitField, CpuPaging, CpuView } from '#shared/model/index.ts';
import { pagingJson } from '#shared/paging-json.ts';
import { countOption, type Command } from '../command.ts';
import { EXIT, UsageError } from '../exit-code.ts';
import { hex, toJson } from '../json.ts';
import { openDump } from '../opened-dump.ts';
import { textPairs, textTable } from '#shared/text-table.ts';

export const registers: Command = {
  name: 'registers',
  usage: 'FILE... [--cpu N]',
  summary: 'registers of every CPU, or of one',
  details:
    '  --cpu N   only CPU N\n\nA register that the dump does not hold is absent; one that was worked out is marked with ~. --json also says where each was read.',
  arity: [1, 1],
  options: { cpu: { type: 'string' } },
  async run(context) {
    const { dumpId } = await openDump(context);
    const cpus = await context.workbench.getCpus({ dumpId });
    const wanted = countOption(context.options, 'cpu');
    const chosen = wanted === undefined ? cpus : cpus.filter(({ index }) => index === wanted);
    if (wanted !== undefined && chosen.length === 0) throw new UsageError(`there is no CPU ${wanted}; the dump has ${cpus.length}`);
    context.print(context.json ? toJson({ cpus: chosen.map(asJson) }) : chosen.map(asText).join('\n\n'));
    return EXIT.done;
  },
};

/** `registers` holds what the dump holds; what was worked out stands apart. `sources` says of each where it was read. */
function asJson({ index, mode, paging, regimes, registers: list, segments }: CpuView) {
  const values = (inferred: boolean) =>
    list.filter((register) => Boolean(register.inferred) === inferred).map(({ name, value }) => [name, hex(value)]);
  const selectors = segments.map(({ name, selector, base, limit, flags }) => [
    name,
    { selector: hex(selector), base: hex(base), limit: hex(limit), flags: hex(flags) },
  ]);
  return {
    index,
    mode,
    paging: pagingJson(paging),
    ...(regimes.length > 1 ? { regimes: regimes.map(pagingJson) } : {}),
    registers: Object.fromEntries([...values(false), ...selectors]) as Record<string, unknown>,
    inferred: Object.fromEntries(values(true)) as Record<string, string>,
    sources: Object.fromEntries([...list, ...segments].map(({ name, source }) => [name, source])) as Record<string, string>,
  };
}

/** Set flags by name, and values of wider fields: `PG WP NE IOPL=3`. */
function flagWords(fields: BitField[]): string {
  return fields
    .filter(({ value }) => value !== 0n)
    .map(({ name, width, value }) => (width === 1 ? name : `${name}=${value > 9n ? hex(value) : value}`))
    .join(' ');
}

function asText({ index, mode, regimes, registers: list, segments }: CpuView): string {
  const pairs = list.map(({ name, value, width, fields, inferred }): [string, string] => [
    `${name}${inferred ? '~' : ''}`,
    `${value.toString(16).padStart(Math.ceil(width / 4), '0')}${fields.length > 0 ? `  ${flagWords(fields)}` : ''}`,
  ]);
  // As wide as the widest general register: 8 digits of a 32-bit CPU.
  const digits = list.some(({ group, width }) => group === 'general' && width > 32) ? 16 : 8;
  const rows = segments.map(({ name, selector, base, limit, flags, meaning }) => [
    name,
    selector.toString(16).padStart(4, '0'),
    base.toString(16).padStart(digits, '0'),
    limit.toString(16).padStart(8, '0'),
    flags.toString(16).padStart(8, '0'),
    meaning,
  ]);
  const table = textTable(
    [{ title: 'SEGMENT' }, { title: 'SEL' }, { title: 'BASE' }, { title: 'LIMIT' }, { title: 'FLAGS' }, { title: 'MEANING' }],
    rows,
  );
  const head = [`CPU ${index}: ${mode}`, ...regimes.flatMap((regime) => regimeLines(regime, regimes.length > 1))].join('\n');
  return [head, textPairs(pairs), ...(segments.length > 0 ? [table] : [])].join('\n\n');
}

/** One line; a further one for each table of a regime that has several. */
function regimeLines({ id, title, root, reason, tables }: CpuPaging, several: boolean): string[] {
  const rootWords = (address: number | null): string => (address === null ? 'root unknown' : `root ${formatAddress(address)}`);
  const head = several ? `Paging ${id}` : 'Paging';
  if (tables.length < 2) return [`${head}: ${title}, ${rootWords(root)} (${reason})`];
  const ranges = tables.map(
    (table) => `  ${table.register}: ${table.title}, ${rootWords(table.root)}, ${formatAddress(table.first)} to ${formatAddress(table.last)}`,
  );
  return [`${head}: ${title} (${reason})`, ...ranges];
}
