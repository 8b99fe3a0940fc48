import { formatAddress, formatSize } from '#shared/address-text.ts';
import type { DumpSummary } from '#shared/model/index.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { hexOrNull, toJson } from '../json.ts';
import { openDump } from '../opened-dump.ts';
import { textPairs, textTable } from '../text-table.ts';

export const info: Command = {
  name: 'info',
  usage: 'FILE',
  summary: 'what the file is, its layers, machine, CPUs, diagnostics',
  details: '',
  arity: [1, 1],
  options: {},
  async run(context) {
    const summary = await openDump(context, true);
    context.print(context.json ? toJson(asJson(summary)) : asText(summary));
    return EXIT.done;
  },
};

function asJson({ dumpId: _dumpId, cpus, ...rest }: DumpSummary) {
  return {
    ...rest,
    cpus: cpus.map(({ index, mode, instructionPointer, root }) => ({ index, mode, rip: hexOrNull(instructionPointer), root: hexOrNull(root) })),
  };
}

function asText(summary: DumpSummary): string {
  const { memory, access, guestOs, layers, cpus, facts, diagnostics } = summary;
  const states = Object.entries(memory.states).map(([state, bytes]) => `${formatSize(bytes)} ${state}`);
  const pairs: [string, string][] = [
    ['File', `${summary.path} (${formatSize(summary.size)}, ${access.kind === 'mapped' ? 'mapped' : `read with pread: ${access.reason}`})`],
    ['Architecture', summary.architecture],
    ...(summary.machine ? [['Machine', summary.machine] satisfies [string, string]] : []),
    ...(guestOs ? [['Guest', `${guestOs.name} ${guestOs.release} (${guestOs.source})`] satisfies [string, string]] : []),
    ['Memory', `${formatSize(memory.total)}: ${states.join(', ')}`],
    ...(summary.projectFile ? [['Corrections', summary.projectFile] satisfies [string, string]] : []),
  ];
  const sections = [summary.sentence, textPairs(pairs)];
  const layerRows = layers.map(({ title, offset, length, detail }) => [title, formatAddress(offset), formatSize(length), detail]);
  sections.push(
    textTable([{ title: 'LAYER' }, { title: 'OFFSET', align: 'right' }, { title: 'SIZE', align: 'right' }, { title: 'DETAIL' }], layerRows),
  );
  if (cpus.length > 0) {
    const rows = cpus.map(({ index, mode, instructionPointer, root }) => [
      String(index),
      hexOrNull(instructionPointer) ?? '-',
      hexOrNull(root) ?? '-',
      mode,
    ]);
    sections.push(textTable([{ title: 'CPU', align: 'right' }, { title: 'RIP' }, { title: 'ROOT' }, { title: 'MODE' }], rows));
  }
  if (facts.length > 0)
    sections.push(
      textTable(
        [{ title: 'FACT' }, { title: 'VALUE' }, { title: 'SOURCE' }],
        facts.map(({ label, value, source }) => [label, value, source]),
      ),
    );
  for (const { severity, message, consequence } of diagnostics) sections.push(`${severity}: ${message}${consequence ? `\n  ${consequence}` : ''}`);
  return sections.join('\n\n');
}
