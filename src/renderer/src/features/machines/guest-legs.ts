/** The walks that make up the way of a guest's address to the host, and their names. */
import { formatSize } from '#shared/address-text.ts';
import type { GuestWalk, Walk } from '#shared/model/index.ts';
import { placeOf, resultTitle, walkStops } from '../page-walk/walk-stops.ts';

export type LegId = 'guest' | 'process' | 'nested' | 'all';

export interface Leg {
  id: LegId;
  title: string;
  walk: Walk;
}

const nestedTitle = ({ mode }: Walk): string =>
  /ept/i.test(`${mode.id} ${mode.title}`) ? 'EPT' : /npt|nested/i.test(`${mode.id} ${mode.title}`) ? 'NPT' : 'Nested tables';

/** Every table entry that the CPU reads: those of both stages. */
export const accessesOf = (walk: Walk): number => walkStops(walk).filter(({ kind }) => kind !== 'result').length;

/** In the order of the way. */
export function legsOf({ guest, host, nested, twoDimensional }: GuestWalk): Leg[] {
  const legs: Leg[] = [];
  if (guest) legs.push({ id: 'guest', title: 'Guest’s tables', walk: guest });
  if (host) legs.push({ id: 'process', title: 'Process’s tables', walk: host });
  if (nested) legs.push({ id: 'nested', title: nestedTitle(nested), walk: nested });
  if (twoDimensional) legs.push({ id: 'all', title: `All ${accessesOf(twoDimensional)} accesses`, walk: twoDimensional });
  return legs;
}

/** "PML4[0] PDPT[3] PD[12] PT[5]" */
export const stepWords = ({ steps }: Walk): string => steps.map(placeOf).join(' ');

/** "4 KiB page, P RW US A D NX", "Not present" */
export function endWords(walk: Walk): string {
  const { result } = walk;
  return result.kind === 'page' ? [`${formatSize(result.pageSize)} page`, result.flags.join(' ')].filter(Boolean).join(', ') : resultTitle(walk);
}
