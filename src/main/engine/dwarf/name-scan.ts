/**
 * Reads the names of a unit's own types and variables: the entries right below the unit's. What lies below those is jumped over where the compiler
 * wrote DW_AT_sibling (gcc does), and walked through where not (clang).
 */
import { DumpFormatError } from '#shared/errors.ts';
import type { UnitEncoding } from './form-sizes.ts';
import { formLength, LENGTH_BLOCK, LENGTH_BLOCK1, LENGTH_BLOCK2, LENGTH_BLOCK4, LENGTH_LEB, LENGTH_STRING } from './form-sizes.ts';
import {
  DECLARATION,
  END,
  FAR_SPECIFICATION,
  IMPORT,
  KIND,
  LINE,
  LINE_IS,
  NAME_ALTERNATE,
  NAME_INDEXED,
  NAME_INLINE,
  NAME_LINE_STRING,
  NAME_STRING,
  SIBLING,
  SIZE,
  SIZE_IS,
  SKIP,
  SKIP_BLOCK,
  SKIP_INDIRECT,
  SKIP_LEB,
  SKIP_STRING,
  SPECIFICATION,
  type SkipPrograms,
} from './skip-programs.ts';

/** Where a name's text lies; the numbers are those of NAME_… above, 0 for none. */
export interface ScannedName {
  form: number;
  /** Offset in the string section; index of DW_FORM_strx; of an inline name its offset in the unit. */
  value: number;
}

export interface ScanSink {
  /** `kind`: KIND.…; `offset`: of the entry, from the unit's on. */
  found(kind: number, name: ScannedName, size: number, line: number, offset: number): void;
  /** As `found`, for an entry whose name stands with another one, at `named` in the section. */
  foundElsewhere(kind: number, named: number, size: number, line: number, offset: number): void;
  /** A unit whose entries belong to this one, by its offset in the section. */
  imports(offset: number): void;
}

/** What is scanned. */
export interface ScannedUnit extends UnitEncoding {
  /** From the header on. */
  bytes: Uint8Array;
  headerSize: number;
  littleEndian: boolean;
  /** For errors: file and section, and the unit's offset in it. */
  source: string;
  section: string;
  offset: number;
}

/** Deeper nesting is damage. */
const MAX_DEPTH = 4096;
/** Bytes of entries that others refer to for their names, and some more for large units: a long entry that many refer to would take hours. */
const MAX_BORROWED = 2 ** 24;

/** One at a time; its fields are what the last entry said. */
export class NameScan {
  readonly #programs: SkipPrograms;
  #at = 0;
  #sibling = 0;
  readonly #name: ScannedName = { form: 0, value: 0 };
  #size = 0;
  #line = 0;
  #specification = 0;
  #farSpecification = -1;
  #import = -1;
  #declared = false;
  /** Bytes read a second time for the sake of names. */
  #borrowed = 0;

  constructor(programs: SkipPrograms) {
    this.#programs = programs;
  }

  /** Throws DumpFormatError where the unit makes no sense; what was found before stands. The programs are those of the unit. */
  run(unit: ScannedUnit, sink: ScanSink): void {
    const { bytes } = unit;
    const { abbreviations, kinds } = this.#programs;
    const { codes, hasChildren } = abbreviations;
    const end = bytes.length;
    let depth = 0;
    this.#at = unit.headerSize;
    this.#borrowed = 0;
    while (this.#at < end) {
      const start = this.#at;
      const code = bytes[start]! < 0x80 ? bytes[this.#at++]! : this.#leb(bytes);
      if (code === 0) {
        if (--depth <= 0) return;
        continue;
      }
      const index = code < codes.length ? codes[code]! : -1;
      if (index < 0) throw problem(unit, start, 'abbreviation code', 'one of the unit’s abbreviations', String(code));
      this.#sibling = 0;
      const kind = depth === 1 ? kinds[index]! : KIND.none;
      if (kind !== KIND.none) this.#clear();
      this.#values(unit, this.#programs.starts[index]!);
      if (kind !== KIND.none) this.#report(unit, kind, start, sink);
      if (hasChildren[index] === 0) {
        if (depth === 0) return;
        continue;
      }
      if (depth > 0 && this.#sibling !== 0) {
        if (this.#sibling < this.#at || this.#sibling > end) throw problem(unit, start, 'DW_AT_sibling', 'a later entry', String(this.#sibling));
        this.#at = this.#sibling;
      } else if (++depth > MAX_DEPTH) throw problem(unit, start, 'nesting', `at most ${MAX_DEPTH} levels`, 'more');
    }
  }

  #clear(): void {
    this.#name.form = 0;
    this.#size = 0;
    this.#line = 0;
    this.#specification = 0;
    this.#farSpecification = -1;
    this.#import = -1;
    this.#declared = false;
  }

  #report(unit: ScannedUnit, kind: number, start: number, sink: ScanSink): void {
    if (kind === KIND.import) {
      if (this.#import >= 0) sink.imports(this.#import);
      return;
    }
    if (this.#declared) return;
    const name = this.#name;
    // The name of a variable that was declared before stands at its declaration.
    if (name.form === 0 && this.#specification !== 0) this.#nameFrom(unit, this.#specification);
    if (name.form !== 0) sink.found(kind, name, this.#size, this.#line, start);
    else if (this.#farSpecification >= 0) sink.foundElsewhere(kind, this.#farSpecification, this.#size, this.#line, start);
  }

  /** Takes the name, and what else it says, from another entry of the unit; stays where it is. */
  #nameFrom(unit: ScannedUnit, offset: number): void {
    const at = this.#at;
    const sibling = this.#sibling;
    this.#readNameAt(unit, offset);
    this.#borrowed += Math.max(0, this.#at - offset);
    if (this.#borrowed > MAX_BORROWED + unit.bytes.length * 16)
      throw problem(unit, at, 'DW_AT_specification', 'an entry of a variable', 'one long entry over and over');
    this.#at = at;
    this.#sibling = sibling;
  }

  #readNameAt(unit: ScannedUnit, offset: number): void {
    const { abbreviations, starts } = this.#programs;
    if (offset < unit.headerSize || offset >= unit.bytes.length) return;
    this.#at = offset;
    const code = this.#leb(unit.bytes);
    const index = code < abbreviations.codes.length ? abbreviations.codes[code]! : -1;
    if (index >= 0) this.#values(unit, starts[index]!);
  }

  /** Runs a program from #at on. */
  #values(unit: ScannedUnit, start: number): void {
    const { code } = this.#programs;
    const { bytes } = unit;
    for (let step = start; ; step += 2) {
      const argument = code[step + 1]!;
      switch (code[step]) {
        case END:
          return;
        case SKIP:
          this.#at += argument;
          break;
        case SKIP_LEB:
          while (bytes[this.#at++]! & 0x80);
          break;
        case SKIP_STRING:
          this.#skipString(bytes);
          break;
        case SKIP_BLOCK: {
          const length = this.#number(unit, argument);
          this.#at += length;
          break;
        }
        case SKIP_INDIRECT:
          this.#skipIndirect(unit);
          break;
        case SIBLING:
          this.#sibling = this.#number(unit, argument);
          break;
        case SIZE:
          this.#size = this.#number(unit, argument);
          break;
        case SIZE_IS:
          this.#size = argument;
          break;
        case LINE:
          this.#line = this.#number(unit, argument);
          break;
        case LINE_IS:
          this.#line = argument;
          break;
        case SPECIFICATION:
          this.#specification = this.#number(unit, argument);
          break;
        case FAR_SPECIFICATION:
          this.#farSpecification = this.#number(unit, argument);
          break;
        case IMPORT:
          this.#import = this.#number(unit, argument);
          break;
        case DECLARATION:
          this.#declared = bytes[this.#at++] !== 0;
          break;
        case NAME_INLINE:
          this.#name.form = NAME_INLINE;
          this.#name.value = this.#at;
          this.#skipString(bytes);
          break;
        case NAME_STRING:
        case NAME_LINE_STRING:
        case NAME_ALTERNATE:
        case NAME_INDEXED:
          this.#name.form = code[step]!;
          this.#name.value = this.#number(unit, argument);
          break;
        default:
          throw problem(unit, this.#at, 'DW_FORM', 'a form of DWARF 2 to 5', 'another');
      }
    }
  }

  #number({ bytes, littleEndian }: ScannedUnit, width: number): number {
    const at = this.#at;
    if (width === 0) return this.#leb(bytes);
    this.#at = at + width;
    if (width === 1) return bytes[at]!;
    if (width === 4 && littleEndian) return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
    let value = 0;
    for (let index = 0; index < width; index++) value = value * 256 + bytes[littleEndian ? at + width - 1 - index : at + index]!;
    return value;
  }

  #leb(bytes: Uint8Array): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[this.#at++]!;
      value += (byte & 0x7f) * scale;
      if (!(byte & 0x80)) return value;
    }
  }

  #skipString(bytes: Uint8Array): void {
    while (bytes[this.#at++]);
  }

  #skipIndirect(unit: ScannedUnit): void {
    const form = this.#leb(unit.bytes);
    const length = formLength(form, unit);
    if (length >= 0) this.#at += length;
    else if (length === LENGTH_LEB) this.#leb(unit.bytes);
    else if (length === LENGTH_STRING) this.#skipString(unit.bytes);
    else {
      const width = { [LENGTH_BLOCK]: 0, [LENGTH_BLOCK1]: 1, [LENGTH_BLOCK2]: 2, [LENGTH_BLOCK4]: 4 }[length];
      if (width === undefined) throw problem(unit, this.#at, 'DW_FORM_indirect', 'a form of DWARF 2 to 5', String(form));
      const size = this.#number(unit, width);
      this.#at += size;
    }
  }
}

function problem({ source, section, offset }: ScannedUnit, at: number, field: string, expected: string, found: string): DumpFormatError {
  return new DumpFormatError({ format: `DWARF ${section}`, source, fileOffset: offset + at, field, expected, found });
}
