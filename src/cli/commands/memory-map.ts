import { formatAddress, formatSize } from '#shared/address-text.ts';
import type { MemoryMap, MemoryState } from '#shared/model/index.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { hex, toJson } from '../json.ts';
import { openDump } from '../opened-dump.ts';
import { textTable } from '#shared/text-table.ts';

export const memoryMap: Command = {
  name: 'memory-map',
  usage: 'FILE...',
  summary: 'RAM blocks and guest-physical regions, with evidence',
  details: 'The evidence says why a block is at that address: proven by the dump, derived from the machine type, guessed, or corrected by the user.',
  arity: [1, 1],
  options: {},
  async run(context) {
    const { dumpId } = await openDump(context);
    const map = await context.workbench.getMemoryMap({ dumpId });
    context.print(context.json ? toJson(asJson(map)) : asText(map));
    return EXIT.done;
  },
};

function asJson({ regions, blocks, corrections }: MemoryMap) {
  return {
    regions: regions.map(({ start, last, block, blockOffset, readOnly, evidence, states }) => ({
      start: hex(start),
      last: hex(last),
      block,
      blockOffset: hex(blockOffset),
      readOnly,
      evidence: evidence.text,
      strength: evidence.strength,
      states,
    })),
    blocks: blocks.map(({ name, length, role, host, mappedAt, states }) => ({
      name,
      length,
      role,
      ...(host === undefined ? {} : { host: hex(host) }),
      mappedAt: mappedAt.map(hex),
      states,
    })),
    corrected: corrections.length > 0,
  };
}

function stateWords(states: Partial<Record<MemoryState, number>>): string {
  return Object.entries(states)
    .map(([state, bytes]) => `${formatSize(bytes)} ${state}`)
    .join(', ');
}

function asText({ regions, blocks, corrections }: MemoryMap): string {
  const rows = regions.map(({ start, last, block, blockOffset, evidence, states }) => [
    formatAddress(start),
    formatAddress(last),
    formatSize(last - start + 1),
    block === null ? '-' : `${block}${blockOffset > 0 ? ` + ${formatAddress(blockOffset)}` : ''}`,
    stateWords(states),
    `${evidence.strength}: ${evidence.text}`,
  ]);
  const right = 'right' as const;
  const table = textTable(
    [
      { title: 'START', align: right },
      { title: 'LAST', align: right },
      { title: 'SIZE', align: right },
      { title: 'BLOCK' },
      { title: 'STATES' },
      { title: 'EVIDENCE' },
    ],
    rows,
  );
  const hasHosts = blocks.some(({ host }) => host !== undefined);
  const blockRows = blocks.map(({ name, length, mappedAt, role, host, states }) => [
    name,
    formatSize(length),
    ...(hasHosts ? [host === undefined ? '-' : formatAddress(host)] : []),
    mappedAt.length > 0 ? mappedAt.map(formatAddress).join(' ') : 'not mapped',
    role ?? '',
    stateWords(states),
  ]);
  const blockTable = textTable(
    [
      { title: 'BLOCK' },
      { title: 'SIZE', align: right },
      ...(hasHosts ? [{ title: 'HOST', align: right }] : []),
      { title: 'MAPPED AT' },
      { title: 'ROLE' },
      { title: 'STATES' },
    ],
    blockRows,
  );
  return [corrections.length > 0 ? 'With the corrections of the project file.' : '', table, blocks.length > 0 ? blockTable : '']
    .filter(Boolean)
    .join('\n\n');
}
