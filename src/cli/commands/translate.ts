import { createInterface } from 'node:readline/promises';
import { TRANSLATE_LIMIT } from '#shared/contract.ts';
import { formatAddress, formatSize } from '#shared/address-text.ts';
import type { Translation } from '#shared/model/index.ts';
import { addressArgument, ROOT_HELP, ROOT_OPTIONS, rootOption, type Command } from '../command.ts';
import { EXIT, UsageError } from '../exit-code.ts';
import { hex, toJson } from '../json.ts';
import { openDump } from '../opened-dump.ts';
import { textTable } from '../text-table.ts';
import { usableRoot } from '../usable-root.ts';

export const translate: Command = {
  name: 'translate',
  usage: 'FILE... ADDRESS... [--cpu N [--regime ID] | --root ADDRESS [--mode ID]]',
  summary: 'virtual addresses to physical ones',
  details: `  -                as ADDRESS: one a line from standard input\n${ROOT_HELP}\n\nWhatever looks like an address is one: write ./abc for a part of a split dump that is named abc.`,
  arity: [2, Infinity],
  addresses: true,
  options: ROOT_OPTIONS,
  async run(context) {
    const chosen = rootOption(context.options);
    const addresses = await readAddresses(context.positionals.slice(1));
    const summary = await openDump(context);
    const { dumpId } = summary;
    const root = await usableRoot(context, summary, chosen);
    const answers: Translation[] = [];
    for (let at = 0; at < addresses.length; at += TRANSLATE_LIMIT) {
      answers.push(...(await context.workbench.translate({ dumpId, addresses: addresses.slice(at, at + TRANSLATE_LIMIT), root })));
    }
    context.print(context.json ? toJson(answers.map(asJson)) : asText(answers));
    return answers.every(({ physical }) => physical !== null) ? EXIT.done : EXIT.hole;
  },
};

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
  const { address, physical, pageSize, flags } = answer;
  return { address, physical: hex(physical), pageSize, flags };
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
