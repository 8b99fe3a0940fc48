/** The tours that ship with the app, in the order of their file names. */
import { parseTour } from './tour-schema.ts';
import type { Tour } from './tour-schema.ts';

const files = import.meta.glob<unknown>('../../../../../resources/walkthroughs/*.json', { eager: true, import: 'default' });

export const TOURS: readonly Tour[] = Object.entries(files)
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([path, data]) => parseTour(path.split('/').pop() ?? path, data));
