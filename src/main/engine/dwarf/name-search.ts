/** Finds the entries of a name: units are scanned one after the other until one has it, and never twice. */
import { WorkbenchError } from '#shared/errors.ts';
import { UNIT } from './constants.ts';
import type { DebugFile, Unit } from './debug-file.ts';
import { originsOf, readDie } from './die.ts';
import { DebugNames } from './debug-names.ts';
import { GdbIndex, type UnitsOfName } from './gdb-index.ts';
import { INLINE, NameIndex, type IndexedEntry } from './name-index.ts';
import { NameScan, type ScannedName, type ScanSink } from './name-scan.ts';
import { NAME_ALTERNATE, NAME_INDEXED, NAME_INLINE, NAME_LINE_STRING, SkipPrograms } from './skip-programs.ts';

/** An entry that defines something. */
export interface FoundEntry {
  unit: Unit;
  /** From the unit's header on. */
  offset: number;
  kind: number;
  /** DW_AT_byte_size; 0 when not said. */
  size: number;
}

/** String tables by number, as the index knows them. */
const STRINGS = 1;
const LINE_STRINGS = 2;
const ALTERNATE_STRINGS = 3;
/** Sections by number. */
const INFO = 0;
const TYPES = 1;
const ENCODER = new TextEncoder();
/** As in name-scan.ts. */
const MAX_BORROWED = 2 ** 24;
/** Units that one unit may import, directly or not. */
const MAX_IMPORTS = 65536;
/** Larger units are rare (link-time optimisation) and get a buffer of their own. */
const MAX_SCRATCH = 8 * 1024 * 1024;

export class NameSearch {
  readonly #file: DebugFile;
  readonly #index: NameIndex;
  readonly #programs = new SkipPrograms();
  readonly #scan = new NameScan(this.#programs);
  #loaded = '';
  readonly #pending: Iterator<Unit>;
  readonly #scanned = new Set<Unit>();
  #unitsOfName: UnitsOfName | undefined | null = null;
  #complete = false;
  /** Bytes read a second time for the sake of names. */
  #borrowed = 0;
  /** A unit's bytes while it is scanned. */
  #scratch = new Uint8Array(0);
  /** What could not be scanned and why, first cases first. */
  readonly damage: WorkbenchError[] = [];

  constructor(file: DebugFile) {
    this.#file = file;
    this.#pending = file.units();
    this.#index = new NameIndex((table) => this.#table(table));
  }

  /** Entries that are told apart so far. */
  get count(): number {
    return this.#index.count;
  }

  /** Entries of that name among `kinds` (bits 1 << KIND), in the order of the file. Scans units until `enough` of them are found, or all of them. */
  find(name: string, kinds: number, enough: (entries: readonly FoundEntry[]) => boolean): FoundEntry[] {
    let found = this.#lookUp(this.#index, name, kinds);
    if (enough(found)) return found;
    for (const unit of this.#unitsThatKnow(name)) {
      if (!this.#scanOnce(unit)) continue;
      found = this.#lookUp(this.#index, name, kinds);
      if (enough(found)) return found;
    }
    // An index is a help and no judge: what it does not know is looked for all the same.
    for (let known = this.#index.count; !enough(found) && this.#scanNext();) {
      if (this.#index.count === known) continue;
      known = this.#index.count;
      found = this.#lookUp(this.#index, name, kinds);
    }
    return found;
  }

  /** Entries of that name in one unit and those that it imports. */
  findIn(unit: Unit, name: string, kinds: number): FoundEntry[] {
    const index = new NameIndex((table) => this.#table(table));
    const wanted = [unit];
    const seen = new Set(wanted);
    for (let at = 0; at < wanted.length && at < MAX_IMPORTS; at++) {
      this.#scanUnit(wanted[at]!, index, (offset) => {
        const imported = this.#file.unitHolding(offset);
        if (imported && !seen.has(imported)) {
          seen.add(imported);
          wanted.push(imported);
        }
      });
    }
    return this.#lookUp(index, name, kinds);
  }

  /** Names of all entries of some kinds. */
  names(kinds: number): Generator<string> {
    while (this.#scanNext());
    return this.#index.names(kinds);
  }

  #scanNext(): boolean {
    if (this.#complete) return false;
    const { value, done } = this.#pending.next();
    if (done) {
      this.#complete = true;
      for (const list of [this.#file.info, this.#file.types]) if (list?.damage) this.damage.push(list.damage);
      return false;
    }
    this.#scanOnce(value);
    return true;
  }

  /** False when the unit had its turn before. */
  #scanOnce(unit: Unit): boolean {
    if (this.#scanned.has(unit)) return false;
    this.#scanned.add(unit);
    this.#scanUnit(unit, this.#index);
    return true;
  }

  /** By .debug_names or .gdb_index; none where there is no such index or it is damaged. */
  #unitsThatKnow(name: string): Unit[] {
    try {
      if (this.#unitsOfName === null) {
        this.#unitsOfName = undefined;
        this.#unitsOfName = this.#openIndex();
      }
      return this.#unitsOfName?.unitsOf(name).flatMap((offset) => this.#file.unitHolding(offset) ?? []) ?? [];
    } catch (error) {
      if (!(error instanceof WorkbenchError)) throw error;
      this.#unitsOfName = undefined;
      this.damage.push(error);
      return [];
    }
  }

  #openIndex(): UnitsOfName | undefined {
    const { names, gdbIndex, littleEndian, source } = this.#file.sections;
    if (names) return new DebugNames(names, littleEndian, source, () => this.#file.stringTable('.debug_str'));
    return gdbIndex && GdbIndex.open(gdbIndex, source);
  }

  /** Damage in one unit does not hide the others. */
  #scanUnit(unit: Unit, index: NameIndex, imports: (offset: number) => void = () => undefined): void {
    if (unit.kind === UNIT.skeleton) return;
    const { file, list, offset, headerSize, version, offsetSize, addressSize } = unit;
    const { source, littleEndian } = file.sections;
    const section = list === file.info ? INFO : TYPES;
    try {
      this.#loadPrograms(unit);
      const bytes = list.contents.read(offset, unit.end - offset, this.#scratch);
      if (bytes.length > this.#scratch.length && bytes.length <= MAX_SCRATCH) this.#scratch = new Uint8Array(bytes.length * 2);
      const sink: ScanSink = {
        found: (kind, name, size, line, at) => this.#add(index, unit, bytes, kind, name, size, line, section, offset + at),
        foundElsewhere: (kind, named, size, line, at) => {
          const name = this.#nameAt(named);
          if (name) index.addInline(ENCODER.encode(name), 0, kind, size, line, section, offset + at);
        },
        imports,
      };
      this.#scan.run({ bytes, headerSize, version, offsetSize, addressSize, littleEndian, source, section: list.section, offset }, sink);
    } catch (error) {
      if (!(error instanceof WorkbenchError) || error.code === 'unsupported') throw error;
      this.damage.push(error);
    }
  }

  /** Undefined also where the reference leads nowhere. */
  #nameAt(offset: number): string | undefined {
    const unit = this.#file.unitHolding(offset);
    if (!unit) return undefined;
    const die = originsOf(readDie(unit, offset - unit.offset)).find(({ name }) => name !== undefined);
    this.#borrowed += die ? die.end - die.offset : 0;
    if (this.#borrowed > MAX_BORROWED + this.#file.sections.info.size * 16)
      throw this.#file.problem('.debug_info', offset, 'DW_AT_abstract_origin', 'an entry of a variable', 'one long entry over and over');
    return die?.name;
  }

  /** Units that follow each other often share their abbreviations (type units do). */
  #loadPrograms(unit: Unit): void {
    const key = `${unit.abbrevOffset} ${unit.version} ${unit.offsetSize} ${unit.addressSize}`;
    if (key === this.#loaded) return;
    this.#loaded = '';
    this.#programs.load(this.#file.abbrevBytes(unit), unit.abbrevOffset, this.#file.sections.source, unit);
    this.#file.countAbbreviations(this.#programs.abbreviations.size);
    this.#loaded = key;
  }

  #add(
    index: NameIndex,
    unit: Unit,
    bytes: Uint8Array,
    kind: number,
    name: ScannedName,
    size: number,
    line: number,
    section: number,
    offset: number,
  ): void {
    switch (name.form) {
      case NAME_INLINE:
        return index.addInline(bytes, name.value, kind, size, line, section, offset);
      case NAME_LINE_STRING:
        return index.add(LINE_STRINGS, name.value, kind, size, line, section, offset);
      case NAME_ALTERNATE:
        return this.#file.alternate && index.add(ALTERNATE_STRINGS, name.value, kind, size, line, section, offset);
      case NAME_INDEXED:
        return index.add(STRINGS, this.#file.stringOffset(unit, name.value), kind, size, line, section, offset);
      default:
        return index.add(STRINGS, name.value, kind, size, line, section, offset);
    }
  }

  #table(number: number): Uint8Array {
    switch (number) {
      case STRINGS:
        return this.#file.stringTable('.debug_str');
      case LINE_STRINGS:
        return this.#file.stringTable('.debug_line_str');
      case ALTERNATE_STRINGS:
        return this.#file.alternate!.stringTable('.debug_str');
      default:
        throw new Error(`no string table ${number}; ${INLINE} is the index's own`);
    }
  }

  #lookUp(index: NameIndex, name: string, kinds: number): FoundEntry[] {
    return index.find(name, kinds).flatMap((entry) => this.#entry(entry) ?? []);
  }

  #entry({ section, offset, kind, size }: IndexedEntry): FoundEntry | undefined {
    const list = section === INFO ? this.#file.info : this.#file.types;
    const header = list?.holding(offset);
    if (!header || !list) return undefined;
    return { unit: this.#file.unit(header, list), offset: offset - header.offset, kind, size };
  }
}
