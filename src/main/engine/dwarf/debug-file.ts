/** One file's debug information below the level of types: units, their bytes and abbreviations, strings. */
import { DumpFormatError, WorkbenchError } from '#shared/errors.ts';
import type { SectionContents } from '../elf-object/section-contents.ts';
import { cString } from '../elf-object/strings.ts';
import { Abbreviations } from './abbreviations.ts';
import { UNIT } from './constants.ts';
import type { DebugSections } from './debug-sections.ts';
import { decodeDie, type Die } from './die.ts';
import { UnitList, type UnitHeader } from './units.ts';

/** Bytes of units that are kept; a unit of vmlinux has 60 KB. */
const KEPT_UNIT_BYTES = 8 * 1024 * 1024;
const KEPT_TABLES = 64;
/** The first entry of a unit is read without the rest. */
const HEAD = 1024;
/** A table of abbreviations is read once a unit at most; tables that overlap would let a small file keep us busy for hours. */
const ABBREVIATION_BUDGET = 64 * 1024 * 1024;

/** A unit that is being looked at. */
export interface Unit extends UnitHeader {
  file: DebugFile;
  list: UnitList;
}

/** What the unit's own entry says. */
export interface UnitRoot {
  /** DW_AT_name: the source file; undefined of partial and type units. */
  name: string | undefined;
  stringOffsetsBase: number;
  addressBase: number;
  /** DW_AT_dwo_name: the rest is in another file. */
  splitInto: string | undefined;
}

export class DebugFile {
  readonly sections: DebugSections;
  readonly info: UnitList;
  readonly types: UnitList | undefined;
  /** What dwz took out of several files; undefined when there is none or it was not given. */
  alternate: DebugFile | undefined;
  readonly #units = new Map<UnitHeader, Unit>();
  readonly #roots = new Map<UnitHeader, UnitRoot>();
  readonly #bytes = new Map<UnitHeader, Uint8Array>();
  #keptBytes = 0;
  readonly #tables = new Map<number, Abbreviations>();
  readonly #rootTable = new Abbreviations();
  #abbreviationBytes = 0;
  #signatures: Map<bigint, Unit> | undefined;

  constructor(sections: DebugSections) {
    this.sections = sections;
    const { source, littleEndian } = sections;
    this.info = new UnitList(sections.info, '.debug_info', source, littleEndian);
    this.types = sections.types && new UnitList(sections.types, '.debug_types', source, littleEndian);
  }

  /** All units, those of .debug_info first. */
  *units(): Generator<Unit> {
    for (const list of [this.info, this.types]) {
      for (let index = 0; list; index++) {
        const header = list.get(index);
        if (!header) break;
        yield this.unit(header, list);
      }
    }
  }

  unit(header: UnitHeader, list: UnitList): Unit {
    let unit = this.#units.get(header);
    if (!unit) {
      unit = { ...header, file: this, list };
      this.#units.set(header, unit);
    }
    return unit;
  }

  /** The unit of .debug_info that holds an offset. */
  unitHolding(offset: number): Unit | undefined {
    const header = this.info.holding(offset);
    return header && this.unit(header, this.info);
  }

  /** The type unit of a signature (DW_FORM_ref_sig8). */
  unitOfSignature(signature: bigint): Unit | undefined {
    if (!this.#signatures) {
      this.#signatures = new Map();
      for (const unit of this.units()) if (unit.signature !== undefined && unit.typeOffset !== undefined) this.#signatures.set(unit.signature, unit);
    }
    return this.#signatures.get(signature);
  }

  /** The unit's bytes from its header on. */
  bytesOf(unit: Unit): Uint8Array {
    const key = unit;
    let bytes = this.#bytes.get(key);
    if (bytes) return bytes;
    bytes = unit.list.contents.read(unit.offset, unit.end - unit.offset);
    for (const [old, { length }] of this.#bytes) {
      if (this.#keptBytes + bytes.length <= KEPT_UNIT_BYTES) break;
      this.#bytes.delete(old);
      this.#keptBytes -= length;
    }
    this.#bytes.set(key, bytes);
    this.#keptBytes += bytes.length;
    return bytes;
  }

  abbreviationsOf(unit: Unit): Abbreviations {
    let table = this.#tables.get(unit.abbrevOffset);
    if (!table) {
      table = new Abbreviations().load(this.abbrevBytes(unit), unit.abbrevOffset, this.sections.source);
      this.countAbbreviations(table.size);
      if (this.#tables.size >= KEPT_TABLES) this.#tables.delete(this.#tables.keys().next().value!);
      this.#tables.set(unit.abbrevOffset, table);
    }
    return table;
  }

  /** .debug_abbrev. Throws DumpFormatError when the unit's table is not inside. */
  abbrevBytes({ abbrevOffset, offset, list }: Unit): Uint8Array {
    this.countAbbreviations(0);
    const bytes = this.sections.abbrev.all();
    if (abbrevOffset < bytes.length) return bytes;
    const expected = `an offset in .debug_abbrev (${bytes.length} bytes)`;
    throw this.problem(list.section, offset, 'debug_abbrev_offset', expected, String(abbrevOffset));
  }

  /** Throws DumpFormatError when more has been read of .debug_abbrev than an honest file needs. */
  countAbbreviations(size: number): void {
    this.#abbreviationBytes += size;
    if (this.#abbreviationBytes > ABBREVIATION_BUDGET + this.sections.abbrev.size * 16)
      throw this.problem('.debug_abbrev', 0, 'tables', 'one a unit at most', 'tables that overlap');
  }

  /** The unit's own entry. Throws DumpFormatError. */
  rootOf(unit: Unit): UnitRoot {
    let root = this.#roots.get(unit);
    if (!root) {
      const die = this.#rootDie(unit);
      // Before the entry's own strings can be read, their base must be known: they may come in any order.
      root = { name: undefined, stringOffsetsBase: die.stringOffsetsBase(), addressBase: die.addressBase(), splitInto: undefined };
      this.#roots.set(unit, root);
      root.name = die.name;
      root.splitInto = die.splitInto;
    }
    return root;
  }

  /** Read with a table that is filled again for the next unit: whoever looks for a unit by name reads all of them. */
  #rootDie(unit: Unit): Die {
    const table = this.#rootTable.load(this.abbrevBytes(unit), unit.abbrevOffset, this.sections.source);
    this.countAbbreviations(table.size);
    const size = unit.end - unit.offset;
    if (!this.#bytes.has(unit) && size > HEAD) {
      try {
        return decodeDie(unit, unit.headerSize, unit.list.contents.read(unit.offset, HEAD), table);
      } catch (error) {
        if (!(error instanceof DumpFormatError)) throw error;
      }
    }
    return decodeDie(unit, unit.headerSize, this.bytesOf(unit), table);
  }

  /** A string of .debug_str or .debug_line_str; empty beyond the table. */
  string(offset: number, section: '.debug_str' | '.debug_line_str' = '.debug_str'): string {
    return cString(this.stringTable(section), offset);
  }

  stringTable(section: '.debug_str' | '.debug_line_str'): Uint8Array {
    const contents = section === '.debug_str' ? this.sections.strings : this.sections.lineStrings;
    return contents?.all() ?? new Uint8Array(0);
  }

  /** Where in .debug_str the string of a DW_FORM_strx lies. */
  stringOffset(unit: Unit, index: number): number {
    const { stringOffsetsBase } = this.rootOf(unit);
    return this.#entry(unit, this.sections.stringOffsets, '.debug_str_offsets', stringOffsetsBase + index * unit.offsetSize, unit.offsetSize);
  }

  /** The address of a DW_FORM_addrx or DW_OP_addrx. */
  addressAt(unit: Unit, index: number): bigint {
    const { addressBase } = this.rootOf(unit);
    const bytes = this.#entryBytes(unit, this.sections.addresses, '.debug_addr', addressBase + index * unit.addressSize, unit.addressSize);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const { littleEndian } = this.sections;
    return unit.addressSize === 8
      ? view.getBigUint64(0, littleEndian)
      : BigInt(unit.addressSize === 4 ? view.getUint32(0, littleEndian) : view.getUint16(0, littleEndian));
  }

  /** Throws WorkbenchError `bad-request` when dwz's file is needed and was not given. */
  requireAlternate(): DebugFile {
    if (this.alternate) return this.alternate;
    const { source } = this.sections;
    throw new WorkbenchError('bad-request', `${source}: part of its debug information is in another file, which dwz made (.gnu_debugaltlink)`, {
      source,
      hint: 'Give that file too; it is in /usr/lib/debug/.dwz',
    });
  }

  problem(section: string, offset: number, field: string, expected: string, found: string): DumpFormatError {
    return new DumpFormatError({ format: `DWARF ${section}`, source: this.sections.source, fileOffset: offset, field, expected, found });
  }

  #entry(unit: Unit, contents: SectionContents | undefined, name: string, at: number, width: 4 | 8): number {
    const bytes = this.#entryBytes(unit, contents, name, at, width);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return width === 4 ? view.getUint32(0, this.sections.littleEndian) : Number(view.getBigUint64(0, this.sections.littleEndian));
  }

  #entryBytes({ offset, list }: Unit, contents: SectionContents | undefined, name: string, at: number, width: number): Uint8Array {
    if (!contents || at + width > contents.size)
      throw this.problem(list.section, offset, 'index', `an entry of ${name} (${contents?.size ?? 0} bytes)`, `offset ${at}`);
    return contents.all().subarray(at, at + width);
  }
}

/** Whether the unit is one whose content is in a .dwo file. */
export const isSkeleton = ({ kind }: UnitHeader): boolean => kind === UNIT.skeleton;
