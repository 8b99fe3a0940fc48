/** A walk as text, for every CPU family: as `vmcore-workbench walk` prints one, with the walks of a second stage indented below the entries that they find. */
import { formatAddress, formatSize } from '#shared/address-text.ts';
import type { Walk, WalkStep } from '#shared/model/index.ts';
import { placeOf, walksBelow } from './walk-stops.ts';

function stepLine(step: WalkStep, entrySize: number): string {
  const entry = step.entry === null ? 'not in the dump' : step.entry.toString(16).padStart(entrySize * 2, '0');
  return `${placeOf(step).padEnd(16)} ${formatAddress(step.entryAddress).padStart(14)}  ${entry}  ${step.sentence}`;
}

/** Lines end with `\n`. */
export function walkText(walk: Walk, indent = ''): string {
  const { address, mode, root, rootSource, steps, result } = walk;
  const end = result.kind === 'page' ? `${formatAddress(address)} → ${formatAddress(result.physical)} (${formatSize(result.pageSize)} page)\n` : '';
  const below = walksBelow(walk);
  const nested = (at: number) => (below[at] ? walkText(below[at], '    ') : '');
  const lines = [
    `${mode.title}, root ${root === null ? 'unknown' : formatAddress(root)} (${rootSource})\n`,
    ...steps.map((step, at) => `${nested(at)}${stepLine(step, mode.entrySize)}\n`),
    nested(steps.length),
    end,
    `${result.sentence}\n`,
  ];
  return lines.join('').replace(/^(?=.)/gm, indent);
}
