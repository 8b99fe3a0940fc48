/** Amounts of memory by state, in words. */
import { formatSize } from '#shared/address-text.ts';
import type { MemoryState } from '#shared/model/index.ts';
import { MEMORY_STATES } from '../../components/memory-states.ts';

/** "present 5.0 MiB, absent 1 MiB"; a single state is "all present". */
export function amountWords(states: Partial<Record<MemoryState, number>>): string {
  const entries = (Object.entries(states) as [MemoryState, number][]).filter(([, bytes]) => bytes > 0).sort((a, b) => b[1] - a[1]);
  const [first] = entries;
  if (!first) return 'nothing';
  if (entries.length === 1) return `all ${MEMORY_STATES[first[0]].title}`;
  return entries.map(([state, bytes]) => `${MEMORY_STATES[state].title} ${formatSize(bytes)}`).join(', ');
}
