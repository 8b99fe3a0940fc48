/** What the ends of a walk say to a reader. */
import { formatAddress, formatSize } from '#shared/address-text.ts';
import type { MemoryState, WalkStep } from '#shared/model/index.ts';
import type { Rights } from './paging-mode.ts';

const STATE_WORDS: Record<MemoryState, string> = {
  present: 'is in the dump',
  zero: 'is in the dump, all zero',
  excluded: 'was left out of the dump on purpose',
  absent: 'is not in the dump, or no memory at all',
  corrupt: 'cannot be read from the dump',
  encrypted: 'is encrypted in the dump',
  unmapped: 'is not mapped',
};

export function tableMissingSentence(step: Pick<WalkStep, 'levelName' | 'index' | 'table'>, state: MemoryState): string {
  const { levelName, index, table } = step;
  return `The ${levelName} at GPA ${formatAddress(table)} ${STATE_WORDS[state]}: ${levelName}[${index}] cannot be read, so nobody can say where the address leads.`;
}

/** Rights in words: "writable, kernel only, no code". */
export function rightsInWords({ writable, user, executable }: Rights): string {
  return `${writable ? 'writable' : 'read-only'}, ${user ? 'user and kernel' : 'kernel only'}, ${executable ? 'executable' : 'not executable'}`;
}

export function pageSentence(address: bigint, page: { physical: number; pageSize: number; effective: Rights }): string {
  const { physical, pageSize, effective } = page;
  return `${formatAddress(address)} is at GPA ${formatAddress(physical)}, in a ${formatSize(pageSize)} page: ${rightsInWords(effective)}.`;
}

/** Appended to the sentence of a page; empty when the dump holds it. */
export function pageStateSentence(state: MemoryState): string {
  return state === 'present' ? '' : ` The memory there ${STATE_WORDS[state]}.`;
}

export function outsideTableSentence({ levelName, index }: Pick<WalkStep, 'levelName' | 'index'>, range: { first: number; last: number }): string {
  return `${levelName}[${index}] is outside of the table: it has the entries ${range.first} to ${range.last} only, so nothing is mapped here.`;
}
