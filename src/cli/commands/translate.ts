import { createInterface } from 'node:readline/promises';
import { TRANSLATE_LIMIT } from '#shared/contract.ts';
import { formatAddress, formatSize } from '#shared/address-text.ts';
import { WorkbenchError } from '#shared/errors.ts';
import type { AddressDescription, RootChoice, Translation } from '#shared/model/index.ts';
import { addressArgument, ROOT_HELP, ROOT_OPTIONS, rootOption, type Command, type CommandContext } from '../command.ts';
import { EXIT, UsageError } from '../exit-code.ts';
import { hex, hexOrNull, toJson } from '../json.ts';
import { openDump } from '../opened-dump.ts';
import { textTable } from '#shared/text-table.ts';
import { usableRoot } from '../usable-root.ts';
import { GUEST_HELP, isForGuest, translateGuest } from './translate-guest.ts';

export const translate: Command = {
  name: 'translate',
  usage:
    'FILE... ADDRESS... [--from gpa] [--to hva] [--cpu N [--regime ID] | --root ADDRESS [--mode ID]]; --vm ID [--from gva|gpa|hva|hpa] [--to gpa|hva|hpa] [--vcpu N] [--walk]',
  summary: 'virtual addresses to physical ones, and to those of the process or the host that ran the guest',
  details: `  -                as ADDRESS: one a line from standard input
  --from gpa       each ADDRESS is guest-physical (default: virtual)
  --to hva         also the host-virtual address in QEMU's process, and where the file holds it (cores of QEMU)
${GUEST_HELP}
${ROOT_HELP}\n\nWhatever looks like an address is one: write ./abc for a part of a split dump that is named abc.`,
  arity: [2, Infinity],
  addresses: true,
  options: {
    ...ROOT_OPTIONS,
    from: { type: 'string' },
    to: { type: 'string' },
    vcpu: { type: 'string' },
    walk: { type: 'boolean' },
  },
  async run(context) {
    if (isForGuest(context)) return translateGuest(context, await readAddresses(context.positionals.slice(1)));
    for (const name of ['vcpu', 'walk']) if (context.options[name] !== undefined) throw new UsageError(`--${name} goes with --vm`);
    const chosen = rootOption(context.options);
    const { from = 'gva', to = 'gpa' } = context.options;
    if (from !== 'gva' && from !== 'gpa') throw new UsageError(`--from: expected gva or gpa, found ${JSON.stringify(from)}`);
    if (to !== 'gpa' && to !== 'hva') throw new UsageError(`--to: expected gpa or hva, found ${JSON.stringify(to)}`);
    const addresses = await readAddresses(context.positionals.slice(1));
    const summary = await openDump(context);
    const { dumpId } = summary;
    if (to === 'hva' && !summary.hasHostAddresses)
      throw new WorkbenchError('unsupported', `${summary.path} does not know host addresses: cores of QEMU processes do`);
    if (to === 'hva' || from === 'gpa')
      return toHost(context, { dumpId, addresses, from, root: from === 'gpa' ? chosen : await usableRoot(context, summary, chosen) });
    const root = await usableRoot(context, summary, chosen);
    const answers: Translation[] = [];
    for (let at = 0; at < addresses.length; at += TRANSLATE_LIMIT) {
      answers.push(...(await context.workbench.translate({ dumpId, addresses: addresses.slice(at, at + TRANSLATE_LIMIT), root })));
    }
    context.print(context.json ? toJson(answers.map(asJson)) : asText(answers));
    return answers.every(({ physical }) => physical !== null) ? EXIT.done : EXIT.hole;
  },
};

/** One by one, with the file offset. */
async function toHost(
  { workbench, json, print }: CommandContext,
  { dumpId, addresses, from, root }: { dumpId: string; addresses: readonly bigint[]; from: 'gva' | 'gpa'; root: RootChoice },
): Promise<number> {
  const answers: AddressDescription[] = [];
  for (const address of addresses) answers.push(await workbench.describeAddress({ dumpId, space: from, address, root }));
  const rows = answers.map(({ address, physical, host, fileOffset, label }) => ({
    address,
    physical: hexOrNull(physical),
    host: hexOrNull(host?.address ?? null),
    fileOffset: hexOrNull(fileOffset),
    label,
  }));
  const right = 'right' as const;
  const titles = [
    { title: from === 'gva' ? 'VIRTUAL' : 'ADDRESS', align: right },
    { title: 'PHYSICAL', align: right },
    { title: 'HOST', align: right },
    { title: 'FILE OFFSET', align: right },
    { title: 'PLACE' },
  ];
  print(
    json
      ? toJson(rows)
      : textTable(
          titles,
          rows.map(({ address, physical, host, fileOffset, label }) => [
            formatAddress(address),
            physical ?? '-',
            host ?? '-',
            fileOffset ?? '-',
            label,
          ]),
        ),
  );
  return rows.every(({ host }) => host !== null) ? EXIT.done : EXIT.hole;
}

async function readAddresses(words: string[]): Promise<bigint[]> {
  if (words.filter((word) => word === '-').length > 1) throw new UsageError('standard input ("-") can be read only once');
  const addresses: bigint[] = [];
  for (const word of words) {
    if (word !== '-') {
      addresses.push(addressArgument(word));
      continue;
    }
    for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity }))
      if (line.trim() !== '') addresses.push(addressArgument(line));
  }
  return addresses;
}

function asJson(answer: Translation) {
  if (answer.physical === null) return answer;
  const { address, physical, pageSize, flags, host } = answer;
  return { address, physical: hex(physical), pageSize, flags, ...(host === undefined ? {} : { host: hex(host) }) };
}

function asText(answers: Translation[]): string {
  const rows = answers.map((answer) =>
    answer.physical === null
      ? [formatAddress(answer.address), '-', '', answer.reason]
      : [formatAddress(answer.address), formatAddress(answer.physical), formatSize(answer.pageSize), answer.flags.join(' ')],
  );
  return textTable(
    [{ title: 'VIRTUAL', align: 'right' }, { title: 'PHYSICAL', align: 'right' }, { title: 'PAGE', align: 'right' }, { title: 'FLAGS OR REASON' }],
    rows,
  );
}
