/**
 * How the rights of a page come about: every level must allow writing, user mode and execution.
 *
 * Facts: Intel SDM vol. 3A, 4.6 (access rights): writable where R/W is 1 in every entry, user-accessible where U/S is 1 in every
 * entry, executable where NX is 0 in every entry. The answer itself comes with the walk; this tells which level took a right away.
 */
import type { Walk, WalkStep } from '#shared/model/index.ts';

export type Right = 'writable' | 'user' | 'executable';

export interface LevelRights {
  step: WalkStep;
  /** What this entry allows, alone. */
  allows: Record<Right, boolean>;
}

export interface RightsAnswer {
  right: Right;
  granted: boolean;
  /** The entries that forbid it: `PD[8]`. */
  takenBy: string[];
}

export const RIGHT_WORDS: Record<Right, { title: string; yes: string; no: string; bit: string }> = {
  writable: { title: 'Write', yes: 'writable', no: 'read-only', bit: 'RW' },
  user: { title: 'User', yes: 'user and kernel', no: 'kernel only', bit: 'US' },
  executable: { title: 'Execute', yes: 'executable', no: 'not executable', bit: 'NX' },
};

export const RIGHTS: readonly Right[] = ['writable', 'user', 'executable'];

function flag(step: WalkStep, name: string): boolean {
  return step.flags.some((field) => field.name === name && field.value !== 0n);
}

/** Only the entries that were read. */
export function levelRights(walk: Walk): LevelRights[] {
  return walk.steps
    .filter((step) => step.entry !== null)
    .map((step) => ({ step, allows: { writable: flag(step, 'RW'), user: flag(step, 'US'), executable: !flag(step, 'NX') } }));
}

/** Empty for a walk that does not end in a page. */
export function rightsAnswers(walk: Walk): RightsAnswer[] {
  const { result } = walk;
  if (result.kind !== 'page') return [];
  const levels = levelRights(walk);
  return RIGHTS.map((right) => ({
    right,
    granted: result.effective[right],
    takenBy: levels.filter((level) => !level.allows[right]).map(({ step }) => `${step.levelName}[${step.index}]`),
  }));
}
