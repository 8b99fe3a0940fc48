/**
 * The kernel's own symbol table, compressed as it lies in the kernel's image (CONFIG_KALLSYMS).
 *
 * Each name is a length and that many tokens; a token is an index into 256 short strings. The first character of a name is its type, as nm prints it.
 *
 * Facts: Linux scripts/kallsyms.c and kernel/kallsyms.c. Lengths above 127 take two bytes since v6.1 (73bbb94466fd). Addresses are absolute before v4.6 or without CONFIG_KALLSYMS_BASE_RELATIVE; else 32-bit
 * offsets from kallsyms_relative_base; with CONFIG_KALLSYMS_ABSOLUTE_PERCPU (x86 up to v6.14) those that are not negative are absolute and the others count from the base down, minus one.
 */
export interface KallsymsParts {
  count: number;
  /** From kallsyms_names on: at least all names. */
  names: Uint8Array;
  tokenTable: Uint8Array;
  /** 256 offsets into the token table. */
  tokenIndex: Uint16Array;
  addresses: SymbolAddresses;
}

/** Addresses by index, ascending but for absolute ones. */
export interface SymbolAddresses {
  at(index: number): bigint;
}

export interface KernelSymbol {
  name: string;
  /** As nm prints it: `T`, `t`, `D`, `b`. */
  type: string;
  address: bigint;
}

/** Longest name: KSYM_NAME_LEN since v6.1; 128 before. */
const MAX_NAME = 512;
/** Symbols between two places that are remembered. */
const STRIDE = 256;

export class KallsymsTable {
  readonly count: number;
  readonly #parts: KallsymsParts;
  /** Where every STRIDE-th name begins. */
  readonly #marks: Uint32Array;
  /** Bytes of all names. */
  readonly size: number;
  readonly #text = new Uint8Array(MAX_NAME);

  private constructor(parts: KallsymsParts, marks: Uint32Array, size: number) {
    this.#parts = parts;
    this.count = parts.count;
    this.#marks = marks;
    this.size = size;
  }

  /** Undefined when the names do not hold together: a record leads beyond their end. */
  static of(parts: KallsymsParts): KallsymsTable | undefined {
    const { names, count } = parts;
    const marks = new Uint32Array(Math.ceil(count / STRIDE));
    let at = 0;
    for (let index = 0; index < count; index++) {
      if (index % STRIDE === 0) marks[index / STRIDE] = at;
      if (at >= names.length) return undefined;
      const first = names[at]!;
      const length = first < 0x80 ? first : (first & 0x7f) | (names[at + 1]! << 7);
      if (length === 0 || length > MAX_NAME) return undefined;
      at += length + (first < 0x80 ? 1 : 2);
    }
    return at > names.length ? undefined : new KallsymsTable(parts, marks, at);
  }

  symbol(index: number): KernelSymbol {
    let at = this.#marks[Math.floor(index / STRIDE)]!;
    for (let before = index - (index % STRIDE); before < index; before++) at = this.#expand(at);
    this.#expand(at);
    return this.#symbol(index);
  }

  /** Addresses of the first symbol of each name that there is. One pass over all names, which expands only those that are as long as one that is wanted. */
  find(wanted: Iterable<string>): Map<string, bigint> {
    const left = new Set(wanted);
    const byLength = new Map<number, string[]>();
    for (const name of left) byLength.set(name.length, [...(byLength.get(name.length) ?? []), name]);
    const { names } = this.#parts;
    const lengths = this.#tokenLengths();
    const found = new Map<string, bigint>();
    let at = 0;
    for (let index = 0; index < this.count && left.size > 0; index++) {
      const start = at;
      const first = names[at++]!;
      const end = first < 0x80 ? at + first : at + 1 + ((first & 0x7f) | (names[at++]! << 7));
      // The first character is the type.
      let length = -1;
      for (; at < end; at++) length += lengths[names[at]!]!;
      const candidates = byLength.get(length);
      if (!candidates) continue;
      this.#expand(start);
      const name = candidates.find((candidate) => this.#isNamed(candidate));
      if (name !== undefined && left.delete(name)) found.set(name, this.#parts.addresses.at(index));
    }
    return found;
  }

  /** Whether the name in the text buffer is this one. */
  #isNamed(name: string): boolean {
    for (let index = 0; index < name.length; index++) if (this.#text[index + 1] !== name.charCodeAt(index)) return false;
    return true;
  }

  #lengths: Uint16Array | undefined;

  /** Characters of each token. */
  #tokenLengths(): Uint16Array {
    const { tokenTable, tokenIndex } = this.#parts;
    this.#lengths ??= tokenIndex.map((start) => {
      const end = tokenTable.indexOf(0, start);
      return (end < 0 ? tokenTable.length : end) - start;
    });
    return this.#lengths;
  }

  *[Symbol.iterator](): Generator<KernelSymbol, void, undefined> {
    let at = 0;
    for (let index = 0; index < this.count; index++) {
      const next = this.#expand(at);
      yield this.#symbol(index);
      at = next;
    }
  }

  /** The last symbol at or below an address, and how far below; undefined when all are above. Of several at one address the first global one. */
  nearest(address: bigint): (KernelSymbol & { offset: bigint }) | undefined {
    const { addresses } = this.#parts;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (addresses.at(middle) <= address) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return undefined;
    const here = addresses.at(low - 1);
    let best: KernelSymbol | undefined;
    for (let index = low - 1; index >= 0 && low - index <= STRIDE && addresses.at(index) === here; index--) {
      const symbol = this.symbol(index);
      if (best === undefined || /[A-Z]/.test(symbol.type) || !/[A-Z]/.test(best.type)) best = symbol;
    }
    return best && { ...best, offset: address - here };
  }

  #length = 0;

  /** Expands the name at `at` into the text buffer; returns where the next one begins. */
  #expand(at: number): number {
    const { names, tokenTable, tokenIndex } = this.#parts;
    const text = this.#text;
    const first = names[at++]!;
    let left = first;
    if (first >= 0x80) left = (first & 0x7f) | (names[at++]! << 7);
    let length = 0;
    for (; left > 0; left--) {
      for (let from = tokenIndex[names[at++]!]!; length < MAX_NAME; from++) {
        const byte = tokenTable[from];
        if (byte === undefined || byte === 0) break;
        text[length++] = byte;
      }
    }
    this.#length = length;
    return at;
  }

  #name(): string {
    return String.fromCharCode(...this.#text.subarray(1, this.#length));
  }

  #symbol(index: number): KernelSymbol {
    return { name: this.#name(), type: String.fromCharCode(this.#text[0]!), address: this.#parts.addresses.at(index) };
  }
}
