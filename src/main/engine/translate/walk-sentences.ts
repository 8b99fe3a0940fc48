/** What the ends of a walk say to a reader. */
import { formatAddress, formatSize } from '#shared/address-text.ts';
import type { MemoryState, Rights, WalkStep } from '#shared/model/index.ts';
import type { PagingMode, PagingOptions, StageTable } from './paging-mode.ts';

const STATE_WORDS: Record<MemoryState, string> = {
  present: 'is in the dump',
  zero: 'is in the dump, all zero',
  excluded: 'was left out of the dump on purpose',
  absent: 'is not in the dump, or no memory at all',
  corrupt: 'cannot be read from the dump',
  encrypted: 'is encrypted in the dump',
  unmapped: 'is not mapped',
};

/** What kind of address tables hold: the dump's own, a host's, what a second stage translates, or of pages what prefixing makes an absolute address of. */
export type AddressWord = 'GPA' | 'HPA' | 'intermediate address' | 'real address';

/** What to call the memory that a translation ends at. */
export function resultWord(mode: PagingMode, { leadsTo, below }: PagingOptions): 'GPA' | 'HPA' {
  return below ? resultWord(below.mode, below.options) : (leadsTo ?? mode.leadsTo ?? 'GPA');
}

/** What to call the addresses that tables hold: above those that lead to a host's memory they are the guest's. */
export function addressWord(mode: PagingMode, options: PagingOptions): AddressWord {
  const result = resultWord(mode, options);
  if (!options.below) return result;
  return result === 'HPA' ? 'GPA' : 'intermediate address';
}

export function tableMissingSentence(step: Pick<WalkStep, 'levelName' | 'index' | 'table'>, state: MemoryState, word: AddressWord): string {
  const { levelName, index, table } = step;
  return `The ${levelName} at ${word} ${formatAddress(table)} ${STATE_WORDS[state]}: ${levelName}[${index}] cannot be read, so nobody can say where the address leads.`;
}

/** Rights in words: "writable, kernel only, no code". */
export function rightsInWords({ writable, user, executable }: Rights): string {
  return `${writable ? 'writable' : 'read-only'}, ${user ? 'user and kernel' : 'kernel only'}, ${executable ? 'executable' : 'not executable'}`;
}

/** `word`: see resultWord. `between` is the address that the first of two stages gives, and what to call it. */
export function pageSentence(
  address: bigint,
  { physical, pageSize, effective }: { physical: number; pageSize: number; effective: Rights },
  word: AddressWord,
  between?: { word: AddressWord; address: number },
): string {
  const through = between === undefined ? '' : ` (${between.word} ${formatAddress(between.address)})`;
  return `${formatAddress(address)} is at ${word} ${formatAddress(physical)}${through}, in a ${formatSize(pageSize)} page: ${rightsInWords(effective)}.`;
}

/** Appended to the sentence of a page; empty when the dump holds it. */
export function pageStateSentence(state: MemoryState): string {
  return state === 'present' ? '' : ` The memory there ${STATE_WORDS[state]}.`;
}

export function outsideTableSentence(
  { levelName, index }: Pick<WalkStep, 'levelName' | 'index'>,
  range: { first: number; last: number },
  consequence = 'nothing is mapped here',
): string {
  return `${levelName}[${index}] is outside of the table: it has the entries ${range.first} to ${range.last} only, so ${consequence}.`;
}

/** The second stage does not translate the address of `what`. `why` is the sentence that its own walk ends with. */
export function belowFaultSentence(
  what: string,
  { word, address }: { word: AddressWord; address: number },
  { mode }: StageTable,
  fault: { reason: string; sentence: string },
): string {
  const unknown = fault.reason === 'table-missing' || fault.reason === 'no-root';
  const end = unknown
    ? 'So nobody can say what is there.'
    : `${capitalised(mode.belowFault ?? 'the CPU reports it to the hypervisor')}, not a page fault of the first stage.`;
  return `${what} is at ${word} ${formatAddress(address)}, which the second stage does not translate. ${fault.sentence} ${end}`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
