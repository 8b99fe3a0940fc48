/** How a folded hole is put in words. */
import { formatAddress, formatSize } from '#shared/address-text.ts';
import type { MemoryState } from '#shared/model/index.ts';
import type { Extent } from './extents.ts';

const PHRASES: Readonly<Record<MemoryState, string>> = {
  present: 'present',
  zero: 'zero',
  excluded: 'excluded from the dump',
  absent: 'not in the dump',
  corrupt: 'corrupt',
  encrypted: 'encrypted',
  unmapped: 'not mapped',
};

export const phraseOf = (state: MemoryState): string => PHRASES[state];

/** "0x3000 bytes (12 KiB) not mapped" */
export function holeWords(extent: Extent): string {
  const length = extent.last - extent.start + 1n;
  // A size in binary units says nothing new below 4 KiB; above 2^53 bytes the double is near enough for one decimal.
  const size = length >= 4096n ? ` (${formatSize(Number(length))})` : '';
  const what = extent.kind === 'unexplored' ? 'whose page tables have not been listed yet' : phraseOf(extent.state ?? 'absent');
  return `${formatAddress(length)} bytes${size} ${what}`;
}

/** A reason that says no more than the state does is no reason. */
export const reasonWords = (state: MemoryState | undefined, reason: string | undefined): string | undefined =>
  state !== undefined && reason === phraseOf(state) ? undefined : reason;
