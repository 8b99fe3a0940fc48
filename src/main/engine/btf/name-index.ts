/** Names of the types that one BTF has of its own, found without making strings of all of them: the kernel has some 40,000, of which a few are asked for. */
import type { BtfData } from './btf-data.ts';
import { KIND } from './layout.ts';

export type NamedKind = 'struct' | 'union' | 'enum' | 'typedef';

/** 64-bit enums are enums here. */
const NAMED: Readonly<Record<number, NamedKind>> = {
  [KIND.struct]: 'struct',
  [KIND.union]: 'union',
  [KIND.enum]: 'enum',
  [KIND.enum64]: 'enum',
  [KIND.typedef]: 'typedef',
};
/** A key is a name's hash of 30 bits and a type's number, counted from the first own one; BtfData has fewer than 2^22 types. */
const NUMBERS = 2 ** 22;
const MAX_HASHED = 256;

export class BtfNames {
  readonly #data: BtfData;
  /** Ascending: of one name the first type comes first. */
  readonly #keys: Float64Array;

  constructor(data: BtfData) {
    const keys = new Float64Array(data.endId - data.firstId);
    let count = 0;
    for (let id = data.firstId; id < data.endId; id++) {
      const { offset } = data.find(id)!;
      const name = NAMED[data.kindAt(offset)] === undefined ? 0 : data.word(offset);
      if (name !== 0) keys[count++] = data.hashOfString(name) * NUMBERS + (id - data.firstId);
    }
    this.#data = data;
    this.#keys = keys.slice(0, count).sort();
  }

  /** The first own type of that kind and name. */
  find(kind: NamedKind, name: string): number | undefined {
    const data = this.#data;
    const hash = hashOf(new TextEncoder().encode(name), 0);
    for (let index = this.#firstOf(hash); index < this.#keys.length; index++) {
      const key = this.#keys[index]!;
      if (Math.floor(key / NUMBERS) !== hash) return undefined;
      const id = data.firstId + (key % NUMBERS);
      const { offset } = data.find(id)!;
      if (NAMED[data.kindAt(offset)] === kind && data.string(data.word(offset)) === name) return id;
    }
    return undefined;
  }

  #firstOf(hash: number): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#keys[middle]! < hash * NUMBERS) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** FNV-1a of a string up to its NUL, 30 bits of it. What is longer than names are is cut. */
export function hashOf(bytes: Uint8Array, start: number): number {
  const end = Math.min(bytes.length, start + MAX_HASHED);
  let hash = 0x811c_9dc5;
  for (let at = start; at < end && bytes[at] !== 0; at++) hash = Math.imul(hash ^ bytes[at]!, 0x0100_0193);
  return hash >>> 2;
}
