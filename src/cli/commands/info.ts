import { formatAddress, formatSize } from '#shared/address-text.ts';
import { counted } from '#shared/counted.ts';
import type { CpuSummary, Document, DumpSummary, Layer, SnapshotInfo } from '#shared/model/index.ts';
import { openedWords } from '#shared/open-choices.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { hexOrNull, toJson } from '../json.ts';
import { openDump, whatItMeans } from '../opened-dump.ts';
import { textPairs, textTable } from '#shared/text-table.ts';

export const info: Command = {
  name: 'info',
  usage: 'FILE...',
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
    cpus: cpus.map(cpuJson),
  };
}

/** `rip` was there before other families were, and stays for x86. */
function cpuJson({ index, mode, instructionPointer, instructionRegister, root, rootRegister }: CpuSummary) {
  const pointer = hexOrNull(instructionPointer);
  const ofX86 = instructionRegister === 'rip' || instructionRegister === 'eip';
  return { index, mode, ...(ofX86 ? { rip: pointer } : {}), instructionPointer: pointer, instructionRegister, root: hexOrNull(root), rootRegister };
}

function asText(summary: DumpSummary): string {
  const { memory, access, guestOs, layers, cpus, facts, diagnostics } = summary;
  const states = Object.entries(memory.states).map(([state, bytes]) => `${formatSize(bytes)} ${state}`);
  const pairs: [string, string][] = [
    ['File', `${summary.path} (${formatSize(summary.size)}, ${access.kind === 'mapped' ? 'mapped' : `read with pread: ${access.reason}`})`],
    ...summary.files.slice(1).map((file): [string, string] => ['', file]),
    ...openedRow(summary),
    ['Architecture', summary.architecture],
    ...(summary.machine ? [['Machine', summary.machine] satisfies [string, string]] : []),
    ...(summary.rootModes.length > 0 ? [['Paging modes', summary.rootModes.map(({ id }) => id).join(', ')] satisfies [string, string]] : []),
    ...(guestOs ? [['Guest', `${guestOs.name} ${guestOs.release} (${guestOs.source})`] satisfies [string, string]] : []),
    ['Memory', `${formatSize(memory.total)}: ${states.join(', ')}`],
    ...(summary.deviceCount > 0 ? [['Devices', `${counted(summary.deviceCount, 'device state')}`] satisfies [string, string]] : []),
    ...(summary.projectFile ? [['Corrections', summary.projectFile] satisfies [string, string]] : []),
  ];
  const sections = [summary.sentence, textPairs(pairs)];
  sections.push(layerTable(layers), ...snapshotTable(summary.snapshots), ...documentTable(summary.documents));
  if (cpus.length > 0) {
    const pointer = cpus[0]?.instructionRegister.toUpperCase() || 'POINTER';
    const rows = cpus.map(({ index, mode, instructionPointer, root }) => [
      String(index),
      hexOrNull(instructionPointer) ?? '-',
      hexOrNull(root) ?? '-',
      mode,
    ]);
    sections.push(textTable([{ title: 'CPU', align: 'right' }, { title: pointer }, { title: 'ROOT' }, { title: 'MODE' }], rows));
  }
  if (facts.length > 0)
    sections.push(
      textTable(
        [{ title: 'FACT' }, { title: 'VALUE' }, { title: 'SOURCE' }],
        facts.map(({ label, value, source }) => [label, value, source]),
      ),
    );
  for (const diagnostic of diagnostics) sections.push([`${diagnostic.severity}: ${diagnostic.message}`, ...whatItMeans(diagnostic)].join('\n  '));
  return sections.join('\n\n');
}

function openedRow({ options }: DumpSummary): [string, string][] {
  const words = openedWords([], options);
  return words.length > 0 ? [['Opened', words.join(', ')]] : [];
}

/** Each layer is inside the one above it, and its offset counts from that one's start; the parts of a set lie beside each other. */
function layerTable(layers: readonly Layer[]): string {
  const firstPart = layers.findIndex(({ part }) => part !== undefined);
  const rows = layers.map(({ title, offset, length, detail, part }, index) => [
    `${'  '.repeat(part === undefined ? index : firstPart)}${title}${part === undefined ? '' : ` in ${part}`}`,
    formatAddress(offset),
    formatAddress(length),
    formatSize(length),
    detail,
  ]);
  const right = 'right' as const;
  return textTable(
    [{ title: 'LAYER' }, { title: 'OFFSET', align: right }, { title: 'BYTES', align: right }, { title: 'SIZE', align: right }, { title: 'DETAIL' }],
    rows,
  );
}

function snapshotTable(snapshots: readonly SnapshotInfo[]): string[] {
  if (snapshots.length === 0) return [];
  const rows = snapshots.map(({ id, name, takenAt, stateSize, open }) => [
    open ? '*' : '',
    id,
    name,
    takenAt,
    stateSize > 0 ? formatSize(stateSize) : 'disk only',
  ]);
  return [
    textTable([{ title: '' }, { title: 'ID' }, { title: 'SNAPSHOT' }, { title: 'TAKEN AT' }, { title: 'MACHINE STATE', align: 'right' }], rows),
  ];
}

function documentTable(documents: readonly Document[]): string[] {
  if (documents.length === 0) return [];
  const rows = documents.map(({ title, kind, text }) => [title, kind, formatSize(Buffer.byteLength(text))]);
  return [textTable([{ title: 'DOCUMENT' }, { title: 'KIND' }, { title: 'SIZE', align: 'right' }], rows)];
}
