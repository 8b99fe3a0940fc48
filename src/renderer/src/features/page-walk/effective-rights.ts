/**
 * How the rights of a page come about: every level must allow writing, user mode and execution. The answer itself comes with the walk, and so does what each entry allows; this tells
 * which level took a right away. The second stage of a walk is one more level.
 */
import type { Walk, WalkStep } from '#shared/model/index.ts';
import { placeOf } from './walk-stops.ts';

export type Right = 'writable' | 'user' | 'executable';

export interface LevelRights {
  name: string;
  /** The entry: `PD[8]`. */
  place: string;
  /** What this entry allows, alone. */
  allows: Record<Right, boolean>;
}

export interface RightsAnswer {
  right: Right;
  granted: boolean;
  /** The entries that forbid it: `PD[8]`. */
  takenBy: string[];
}

export const RIGHT_WORDS: Record<Right, { title: string; yes: string; no: string }> = {
  writable: { title: 'Write', yes: 'writable', no: 'read-only' },
  user: { title: 'User', yes: 'user and kernel', no: 'kernel only' },
  executable: { title: 'Execute', yes: 'executable', no: 'not executable' },
};

export const RIGHTS: readonly Right[] = ['writable', 'user', 'executable'];

const levelOf = (step: WalkStep): LevelRights[] => (step.allows ? [{ name: step.levelName, place: placeOf(step), allows: { ...step.allows } }] : []);

/** Only the entries that were read and lead somewhere. */
export function levelRights({ steps, result }: Pick<Walk, 'steps' | 'result'>): LevelRights[] {
  const below = result.below?.result.kind === 'page' ? result.below.result.effective : undefined;
  return [...steps.flatMap(levelOf), ...(below ? [{ name: '2nd stage', place: 'the second stage', allows: { ...below } }] : [])];
}

/** Empty for a walk that does not end in a page. */
export function rightsAnswers(walk: Walk): RightsAnswer[] {
  const { result } = walk;
  if (result.kind !== 'page') return [];
  const levels = levelRights(walk);
  return RIGHTS.map((right) => ({
    right,
    granted: result.effective[right],
    takenBy: levels.filter((level) => !level.allows[right]).map(({ place }) => place),
  }));
}
