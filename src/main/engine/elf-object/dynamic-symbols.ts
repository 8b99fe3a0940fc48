/**
 * Symbols that a dynamic linker would find, by the tables that PT_DYNAMIC leads to: for files without section headers, and for images in a process's
 * memory, where section headers are not loaded. Nothing but the hash table's few words on the way to a name is read.
 *
 * ```
 * DT_HASH       word nbucket, nchain (as many as symbols), bucket[], chain[]; words of 4 bytes, on 64-bit s390 of 8   (gABI 4.1, "Hash Table")
 * DT_GNU_HASH   u32 nbuckets, symoffset, bloom_size, bloom_shift; address bloom[]; u32 bucket[], chain[]: hash of symbol symoffset + i, bit 0 ends a chain
 *               (binutils: bfd/elflink.c; glibc: elf/dl-lookup.c, 2.36)
 * ```
 */
import { address, SHN_UNDEF, word, type ElfKind } from './layout.ts';
import { cString } from './strings.ts';
import { SymbolTable, type ElfSymbol } from './symbol-table.ts';

/** Memory by virtual address: a process's, or a file's segments seen as they would be mapped. */
export interface AddressedBytes {
  /** `length` bytes at `virtualAddress`, for reading only; undefined when any of them is not there. */
  read(virtualAddress: bigint, length: number): Uint8Array | undefined;
}

const DT_NULL = 0;
export const DT_HASH = 4;
export const DT_STRTAB = 5;
export const DT_SYMTAB = 6;
export const DT_STRSZ = 10;
export const DT_SONAME = 14;
/** In an executable: where the dynamic linker puts the address of its r_debug, the way to the link map. */
export const DT_DEBUG = 21;
export const DT_GNU_HASH = 0x6ffffef5;

const EM_S390 = 22;
/** Entries of a dynamic section that are looked at; real ones have some 40. */
const MAX_ENTRIES = 4096;
/** Symbols of a dynamic table that are believed: libLLVM has 40,000. */
const MAX_SYMBOLS = 2 ** 20;
const MAX_NAME = 4096;
const CHAIN_PIECE = 64;

/** d_tag → d_val of the first entry of each tag, up to DT_NULL. `bytes`: PT_DYNAMIC's contents, as much as there is. */
export function parseDynamic(bytes: Uint8Array, kind: ElfKind): Map<number, bigint> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entry = kind.class.bits / 4;
  const values = new Map<number, bigint>();
  for (let at = 0; at + entry <= bytes.length && at < MAX_ENTRIES * entry; at += entry) {
    const tag = word(view, at, kind);
    if (tag === DT_NULL) break;
    if (!values.has(tag)) values.set(tag, address(view, at + entry / 2, kind));
  }
  return values;
}

/** Where the tables lie, as addresses for `memory`. */
export interface DynamicTables {
  symbols: bigint;
  strings: bigint;
  /** DT_STRSZ; undefined when it is not said. */
  stringsSize: number | undefined;
  hash: bigint | undefined;
  gnuHash: bigint | undefined;
}

export class DynamicSymbols {
  readonly #memory: AddressedBytes;
  readonly #tables: DynamicTables;
  readonly #kind: ElfKind;
  readonly #hashWord: 4 | 8;
  #table: SymbolTable | undefined;

  /** `machine`: e_machine. */
  constructor(memory: AddressedBytes, tables: DynamicTables, kind: ElfKind, machine: number) {
    this.#memory = memory;
    this.#tables = tables;
    this.#kind = kind;
    this.#hashWord = machine === EM_S390 && kind.class.bits === 64 ? 8 : 4;
  }

  /** The defined symbol of that name; undefined when there is none or memory on the way to it is missing. Versions are not looked at. */
  find(name: string): ElfSymbol | undefined {
    const { hash, gnuHash } = this.#tables;
    return gnuHash !== undefined ? this.#findGnu(gnuHash, name) : hash !== undefined ? this.#findSysV(hash, name) : undefined;
  }

  /** All symbols that the hash table counts, read once; undefined when they cannot be counted or read. */
  table(): SymbolTable | undefined {
    if (this.#table) return this.#table;
    const count = this.#count();
    if (count === undefined || count > MAX_SYMBOLS) return undefined;
    const symbols = this.#memory.read(this.#tables.symbols, count * this.#kind.class.symbolSize);
    const names = this.#tables.stringsSize === undefined ? undefined : this.#memory.read(this.#tables.strings, this.#tables.stringsSize);
    if (symbols && names) this.#table = new SymbolTable(symbols, names, this.#kind);
    return this.#table;
  }

  #findGnu(table: bigint, name: string): ElfSymbol | undefined {
    const wanted = gnuHashOf(name);
    const header = this.#gnuHeader(table);
    if (!header || header.buckets === 0) return undefined;
    const { buckets, symbolOffset, bucketsAt, chainsAt } = header;
    const first = this.#u32(bucketsAt + BigInt((wanted % buckets) * 4));
    if (first === undefined || first < symbolOffset) return undefined;
    for (const { hash, index } of this.#chain(chainsAt, symbolOffset, first)) {
      if ((hash | 1) >>> 0 !== (wanted | 1) >>> 0) continue;
      const symbol = this.#symbol(index);
      if (symbol?.name === name && symbol.section !== SHN_UNDEF) return symbol;
    }
    return undefined;
  }

  #findSysV(table: bigint, name: string): ElfSymbol | undefined {
    const size = this.#hashWord;
    const buckets = this.#u32(table + this.#lowHalf);
    const count = this.#u32(table + BigInt(size) + this.#lowHalf);
    if (!buckets || count === undefined) return undefined;
    const slot = (index: number) => this.#u32(table + BigInt((2 + index) * size) + this.#lowHalf);
    let index = slot(sysvHashOf(name) % buckets);
    for (let steps = 0; index && index < count && steps < Math.min(count, MAX_SYMBOLS); steps++) {
      const symbol = this.#symbol(index);
      if (symbol?.name === name && symbol.section !== SHN_UNDEF) return symbol;
      index = slot(buckets + index);
    }
    return undefined;
  }

  /** Where the significant half of a hash word of 8 bytes lies. */
  get #lowHalf(): bigint {
    return this.#hashWord === 8 && !this.#kind.littleEndian ? 4n : 0n;
  }

  #gnuHeader(table: bigint) {
    const bytes = this.#memory.read(table, 16);
    if (!bytes) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
    const [buckets, symbolOffset, bloom] = [0, 4, 8].map((at) => view.getUint32(at, this.#kind.littleEndian)) as [number, number, number];
    const bucketsAt = table + 16n + BigInt(bloom * (this.#kind.class.bits / 8));
    return { buckets, symbolOffset, bucketsAt, chainsAt: bucketsAt + BigInt(buckets * 4) };
  }

  /** The chain that starts with symbol `first`, up to its end or to memory that is missing. */
  *#chain(chainsAt: bigint, symbolOffset: number, first: number): Generator<{ hash: number; index: number }> {
    for (let index = first; index < first + MAX_SYMBOLS;) {
      const at = chainsAt + BigInt((index - symbolOffset) * 4);
      const bytes = this.#memory.read(at, CHAIN_PIECE) ?? this.#memory.read(at, 4);
      if (!bytes) return;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      for (let within = 0; within < bytes.length; within += 4, index++) {
        const hash = view.getUint32(within, this.#kind.littleEndian);
        yield { hash, index };
        if (hash & 1) return;
      }
    }
  }

  /** DT_HASH says it; DT_GNU_HASH ends with the chain of its highest bucket. */
  #count(): number | undefined {
    const { hash, gnuHash } = this.#tables;
    if (hash !== undefined) return this.#u32(hash + BigInt(this.#hashWord) + this.#lowHalf);
    const header = gnuHash === undefined ? undefined : this.#gnuHeader(gnuHash);
    if (!header || header.buckets > MAX_SYMBOLS) return undefined;
    const bytes = this.#memory.read(header.bucketsAt, header.buckets * 4);
    if (!bytes) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let last = 0;
    for (let at = 0; at < bytes.length; at += 4) last = Math.max(last, view.getUint32(at, this.#kind.littleEndian));
    if (last < header.symbolOffset) return header.symbolOffset;
    for (const { index } of this.#chain(header.chainsAt, header.symbolOffset, last)) last = index;
    return last + 1;
  }

  #symbol(index: number): ElfSymbol | undefined {
    const size = this.#kind.class.symbolSize;
    const bytes = this.#memory.read(this.#tables.symbols + BigInt(index * size), size);
    if (!bytes) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, size);
    const name = this.#name(view.getUint32(0, this.#kind.littleEndian));
    return name === undefined ? undefined : { ...new SymbolTable(bytes, new Uint8Array(0), this.#kind).get(0), name };
  }

  /** A name may end just before memory that is missing, so it is read in pieces. */
  #name(offset: number): string | undefined {
    const bytes: number[] = [];
    for (let piece = 64; bytes.length < MAX_NAME;) {
      const read = this.#memory.read(this.#tables.strings + BigInt(offset + bytes.length), piece);
      if (!read) {
        if (piece === 1) return undefined;
        piece = 1;
        continue;
      }
      const end = read.indexOf(0);
      bytes.push(...(end < 0 ? read : read.subarray(0, end)));
      if (end >= 0) return cString(Uint8Array.from(bytes), 0);
    }
    return undefined;
  }

  #u32(at: bigint): number | undefined {
    const bytes = this.#memory.read(at, 4);
    return bytes && new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, this.#kind.littleEndian);
  }
}

/** The hash of DT_GNU_HASH: h * 33 + c, from 5381 on. */
function gnuHashOf(name: string): number {
  let hash = 5381;
  for (const byte of new TextEncoder().encode(name)) hash = (Math.imul(hash, 33) + byte) >>> 0;
  return hash;
}

/** The hash of DT_HASH (gABI 4.1, figure 5-13). */
function sysvHashOf(name: string): number {
  let hash = 0;
  for (const byte of new TextEncoder().encode(name)) {
    hash = ((hash << 4) >>> 0) + byte;
    const high = hash & 0xf0000000;
    hash = (hash ^ (high >>> 24)) & ~high;
  }
  return hash >>> 0;
}
