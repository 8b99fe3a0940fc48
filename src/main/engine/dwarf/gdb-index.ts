/**
 * .gdb_index, versions 7 to 9: which units know a name (gdb 13 manual, "Index Section Format"). Fedora and SUSE ship it in debug files; gold and lld write it
 * with --gdb-index. Always little-endian.
 *
 * ```
 * header         u32 version, offsets of: units, type units, addresses, symbols, [9: shortcuts], constants
 * unit           u64 offset, u64 length          type unit   u64 offset, u64 offset of the type, u64 signature
 * symbol         u32 name, u32 vector: both in the constants; 0, 0 for a free slot. The number of slots is a power of 2
 * vector         u32 count, (u32: bits 0-23 unit, type units after the others; 28-30 kind; 31 static)…
 * ```
 */
import type { SectionContents } from '../elf-object/section-contents.ts';
import { cStringEquals } from '../elf-object/strings.ts';
import { ByteCursor } from './byte-cursor.ts';

const UNIT_SIZE = 16;
const TYPE_UNIT_SIZE = 24;
const SLOT_SIZE = 8;
const MAX_UNITS_OF_NAME = 65536;

export interface UnitsOfName {
  /** Offsets in .debug_info of the units that define `name`, ascending; empty when none does. Throws DumpFormatError. */
  unitsOf(name: string): number[];
}

export class GdbIndex implements UnitsOfName {
  readonly #bytes: Uint8Array;
  readonly #cursor: ByteCursor;
  readonly #units: number;
  readonly #unitCount: number;
  readonly #symbols: number;
  readonly #slotCount: number;
  readonly #constants: number;

  private constructor(
    bytes: Uint8Array,
    cursor: ByteCursor,
    offsets: { units: number; types: number; symbols: number; symbolsEnd: number; constants: number },
  ) {
    this.#bytes = bytes;
    this.#cursor = cursor;
    this.#units = offsets.units;
    this.#unitCount = Math.floor((offsets.types - offsets.units) / UNIT_SIZE);
    this.#symbols = offsets.symbols;
    this.#slotCount = Math.floor((offsets.symbolsEnd - offsets.symbols) / SLOT_SIZE);
    this.#constants = offsets.constants;
  }

  /** Undefined for a version that is not known. Throws DumpFormatError when it is no index. */
  static open(contents: SectionContents, source: string): GdbIndex | undefined {
    const bytes = contents.all();
    const cursor = new ByteCursor(bytes, true, { source, section: '.gdb_index', base: 0 });
    const version = cursor.u32();
    if (version < 7 || version > 9) return undefined;
    const [units, types, , symbols] = [cursor.u32(), cursor.u32(), cursor.u32(), cursor.u32()] as [number, number, number, number];
    const symbolsEnd = cursor.u32();
    const constants = version === 9 ? cursor.u32() : symbolsEnd;
    const ascending = units <= types && types <= symbols && symbols <= symbolsEnd && symbolsEnd <= constants && constants <= bytes.length;
    const index = new GdbIndex(bytes, cursor, { units, types, symbols, symbolsEnd, constants });
    if (!ascending || (index.#slotCount & (index.#slotCount - 1)) !== 0)
      throw cursor.problem('header', 'ascending offsets and a power of 2 of symbols', `${[units, types, symbols, constants].join(', ')}`);
    return index;
  }

  unitsOf(name: string): number[] {
    const wanted = new TextEncoder().encode(name);
    const mask = this.#slotCount - 1;
    const hash = hashOf(wanted);
    const step = (Math.imul(hash, 17) & mask) | 1;
    let slot = hash & mask;
    for (let tries = 0; tries < this.#slotCount; tries++, slot = (slot + step) & mask) {
      this.#cursor.at = this.#symbols + slot * SLOT_SIZE;
      const text = this.#cursor.u32();
      const vector = this.#cursor.u32();
      if (text === 0 && vector === 0) return [];
      if (cStringEquals(this.#bytes, this.#constants + text, wanted)) return this.#vector(this.#constants + vector);
    }
    return [];
  }

  #vector(at: number): number[] {
    this.#cursor.at = at;
    const count = Math.min(this.#cursor.u32(), MAX_UNITS_OF_NAME);
    const units = new Set<number>();
    for (let index = 0; index < count; index++) units.add(this.#cursor.u32() & 0xffffff);
    return [...units].map((unit) => this.#unitOffset(unit)).sort((a, b) => a - b);
  }

  #unitOffset(unit: number): number {
    const types = unit - this.#unitCount;
    this.#cursor.at = types < 0 ? this.#units + unit * UNIT_SIZE : this.#units + this.#unitCount * UNIT_SIZE + types * TYPE_UNIT_SIZE;
    return Number(this.#cursor.u64());
  }
}

/** h * 67 + c - 113 over the name in lower case. */
function hashOf(name: Uint8Array): number {
  let hash = 0;
  for (const byte of name) hash = (Math.imul(hash, 67) + (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte) - 113) | 0;
  return hash >>> 0;
}
