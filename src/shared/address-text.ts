/**
 * The one place where addresses become text and text becomes addresses.
 *
 * Machine form: `0x` and lower-case digits, no leading zeros. Display form: digits in groups of four (`ffff ffff 8105 92eb`).
 */

/** Machine form, as JSON and the command line print it. */
export function formatAddress(address: bigint | number): string {
  return `0x${address.toString(16)}`;
}

/**
 * Groups of four digits. 16 digits for a virtual address, 12 or more for a physical one: `digits` is a minimum and is rounded up to a
 * whole group, so that columns line up.
 */
export function groupedHex(value: bigint | number, digits: number): string {
  const width = Math.ceil(digits / 4) * 4;
  const padded = value.toString(16).padStart(width, '0');
  const whole = padded.padStart(Math.ceil(padded.length / 4) * 4, '0');
  return whole.match(/.{4}/g)?.join(' ') ?? whole;
}

const HEX = /^(?:0x)?([0-9a-f]+)$/i;

/**
 * Reads a hexadecimal address: with or without `0x`, with spaces, underscores, backticks (WinDbg) or apostrophes between digits.
 * Undefined where the text is no address or does not fit 64 bits.
 */
export function parseAddress(text: string): bigint | undefined {
  const digits = HEX.exec(text.trim().replace(/(?<=[0-9a-fx])[\s_`'](?=[0-9a-f])/gi, ''))?.[1];
  if (digits === undefined) return undefined;
  const value = BigInt(`0x${digits}`);
  return value < 1n << 64n ? value : undefined;
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** A size for people: `160 MiB`, `8.3 MiB`, `512 bytes`. */
export function formatSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = Number.isInteger(value) || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}
