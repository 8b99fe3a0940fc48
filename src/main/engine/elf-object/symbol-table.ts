/**
 * A symbol table as it lies in the file, with two indexes made on first use: by name (a hash table of 32-bit numbers) and by address (a sorted
 * list). A symbol becomes an object only when it is asked for: vmlinux has 130,000.
 */
import { address, SHN_UNDEF, SHN_XINDEX, word, type ElfKind } from './layout.ts';
import { cString, cStringEquals } from './strings.ts';

const STT_OBJECT = 1;
const STT_FUNC = 2;
const STT_SECTION = 3;
const STT_FILE = 4;
export const STT_TLS = 6;
const STB_GLOBAL = 1;
const STB_WEAK = 2;

export interface ElfSymbol {
  name: string;
  /** st_value: an address as the file numbers them; in ET_REL an offset in `section`; of STT_TLS an offset in the thread's block. */
  value: bigint;
  /** Bytes; 0 when unknown. */
  size: number;
  /** STT_… */
  type: number;
  /** STB_… */
  binding: number;
  /** Index of its section, or SHN_UNDEF, SHN_ABS, SHN_COMMON. */
  section: number;
}

/** The nearest symbol at or below an address. */
export interface NearestSymbol {
  symbol: ElfSymbol;
  /** Bytes from its start on; may lie beyond its size. */
  offset: bigint;
}

interface NameChains {
  heads: Int32Array;
  next: Int32Array;
}

const ENCODER = new TextEncoder();

export class SymbolTable {
  /** Entries, the null symbol included. */
  readonly count: number;
  readonly #symbols: Uint8Array;
  readonly #view: DataView;
  readonly #names: Uint8Array;
  readonly #kind: ElfKind;
  readonly #extended: DataView | undefined;
  #byName: NameChains | undefined;
  #byAddress: Int32Array | undefined;

  /** `symbols`: entries of the class's form; `names`: their string table; `extended`: SHT_SYMTAB_SHNDX, for files of more than 65279 sections. */
  constructor(symbols: Uint8Array, names: Uint8Array, kind: ElfKind, extended?: Uint8Array) {
    this.#symbols = symbols;
    this.#view = new DataView(symbols.buffer, symbols.byteOffset, symbols.length);
    this.#names = names;
    this.#kind = kind;
    this.#extended = extended && new DataView(extended.buffer, extended.byteOffset, extended.length);
    this.count = Math.floor(symbols.length / kind.class.symbolSize);
  }

  /** Symbol `index`, 0 to count - 1. */
  get(index: number): ElfSymbol {
    const { symbol, symbolSize } = this.#kind.class;
    const at = index * symbolSize;
    const info = this.#symbols[at + symbol.info]!;
    return {
      name: cString(this.#names, this.#nameAt(index)),
      value: this.valueOf(index),
      size: word(this.#view, at + symbol.size, this.#kind),
      type: info & 15,
      binding: info >> 4,
      section: this.sectionOf(index),
    };
  }

  /** st_value of symbol `index`. */
  valueOf(index: number): bigint {
    const { symbol, symbolSize } = this.#kind.class;
    return address(this.#view, index * symbolSize + symbol.value, this.#kind);
  }

  /** Index of the section of symbol `index`. */
  sectionOf(index: number): number {
    const { symbol, symbolSize } = this.#kind.class;
    const section = this.#view.getUint16(index * symbolSize + symbol.shndx, this.#kind.littleEndian);
    const more = section === SHN_XINDEX ? this.#extended : undefined;
    return more && index * 4 + 4 <= more.byteLength ? more.getUint32(index * 4, this.#kind.littleEndian) : section;
  }

  /** The defined symbol of that name: a global one rather than a weak one, a weak one rather than a local one; of several local ones the first. */
  find(name: string): ElfSymbol | undefined {
    let best: ElfSymbol | undefined;
    for (const symbol of this.named(name)) if (!best || rank(symbol) > rank(best)) best = symbol;
    return best;
  }

  /** All defined symbols of that name, in the order of the table. */
  *named(name: string): Generator<ElfSymbol> {
    const wanted = ENCODER.encode(name);
    const { heads, next } = (this.#byName ??= this.#hashNames());
    for (let index = heads[hashOf(wanted, 0) & (heads.length - 1)]!; index !== 0; index = next[index]!) {
      if (cStringEquals(this.#names, this.#nameAt(index), wanted)) yield this.get(index);
    }
  }

  /** The defined symbol, not of a section or a file, that starts nearest at or below `value`. Of aliases a global function or object wins. */
  nearest(value: bigint): NearestSymbol | undefined {
    const order = (this.#byAddress ??= this.#sortAddresses());
    let low = 0;
    let high = order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.valueOf(order[middle]!) <= value) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return undefined;
    let best = this.get(order[low - 1]!);
    for (let at = low - 2; at >= 0 && this.valueOf(order[at]!) === best.value; at--) {
      const other = this.get(order[at]!);
      if (rank(other) > rank(best)) best = other;
    }
    return { symbol: best, offset: value - best.value };
  }

  #nameAt(index: number): number {
    return this.#view.getUint32(index * this.#kind.class.symbolSize, this.#kind.littleEndian);
  }

  /** Chains of symbol numbers; 0, the null symbol, ends one. Backwards, so that the first in the table comes first. */
  #hashNames(): NameChains {
    const heads = new Int32Array(2 ** Math.ceil(Math.log2(this.count + 1)));
    const next = new Int32Array(this.count);
    for (let index = this.count - 1; index > 0; index--) {
      const name = this.#nameAt(index);
      if (!this.#names[name] || this.sectionOf(index) === SHN_UNDEF) continue;
      const bucket = hashOf(this.#names, name) & (heads.length - 1);
      next[index] = heads[bucket]!;
      heads[bucket] = index;
    }
    return { heads, next };
  }

  #sortAddresses(): Int32Array {
    const { symbol, symbolSize } = this.#kind.class;
    const values = new BigUint64Array(this.count);
    const order: number[] = [];
    for (let index = 1; index < this.count; index++) {
      const type = this.#symbols[index * symbolSize + symbol.info]! & 15;
      if (this.sectionOf(index) === SHN_UNDEF || type === STT_SECTION || type === STT_FILE || type === STT_TLS || !this.#names[this.#nameAt(index)])
        continue;
      values[index] = this.valueOf(index);
      order.push(index);
    }
    return Int32Array.from(order.sort((a, b) => (values[a]! < values[b]! ? -1 : values[a]! > values[b]! ? 1 : a - b)));
  }
}

/** FNV-1a of the bytes up to a zero byte or the end; names longer than 1 KiB are told apart by their first. */
function hashOf(bytes: Uint8Array, at: number): number {
  let hash = 0x811c9dc5;
  const stop = Math.min(bytes.length, at + 1024);
  for (let byte: number; at < stop && (byte = bytes[at]!) !== 0; at++) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}

function rank({ binding, type }: ElfSymbol): number {
  const bound = binding === STB_GLOBAL ? 4 : binding === STB_WEAK ? 2 : 0;
  return bound + (type === STT_FUNC || type === STT_OBJECT ? 1 : 0);
}
