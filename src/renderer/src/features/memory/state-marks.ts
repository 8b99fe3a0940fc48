/** How a byte without a value is written in the grid and in copies: two characters that no hexadecimal byte can be, a pair for each state. */
import type { MemoryState } from '#shared/model/index.ts';

/** Empty where the byte itself is shown. */
export const MARKS: Readonly<Record<MemoryState, string>> = {
  present: '',
  zero: '',
  excluded: 'xx',
  absent: '--',
  corrupt: '!!',
  encrypted: '##',
  unmapped: '··',
};
