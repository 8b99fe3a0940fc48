import { formatAddress, formatSize } from '#shared/address-text.ts';
import type { BitField, HostPlace, Walk, WalkStep } from '#shared/model/index.ts';
import { addressArgument, ROOT_HELP, ROOT_OPTIONS, rootOption, type Command } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { hex, hexOrNull, toJson } from '../json.ts';
import { openDump } from '../opened-dump.ts';
import { usableRoot } from '../usable-root.ts';
import { textTable } from '#shared/text-table.ts';

export const walk: Command = {
  name: 'walk',
  usage: 'FILE... ADDRESS [--cpu N [--regime ID] | --root ADDRESS [--mode ID]]',
  summary: 'follow a virtual address through the page tables, step by step',
  details: ROOT_HELP,
  arity: [2, 2],
  options: ROOT_OPTIONS,
  async run(context) {
    const chosen = rootOption(context.options);
    const address = addressArgument(context.positionals[1] ?? '');
    const summary = await openDump(context);
    const { dumpId } = summary;
    const root = await usableRoot(context, summary, chosen);
    const found = await context.workbench.walk({ dumpId, address, root });
    context.print(context.json ? toJson(walkJson(found)) : asText(found));
    return found.result.kind === 'page' ? EXIT.done : EXIT.hole;
  },
};

/** Names of the set flags; bits that the CPU ignores have no name of their own. */
const setFlags = (fields: BitField[]): string[] =>
  fields.filter(({ name, width, value }) => width === 1 && value === 1n && name !== 'ignored').map(({ name }) => name);

/** A step's nested walk through the second stage is `below`, of the same form as the whole. */
function stepJson(step: WalkStep): object {
  const { level, levelName, table, index, entryAddress, entry, flags, conclusion, sentence } = step;
  const { indexHighBit, indexLowBit } = step;
  return {
    level,
    levelName,
    table: hex(table),
    index,
    indexBits: [indexHighBit, indexLowBit],
    entryAddress: hex(entryAddress),
    entry: hexOrNull(entry),
    flags: setFlags(flags),
    conclusion: conclusion.kind,
    sentence,
    ...(step.below ? { below: walkJson(step.below) } : {}),
  };
}

export function walkJson({ address, mode, root, rootSource, steps, result }: Walk): object {
  const below = result.below ? { below: walkJson(result.below) } : {};
  return {
    address,
    mode: mode.id,
    root: hexOrNull(root),
    rootSource,
    steps: steps.map(stepJson),
    result:
      result.kind === 'page'
        ? { ...result, physical: hex(result.physical), pageStart: hex(result.pageStart), ...hostJson(result.host), ...below }
        : { kind: result.kind, physical: null, reason: result.reason, sentence: result.sentence, ...below },
  };
}

function hostJson(host: HostPlace | undefined): object {
  return host ? { host: { ...host, address: hex(host.address), fileOffset: hexOrNull(host.fileOffset) } } : {};
}

function hostText(host: HostPlace | undefined): string {
  if (!host) return '';
  const { address, block, fileOffset } = host;
  return `\nIn QEMU it was at HVA ${formatAddress(address)} (${block}), ${fileOffset === null ? 'which the file does not hold' : `file offset ${formatAddress(fileOffset)}`}.`;
}

function asText(walk: Walk): string {
  const { address, mode, root, rootSource, result } = walk;
  const end =
    result.kind === 'page'
      ? `${formatAddress(address)} → ${formatAddress(result.physical)} (${formatSize(result.pageSize)} page)\n${result.sentence}${hostText(result.host)}`
      : result.sentence;
  return `${mode.title}, root ${root === null ? 'unknown' : formatAddress(root)} (${rootSource})\n\n${stepsText(walk)}\n\n${end}`;
}

/** With two stages of translation each step is below the walk that finds its entry's address, and that of the page comes last. */
function stepsText(walk: Walk): string {
  const nested = [...walk.steps.map(({ below }) => below), walk.result.below].find((below) => below !== undefined);
  if (!nested) return stepsTable(walk, walk.steps);
  const { mode, root, rootSource } = nested;
  const through = `Entries and page through ${mode.title}, root ${root === null ? 'unknown' : formatAddress(root)} (${rootSource}):`;
  const parts = walk.steps.flatMap((step) => [...(step.below ? [nestedText(step.below)] : []), stepsTable(walk, [step])]);
  // The walk that a fault carries is that of the last step's entry, when it is there already.
  const last = walk.result.kind === 'fault' && walk.steps.at(-1)?.conclusion.kind === 'below-fault' ? undefined : walk.result.below;
  return [through, ...parts, ...(last ? [nestedText(last)] : [])].join('\n\n');
}

function nestedText(walk: Walk): string {
  const { address, result } = walk;
  const end =
    result.kind === 'page' ? `${formatAddress(address)} → ${formatAddress(result.physical)} (${formatSize(result.pageSize)} page)` : result.sentence;
  return `${stepsText(walk)}\n${end}`.replace(/^(?=.)/gm, '    ');
}

function stepsTable({ mode }: Walk, steps: readonly WalkStep[]): string {
  const rows = steps.map(({ levelName, table, index, indexHighBit, indexLowBit, entryAddress, entry, flags }) => [
    levelName,
    formatAddress(table),
    `${index}`,
    `${indexHighBit}:${indexLowBit}`,
    formatAddress(entryAddress),
    entry === null ? 'not in the dump' : entry.toString(16).padStart(mode.entrySize * 2, '0'),
    setFlags(flags).join(' '),
  ]);
  const right = 'right' as const;
  return textTable(
    [
      { title: 'LEVEL' },
      { title: 'TABLE', align: right },
      { title: 'INDEX', align: right },
      { title: 'BITS' },
      { title: 'ENTRY AT', align: right },
      { title: 'ENTRY' },
      { title: 'FLAGS' },
    ],
    rows,
  );
}
