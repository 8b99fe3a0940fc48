/**
 * What a table of this folder says of a field: its value in words, or the parts of a buffer. Tables are keyed by the vmstate's name and the field's, as QEMU spells
 * them; known-words.ts joins them. A table says only what a specification or QEMU's source says; where it does not know a value it returns undefined.
 */
import type { DeviceField } from '#shared/model/device.ts';
import type { VmDescription, VmStruct } from '../../../arch/vmstate.ts';

/** What stands around a value. */
export interface WordsContext {
  section: { name: string; instance: number };
  /** The structure that the value is in. */
  struct: VmStruct;
  /** QEMU's virtual clock when the guest was saved, in nanoseconds; undefined when the stream does not say. */
  now: bigint | undefined;
  /** The machine has a local APIC: bits that differ by CPU family mean what they mean on x86. */
  isX86: boolean;
}

export interface FieldWords {
  /** One number, or one element of an array. */
  value?: (value: bigint, context: WordsContext, index: number) => string | undefined;
  /** All elements of an array of numbers. */
  array?: (values: readonly bigint[], context: WordsContext) => string | undefined;
  bytes?: (bytes: Uint8Array, context: WordsContext) => string | undefined;
  /** What a buffer consists of. `fileOffset` is its first byte's; the parts cover every byte. Empty when it is not what was expected. */
  parts?: (bytes: Uint8Array, fileOffset: number, context: WordsContext) => DeviceField[];
  /** Describes a buffer that QEMU writes without describing it; undefined when it is not what was expected. */
  layout?: (bytes: Uint8Array, context: WordsContext) => VmDescription | undefined;
}

/** By field name. */
export type StructWords = Readonly<Record<string, FieldWords>>;

export const value = (words: (value: bigint, context: WordsContext, index: number) => string | undefined): FieldWords => ({ value: words });

/** A value that is one of a list. */
export function oneOf(names: Readonly<Record<number, string>>): FieldWords {
  return value((found) => names[Number(found)]);
}

/** The names of the set bits. Bits without a name are told by number. */
export function bitWords(bits: bigint, names: Readonly<Record<number, string>>, none: string): string {
  const words: string[] = [];
  for (let bit = 0, left = bits; left !== 0n; bit++, left >>= 1n) if (left & 1n) words.push(names[bit] ?? `bit ${bit}`);
  return words.length > 0 ? words.join(', ') : none;
}

export const flags = (names: Readonly<Record<number, string>>, none = 'none set'): FieldWords => value((found) => bitWords(found, names, none));

/** Bits `high` to `low`, both inclusive. */
export const bitsOf = (number: bigint, high: number, low: number): number => Number((number >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n));

export const isSet = (number: bigint, bit: number): boolean => ((number >> BigInt(bit)) & 1n) === 1n;

export const hexOf = (number: bigint | number, digits = 1): string => `0x${number.toString(16).padStart(digits, '0')}`;

/** Numbers of the set bits, runs joined: "0, 3 to 7". */
export function listBits(bits: bigint, name: (bit: number) => string): string {
  const runs: [first: number, last: number][] = [];
  for (let bit = 0, left = bits; left !== 0n; bit++, left >>= 1n) {
    if (!(left & 1n)) continue;
    const before = runs.at(-1);
    if (before && before[1] === bit - 1) before[1] = bit;
    else runs.push([bit, bit]);
  }
  return runs
    .map(([first, last]) => (first === last ? name(first) : last === first + 1 ? `${name(first)}, ${name(last)}` : `${name(first)} to ${name(last)}`))
    .join(', ');
}
