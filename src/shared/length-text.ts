/** Sizes as people type them. */

const UNITS = ['', 'k', 'm', 'g', 't'];
const LENGTH = /^(?:(0x[0-9a-f]+)|([0-9]+(?:\.[0-9]+)?)\s*(?:([kmgt])(?:i?b)?|b|bytes?)?)$/i;
const WITH_UNIT = /[kmgt](?:i?b)?$/i;

/** `4096`, `0x1000`, `64M`, `1.5 GiB`: bytes, units of 1024. Undefined where that is no whole number of bytes. */
export function parseLength(text: string): number | undefined {
  const match = LENGTH.exec(text.trim().replaceAll('_', ''));
  if (!match) return undefined;
  const [, hex, decimal, unit = ''] = match;
  const value = hex ? Number(hex) : Number(decimal) * 1024 ** UNITS.indexOf(unit.toLowerCase());
  return Number.isSafeInteger(value) ? value : undefined;
}

/** True for a number with a unit, which no hexadecimal number is. */
export function hasUnit(text: string): boolean {
  return WITH_UNIT.test(text.trim());
}
