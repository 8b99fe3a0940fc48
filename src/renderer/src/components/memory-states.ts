/** Words and letters for the states of memory; the colours are in styles/tokens.css. */
import type { MemoryState } from '#shared/model/index.ts';

export interface StateWords {
  letter: string;
  title: string;
  meaning: string;
}

export const MEMORY_STATES: Readonly<Record<MemoryState, StateWords>> = {
  present: { letter: 'P', title: 'present', meaning: 'The dump holds these bytes.' },
  zero: { letter: '0', title: 'zero', meaning: 'The dump says that these bytes are zero.' },
  excluded: { letter: 'X', title: 'excluded', meaning: 'Whoever made the dump left these bytes out on purpose.' },
  absent: { letter: 'A', title: 'absent', meaning: 'There is no memory here, or the dump does not hold it.' },
  corrupt: { letter: 'C', title: 'corrupt', meaning: 'The dump should hold these bytes, but what it holds cannot be read.' },
  encrypted: { letter: 'E', title: 'encrypted', meaning: 'The bytes are ciphertext.' },
  unmapped: { letter: 'U', title: 'unmapped', meaning: 'No page is mapped at this virtual address.' },
};
