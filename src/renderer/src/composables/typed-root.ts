/** A translation root that somebody types: what its number may be, for every place that takes one. */
import { formatAddress, parseAddress } from '#shared/address-text.ts';
import type { PagingModeId, PagingModeView } from '#shared/model/index.ts';
import { PHYSICAL_LIMIT } from '#shared/units.ts';

/** "PAE paging (32-bit), 3 levels": the modes' titles do not all say how many tables there are. */
export function modeWords({ title, levels }: PagingModeView): string {
  return /level/.test(title) ? title : `${title}, ${levels.length} levels`;
}

/** `mode`: that in which the tables are to be walked. */
export function typedRoot(
  text: string,
  rootModes: readonly PagingModeView[],
  mode: PagingModeId | undefined,
): { root: number; problem?: undefined } | { root?: undefined; problem: string } {
  const value = parseAddress(text);
  if (value === undefined || value >= BigInt(PHYSICAL_LIMIT)) return { problem: 'A root is a guest-physical address: hexadecimal, below 2^52.' };
  const alignment = rootModes.find(({ id }) => id === mode)?.tableAlignment ?? 4096;
  if (value % BigInt(alignment) !== 0n) return { problem: `A table starts at a multiple of ${formatAddress(alignment)}.` };
  return { root: Number(value) };
}
