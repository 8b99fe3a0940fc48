/** Rows of bit tables by the numbers that the Power ISA gives bits: 0 is the most significant of 64, and a register of 32 bits has 32 to 63. */
import type { BitRow } from '../../bit-table.ts';

const numberOf = (first: number, last: number): string => (first === last ? `Power ISA bit ${first}` : `Power ISA bits ${first}:${last}`);

/** A single bit; its title says the manual's number too. */
export function powerFlag(bit: number, name: string, title: string, clear: string, set: string): BitRow {
  return { name, bit: 63 - bit, title: `${title} (${numberOf(bit, bit)})`, meaning: [clear, set] };
}

/** Bits `first` to `last`, `first` the more significant. */
export function powerField(first: number, last: number, name: string, title: string, meaning: BitRow['meaning']): BitRow {
  return { name, bit: 63 - last, width: last - first + 1, title: `${title} (${numberOf(first, last)})`, meaning };
}
