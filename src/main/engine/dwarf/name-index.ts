/**
 * Names of types and variables → the entries that define them, in typed arrays. The same definition comes again with every unit that includes its
 * header, so entries with the same name, kind, size and line are kept once: of vmlinux's 7 million entries some 200,000.
 */
import { WorkbenchError } from '#shared/errors.ts';
import { cString, cStringEquals } from '../elf-object/strings.ts';
import { KIND } from './skip-programs.ts';

/** Entries at most: 46 bytes each. */
const MAX_ENTRIES = 2 ** 24;
const FIRST_ENTRIES = 4096;
/** Hashes of longer names are of their first bytes. */
const MAX_HASHED = 256;
/** What is longer is a name of C++ that nobody asks for: it is cut, or not recognised when it comes again. */
const MAX_NAME = 4096;
/** Names that are compared before one is taken for new. */
const MAX_COMPARED = 64;

/** Where names lie. */
export interface NameTables {
  /** Tables by number, the same in every call; `INLINE` is the index's own. */
  table(number: number): Uint8Array;
}

export const INLINE = 0;

/** What an index says of an entry. */
export interface IndexedEntry {
  kind: number;
  /** As the scanner numbers sections. */
  section: number;
  /** Of the entry in its section. */
  offset: number;
  /** DW_AT_byte_size; 0 when not said. */
  size: number;
}

const ENCODER = new TextEncoder();

export class NameIndex {
  readonly #tables: (number: number) => Uint8Array;
  #count = 0;
  #tableOf = new Uint8Array(FIRST_ENTRIES);
  #kinds = new Uint8Array(FIRST_ENTRIES);
  #sections = new Uint8Array(FIRST_ENTRIES);
  #names = new Float64Array(FIRST_ENTRIES);
  #sizes = new Float64Array(FIRST_ENTRIES);
  #lines = new Float64Array(FIRST_ENTRIES);
  #offsets = new Float64Array(FIRST_ENTRIES);
  /** Entry + 1 by what makes entries the same. */
  #seen = new Int32Array(FIRST_ENTRIES * 2);
  /** Entry + 1 by hash of the name's text, and the next with that hash. */
  #heads = new Int32Array(FIRST_ENTRIES * 2);
  #next = new Int32Array(FIRST_ENTRIES);
  /** Names that stood in the entries themselves. */
  #inline = new Uint8Array(4096);
  #inlineLength = 0;

  constructor(tables: (number: number) => Uint8Array) {
    this.#tables = tables;
  }

  /** Entries that are told apart. */
  get count(): number {
    return this.#count;
  }

  /** `name`: offset in table `table`. Throws WorkbenchError `unsupported` beyond 16 million entries. */
  add(table: number, name: number, kind: number, size: number, line: number, section: number, offset: number): void {
    const mask = this.#seen.length - 1;
    let slot = mixed(name, table * 64 + kind, size, line) & mask;
    // Every static variable is one of its own.
    if (kind !== KIND.variable) {
      for (; this.#seen[slot] !== 0; slot = (slot + 1) & mask) {
        const entry = this.#seen[slot]! - 1;
        if (
          this.#names[entry] === name &&
          this.#tableOf[entry] === table &&
          this.#kinds[entry] === kind &&
          this.#sizes[entry] === size &&
          this.#lines[entry] === line
        )
          return;
      }
    }
    if (kind !== KIND.variable && this.#holdsText(table, name, kind, size, line)) return;
    if (this.#count === MAX_ENTRIES) throw new WorkbenchError('unsupported', `More than ${MAX_ENTRIES} named types and variables in one debug file`);
    if (this.#count === this.#kinds.length) this.#grow();
    const entry = this.#count++;
    this.#names[entry] = name;
    this.#tableOf[entry] = table;
    this.#kinds[entry] = kind;
    this.#sizes[entry] = size;
    this.#lines[entry] = line;
    this.#sections[entry] = section;
    this.#offsets[entry] = offset;
    this.#insert(entry);
  }

  /** Whether the same text is known from another place: the linker merges strings of programs, but not those of kernel modules. */
  #holdsText(table: number, name: number, kind: number, size: number, line: number): boolean {
    const text = this.#table(table);
    const wanted = text.subarray(name, name + MAX_NAME);
    const end = wanted.indexOf(0);
    return end >= 0 && this.#holds(wanted.subarray(0, end), kind, size, line);
  }

  #holds(wanted: Uint8Array, kind: number, size: number, line: number): boolean {
    let link = this.#heads[textHash(wanted, 0) & (this.#heads.length - 1)]!;
    for (let steps = 0; link !== 0 && steps < MAX_COMPARED; link = this.#next[link - 1]!, steps++) {
      const entry = link - 1;
      if (this.#kinds[entry] !== kind || this.#sizes[entry] !== size || this.#lines[entry] !== line) continue;
      if (cStringEquals(this.#table(this.#tableOf[entry]!), this.#names[entry]!, wanted)) return true;
    }
    return false;
  }

  /** As `add`, for a name that stands in `bytes` at `at`. */
  addInline(bytes: Uint8Array, at: number, kind: number, size: number, line: number, section: number, offset: number): void {
    const text = bytes.subarray(at, at + MAX_NAME);
    const end = text.indexOf(0);
    if (end !== 0) this.add(INLINE, this.#keepInline(end < 0 ? text : text.subarray(0, end)), kind, size, line, section, offset);
  }

  /** Entries of that name, in the order of the file. `kinds`: bits 1 << KIND. */
  find(name: string, kinds: number): IndexedEntry[] {
    const wanted = ENCODER.encode(name);
    const found: number[] = [];
    for (let link = this.#heads[textHash(wanted, 0) & (this.#heads.length - 1)]!; link !== 0; link = this.#next[link - 1]!) {
      const entry = link - 1;
      if ((kinds >> this.#kinds[entry]!) & 1 && cStringEquals(this.#table(this.#tableOf[entry]!), this.#names[entry]!, wanted)) found.push(entry);
    }
    return found
      .sort((a, b) => this.#sections[a]! - this.#sections[b]! || this.#offsets[a]! - this.#offsets[b]!)
      .map((entry) => ({
        kind: this.#kinds[entry]!,
        section: this.#sections[entry]!,
        offset: this.#offsets[entry]!,
        size: this.#sizes[entry]!,
      }));
  }

  /** Names of all entries of some kinds, each once, in the order in which they were added. */
  *names(kinds: number): Generator<string> {
    const given = new Set<string>();
    for (let entry = 0; entry < this.#count; entry++) {
      if (!((kinds >> this.#kinds[entry]!) & 1)) continue;
      const name = cString(this.#table(this.#tableOf[entry]!), this.#names[entry]!);
      if (given.has(name)) continue;
      given.add(name);
      yield name;
    }
  }

  #table(number: number): Uint8Array {
    return number === INLINE ? this.#inline : this.#tables(number);
  }

  /** Into the hash tables, which are never more than half full. */
  #insert(entry: number): void {
    const mask = this.#seen.length - 1;
    let slot = mixed(this.#names[entry]!, this.#tableOf[entry]! * 64 + this.#kinds[entry]!, this.#sizes[entry]!, this.#lines[entry]!) & mask;
    if (this.#kinds[entry] !== KIND.variable) {
      while (this.#seen[slot] !== 0) slot = (slot + 1) & mask;
      this.#seen[slot] = entry + 1;
    }
    const head = textHash(this.#table(this.#tableOf[entry]!), this.#names[entry]!) & (this.#heads.length - 1);
    this.#next[entry] = this.#heads[head]!;
    this.#heads[head] = entry + 1;
  }

  #grow(): void {
    const length = this.#kinds.length * 2;
    const copy = <T extends Uint8Array | Float64Array>(larger: T, from: T): T => {
      larger.set(from);
      return larger;
    };
    this.#tableOf = copy(new Uint8Array(length), this.#tableOf);
    this.#kinds = copy(new Uint8Array(length), this.#kinds);
    this.#sections = copy(new Uint8Array(length), this.#sections);
    this.#names = copy(new Float64Array(length), this.#names);
    this.#sizes = copy(new Float64Array(length), this.#sizes);
    this.#lines = copy(new Float64Array(length), this.#lines);
    this.#offsets = copy(new Float64Array(length), this.#offsets);
    this.#seen = new Int32Array(length * 2);
    this.#heads = new Int32Array(length * 2);
    this.#next = new Int32Array(length);
    for (let entry = 0; entry < this.#count; entry++) this.#insert(entry);
  }

  /** The same text is kept once, so that its offset can stand for it. */
  #keepInline(text: Uint8Array): number {
    for (let link = this.#heads[textHash(text, 0) & (this.#heads.length - 1)]!; link !== 0; link = this.#next[link - 1]!) {
      if (this.#tableOf[link - 1] === INLINE && cStringEquals(this.#inline, this.#names[link - 1]!, text)) return this.#names[link - 1]!;
    }
    while (this.#inlineLength + text.length + 1 > this.#inline.length) {
      const larger = new Uint8Array(this.#inline.length * 2);
      larger.set(this.#inline);
      this.#inline = larger;
    }
    const offset = this.#inlineLength;
    this.#inline.set(text, offset);
    this.#inline[offset + text.length] = 0;
    this.#inlineLength += text.length + 1;
    return offset;
  }
}

function mixed(name: number, kind: number, size: number, line: number): number {
  let hash = Math.imul(name | 0, 0x9e3779b1) ^ Math.imul((size | 0) + kind, 0x85ebca6b) ^ Math.imul(line | 0, 0xc2b2ae35);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) ^ (hash >>> 13);
}

/** FNV-1a of the bytes up to a zero byte or the end. */
function textHash(bytes: Uint8Array, at: number): number {
  let hash = 0x811c9dc5;
  const stop = Math.min(bytes.length, at + MAX_HASHED);
  for (let byte: number; at < stop && (byte = bytes[at]!) !== 0; at++) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash ^ (hash >>> 16);
}
