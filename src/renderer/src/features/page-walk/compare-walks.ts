/** Two walks side by side: level by level what they share, and where they part. */
import { formatAddress } from '#shared/address-text.ts';
import type { Walk, WalkStep } from '#shared/model/index.ts';

export interface ComparedLevel {
  level: number;
  levelName: string;
  left: WalkStep | undefined;
  right: WalkStep | undefined;
  /** `same-entry`: one entry of one table. `same-table`: two entries of one table. `one-side`: only one walk gets here. */
  relation: 'same-entry' | 'same-table' | 'same-target' | 'different' | 'one-side';
  /** Names of flags that are set on one side only. */
  differentFlags: string[];
}

export interface WalkComparison {
  levels: ComparedLevel[];
  /** Where they part and what that means; one sentence. */
  sentence: string;
}

function target(step: WalkStep): number | undefined {
  if (step.conclusion.kind === 'table') return step.conclusion.next;
  return step.conclusion.kind === 'page' ? step.conclusion.pageStart : undefined;
}

function relationOf(left: WalkStep, right: WalkStep): ComparedLevel['relation'] {
  if (left.entryAddress === right.entryAddress) return 'same-entry';
  if (left.table === right.table) return 'same-table';
  return target(left) !== undefined && target(left) === target(right) ? 'same-target' : 'different';
}

function differentFlags(left: WalkStep, right: WalkStep): string[] {
  const set = (step: WalkStep) =>
    step.flags.filter((field) => field.width === 1 && field.value === 1n && field.name !== 'ignored').map((field) => field.name);
  const [ofLeft, ofRight] = [set(left), set(right)];
  return [...ofLeft.filter((name) => !ofRight.includes(name)), ...ofRight.filter((name) => !ofLeft.includes(name))];
}

export const RELATION_WORDS: Record<ComparedLevel['relation'], string> = {
  'same-entry': 'same entry',
  'same-table': 'same table, another entry',
  'same-target': 'another table, leads to the same place',
  different: 'different tables',
  'one-side': 'only one walk gets here',
};

function sentenceOf(left: Walk, right: Walk, levels: ComparedLevel[]): string {
  const end = ({ result }: Walk) => (result.kind === 'page' ? result.physical : null);
  const [first, second] = [end(left), end(right)];
  const met =
    first !== null && first === second
      ? `Both end at physical ${formatAddress(first)}.`
      : first !== null && second !== null
        ? `They end at physical ${formatAddress(first)} and ${formatAddress(second)}.`
        : first === null && second === null
          ? 'Neither ends in a page.'
          : `Only the ${first === null ? 'second' : 'first'} ends in a page.`;
  const parting = levels.findIndex((level) => level.relation !== 'same-entry');
  if (levels.length === 0) return met;
  if (parting < 0) return `The walks read the same entries. ${met}`;
  const at = levels[parting]?.levelName ?? '';
  const meeting = levels.find(({ relation }, place) => place > parting && relation === 'same-entry');
  if (meeting) return `The walks read different entries at ${at} and meet again at ${meeting.levelName}. ${met}`;
  return parting === 0
    ? `The walks share no entry: they part at ${at}. ${met}`
    : `The walks share ${parting} ${parting === 1 ? 'entry' : 'entries'} and part at ${at}. ${met}`;
}

/** Levels of both walks, top first. */
export function compareWalks(left: Walk, right: Walk): WalkComparison {
  const numbers = [...new Set([...left.steps, ...right.steps].map((step) => step.level))].sort((a, b) => b - a);
  const levels = numbers.map((level): ComparedLevel => {
    const ofLeft = left.steps.find((step) => step.level === level);
    const ofRight = right.steps.find((step) => step.level === level);
    const levelName = (ofLeft ?? ofRight)?.levelName ?? '';
    if (!ofLeft || !ofRight) return { level, levelName, left: ofLeft, right: ofRight, relation: 'one-side', differentFlags: [] };
    return { level, levelName, left: ofLeft, right: ofRight, relation: relationOf(ofLeft, ofRight), differentFlags: differentFlags(ofLeft, ofRight) };
  });
  return { levels, sentence: sentenceOf(left, right, levels) };
}
