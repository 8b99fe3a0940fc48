/**
 * Where a walk can be stopped and looked at: one stop per table entry read, and one for the outcome. With two stages of translation the entries that the second one reads for an
 * entry's address come before that entry, those for the page's before the outcome: the order in which the CPU reads them.
 */
import type { Walk, WalkResult, WalkStep } from '#shared/model/index.ts';

interface StopWords {
  title: string;
  sentence: string;
  /** Of the walk that is drawn: the step that it belongs to, or the number of steps for the outcome. */
  at: number;
}

export type WalkStop =
  | ({ kind: 'step'; step: WalkStep } & StopWords)
  /** An entry of the second stage, in its walk. */
  | ({ kind: 'below'; step: WalkStep; walk: Walk } & StopWords)
  | ({ kind: 'result' } & StopWords);

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
  if (result.below) return 'Not mapped by the second stage';
  return result.reason === 'non-canonical' && (mode.virtualBits <= 32 || mode.upperBits !== 'sign')
    ? 'Address out of range'
    : FAULT_TITLES[result.reason];
}

export const placeOf = ({ levelName, index }: Pick<WalkStep, 'levelName' | 'index'>): string => `${levelName}[${index}]`;

/** The second stage's walks by the steps of the first; the last is the page's. Undefined where a step has none. */
export function walksBelow({ steps, result }: Pick<Walk, 'steps' | 'result'>): (Walk | undefined)[] {
  // The walk that a fault carries is that of the last step's entry, where that is what failed.
  const shared = result.kind === 'fault' && steps.at(-1)?.conclusion.kind === 'below-fault';
  return [...steps.map(({ below }) => below), shared ? undefined : result.below];
}

/** In the order of the walk. Never empty: a walk without steps (a non-canonical address) has its outcome. */
export function walkStops(walk: Walk): WalkStop[] {
  const nested = walksBelow(walk);
  const below = (at: number): WalkStop[] =>
    nested[at]?.steps.map((step): WalkStop => ({ kind: 'below', step, walk: nested[at]!, at, title: placeOf(step), sentence: step.sentence })) ?? [];
  const steps = walk.steps.flatMap((step, at): WalkStop[] => [
    ...below(at),
    { kind: 'step', step, at, title: placeOf(step), sentence: step.sentence },
  ]);
  const at = walk.steps.length;
  return [...steps, ...below(at), { kind: 'result', at, title: resultTitle(walk), sentence: walk.result.sentence }];
}

/** The stop of a step of the walk that is drawn, or of its outcome. */
export function stopOfStep(stops: readonly WalkStop[], at: number): number {
  return Math.max(
    0,
    stops.findIndex((stop) => stop.kind !== 'below' && stop.at === at),
  );
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
