/** JSON for scripts: addresses and 64-bit values as 0x strings, undefined left out. */
import { formatAddress } from '#shared/address-text.ts';

export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? formatAddress(item) : item), 2);
}

/** An address held as a number, for JSON. */
export const hex = (address: number | bigint): string => formatAddress(address);
export const hexOrNull = (address: number | bigint | null): string | null => (address === null ? null : formatAddress(address));
