/**
 * Units of .debug_info and .debug_types (DWARF 5, section 7.5.1; DWARF 4, 7.5.1), found one header after the other as far as they are asked for.
 *
 * ```
 * u32 length (ffffffff: u64 length follows, 64-bit DWARF), u16 version
 *   2 to 4   offset abbreviations, u8 address size;  in .debug_types: u64 signature, offset of the type
 *   5        u8 kind, u8 address size, offset abbreviations;  DW_UT_type: u64 signature, offset of the type;  DW_UT_skeleton, _split_compile: u64 id
 * ```
 */
import { DumpFormatError } from '#shared/errors.ts';
import type { SectionContents } from '../elf-object/section-contents.ts';
import { ByteCursor } from './byte-cursor.ts';
import { UNIT } from './constants.ts';
import type { UnitEncoding } from './form-sizes.ts';

export interface UnitHeader extends UnitEncoding {
  /** Of the header, in its section. */
  offset: number;
  /** One byte beyond, in the section. */
  end: number;
  /** Bytes of the header: where the first entry lies. */
  headerSize: number;
  abbrevOffset: number;
  /** DW_UT_…; before DWARF 5 `compile` or `type`. */
  kind: number;
  /** Of type units. */
  signature: bigint | undefined;
  /** Of type units: where the type's entry lies, from `offset` on. */
  typeOffset: number | undefined;
}

/** Of a section. Chromium has 40,000 compile units; C++ with type units some hundred thousand. */
const MAX_UNITS = 2 ** 21;
const LONGEST_HEADER = 40;
const SHORTEST_HEADER = 11;

/** The units of one section. */
export class UnitList {
  readonly contents: SectionContents;
  readonly section: '.debug_info' | '.debug_types';
  readonly #source: string;
  readonly #littleEndian: boolean;
  readonly #units: UnitHeader[] = [];
  #next = 0;
  /** What ended the list before the end of the section. */
  damage: DumpFormatError | undefined;

  constructor(contents: SectionContents, section: UnitList['section'], source: string, littleEndian: boolean) {
    this.contents = contents;
    this.section = section;
    this.#source = source;
    this.#littleEndian = littleEndian;
  }

  /** Unit `index`, counted from 0; undefined behind the last. */
  get(index: number): UnitHeader | undefined {
    while (index >= this.#units.length && this.#readNext());
    return this.#units[index];
  }

  /** The unit that holds an offset of the section; undefined when none does. */
  holding(offset: number): UnitHeader | undefined {
    while (offset >= this.#next && this.#readNext());
    let low = 0;
    let high = this.#units.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#units[middle]!.offset <= offset) low = middle + 1;
      else high = middle;
    }
    const unit = this.#units[low - 1];
    return unit && offset < unit.end ? unit : undefined;
  }

  #readNext(): boolean {
    const offset = this.#next;
    const room = this.contents.size - offset;
    if (this.damage || room < SHORTEST_HEADER) return false;
    const bytes = this.contents.read(offset, Math.min(LONGEST_HEADER, room));
    const cursor = new ByteCursor(bytes, this.#littleEndian, { source: this.#source, section: this.section, base: offset });
    try {
      if (this.#units.length === MAX_UNITS) throw cursor.problem('units', `at most ${MAX_UNITS}`, 'more');
      this.#units.push(this.#parse(cursor, offset));
    } catch (error) {
      if (!(error instanceof DumpFormatError)) throw error;
      this.damage = error;
      return false;
    }
    this.#next = this.#units.at(-1)!.end;
    return true;
  }

  #parse(cursor: ByteCursor, offset: number): UnitHeader {
    const short = cursor.u32();
    const offsetSize = short === 0xffffffff ? 8 : 4;
    const length = offsetSize === 8 ? Number(cursor.u64()) : short;
    const end = offset + cursor.at + length;
    if (length < 7 || end > this.contents.size)
      throw cursor.problem('unit_length', `a unit inside the section of ${this.contents.size} bytes`, String(length));
    const version = cursor.u16();
    if (version < 2 || version > 5) throw cursor.problem('version', '2 to 5', String(version));
    const old = version < 5;
    const kind = !old ? cursor.u8() : this.section === '.debug_types' ? UNIT.type : UNIT.compile;
    const early = old ? undefined : cursor.u8();
    const abbrevOffset = cursor.unsigned(offsetSize);
    const addressSize = early ?? cursor.u8();
    if (![2, 4, 8].includes(addressSize)) throw cursor.problem('address_size', '2, 4 or 8', String(addressSize));
    const isType = kind === UNIT.type || kind === UNIT.splitType;
    const signature = isType ? cursor.u64() : undefined;
    const typeOffset = isType ? cursor.unsigned(offsetSize) : undefined;
    if (kind === UNIT.skeleton || kind === UNIT.splitCompile) cursor.skip(8);
    if (offset + cursor.at > end) throw cursor.problem('unit_length', `at least a header of ${cursor.at} bytes`, String(length));
    return { offset, end, headerSize: cursor.at, version, offsetSize, addressSize, abbrevOffset, kind, signature, typeOffset };
  }
}
