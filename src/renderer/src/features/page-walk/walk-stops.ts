/** Where a walk can be stopped and looked at: one stop per table entry read, and one for the outcome. */
import type { Walk, WalkResult, WalkStep } from '#shared/model/index.ts';

export type WalkStop = { kind: 'step'; step: WalkStep; title: string; sentence: string } | { kind: 'result'; title: string; sentence: string };

const FAULT_TITLES: Record<Extract<WalkResult, { kind: 'fault' }>['reason'], string> = {
  'non-canonical': 'Not a canonical address',
  'not-present': 'Not present',
  'reserved-bit': 'Reserved bit set',
  'table-missing': 'Table not in the dump',
  'no-root': 'No translation root',
  'outside-table': 'Outside of the table',
};

export function resultTitle({ result, mode }: Pick<Walk, 'result' | 'mode'>): string {
  if (result.kind === 'page') return 'Page';
  return result.reason === 'non-canonical' && mode.virtualBits <= 32 ? 'Address out of range' : FAULT_TITLES[result.reason];
}

/** In the order of the walk. Never empty: a walk without steps (a non-canonical address) has its outcome. */
export function walkStops(walk: Walk): WalkStop[] {
  const steps = walk.steps.map((step): WalkStop => ({ kind: 'step', step, title: `${step.levelName}[${step.index}]`, sentence: step.sentence }));
  return [...steps, { kind: 'result', title: resultTitle(walk), sentence: walk.result.sentence }];
}

/** The stop at which the table of `level` is read; undefined where the walk does not get there. */
export function stopOfLevel(stops: readonly WalkStop[], level: number): number | undefined {
  const found = stops.findIndex((stop) => stop.kind === 'step' && stop.step.level === level);
  return found < 0 ? undefined : found;
}

/** The level whose entry maps the page; undefined for a walk that ends otherwise. */
export function pageLevel(walk: Walk): number | undefined {
  return walk.result.kind === 'page' ? walk.steps.at(-1)?.level : undefined;
}
