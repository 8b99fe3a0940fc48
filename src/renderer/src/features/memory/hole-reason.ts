/**
 * Why nothing is mapped at an address, out of its walk: "PD[4] not present" is one fact, "the PDPT is not in the dump" another. A walk
 * that ends at an entry speaks for everything that the entry covers; one that ends at a missing table, for all of the table.
 */
import { groupedHex } from '#shared/address-text.ts';
import { impossibleWords } from '#shared/virtual-address.ts';
import type { Walk } from '#shared/model/index.ts';
import type { Extent } from './extents.ts';

/** The stretch around `walk.address` that shares its fate; undefined when the address is mapped. */
export function holeAround(walk: Walk): Extent | undefined {
  if (walk.result.kind === 'page') return undefined;
  const step = walk.steps.at(-1);
  const level = step && walk.mode.levels.find((candidate) => candidate.level === step.level);
  if (!step || !level || walk.result.reason === 'non-canonical' || walk.result.reason === 'no-root') {
    const reason = walk.result.reason === 'non-canonical' ? impossibleWords(walk.mode.virtualBits) : 'the root of the page tables is not known';
    return { start: walk.address, last: walk.address, kind: 'hole', state: 'unmapped', reason };
  }
  const missing = step.conclusion.kind === 'table-missing';
  const size = 1n << BigInt(missing ? level.shift + level.bits : level.shift);
  const start = walk.address - (walk.address % size);
  const place = `${step.levelName}[${step.index}]`;
  const cover = { start, last: start + size - 1n, kind: 'hole' } as const;
  switch (step.conclusion.kind) {
    case 'table-missing':
      return { ...cover, state: 'absent', reason: `the ${step.levelName} at GPA ${groupedHex(step.table, 12)} is not in the dump` };
    case 'reserved':
      return { ...cover, state: 'unmapped', reason: `${place} has reserved bits set` };
    default:
      return { ...cover, state: 'unmapped', reason: `${place} not present` };
  }
}
