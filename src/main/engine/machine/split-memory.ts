/** Main memory in two pieces: from 0 up to a hole, and the rest above it. */
import type { Evidence } from '#shared/model/memory.ts';
import { PHYSICAL_LIMIT } from '#shared/units.ts';
import type { MapPainter } from '../memory/map-painter.ts';
import type { MainMemory } from './main-memory.ts';

export interface Split {
  /** Bytes from 0 on. */
  low: number;
  /** Where the rest starts. */
  high: number;
  strength: Evidence['strength'];
  /** Whole sentences: what proves it. */
  text: string;
}

/** From the surest to the least sure. */
const STRENGTHS: Evidence['strength'][] = ['user', 'proven', 'derived', 'guessed'];

/** The weaker of two. */
export function weaker(a: Evidence['strength'], b: Evidence['strength']): Evidence['strength'] {
  return STRENGTHS[Math.max(STRENGTHS.indexOf(a), STRENGTHS.indexOf(b))]!;
}

/** Paints it, and sets the roles of its blocks. */
export function paintSplit(painter: MapPainter, main: MainMemory, { low, high, strength, text }: Split, roles: Map<number, string>): void {
  const several = main.blocks.length > 1;
  const order = several ? ` Order of the blocks: ${main.order}.` : '';
  const evidence: Evidence = { strength: several ? weaker(strength, main.strength) : strength, text: `${text}${order}` };
  let at = 0;
  for (const { index, length } of main.blocks) {
    roles.set(index, several ? 'part of main memory' : 'main memory');
    const below = Math.max(0, Math.min(length, low - at));
    const place = { block: index, readOnly: false, evidence };
    if (below > 0) painter.paint({ ...place, start: at, last: at + below - 1, blockOffset: 0 });
    const start = high + Math.max(0, at - low);
    // No CPU reaches further; only a list of blocks that lies does.
    if (below < length && start + (length - below) <= PHYSICAL_LIMIT) {
      painter.paint({ ...place, start, last: start + (length - below) - 1, blockOffset: below });
    }
    at += length;
  }
}
