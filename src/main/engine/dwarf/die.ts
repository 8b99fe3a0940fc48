/** A debugging information entry, decoded: for the few that are looked at, not for those that a scan passes. */
import { cString } from '../elf-object/strings.ts';
import type { Abbreviations } from './abbreviations.ts';
import { ByteCursor } from './byte-cursor.ts';
import { AT, FORM } from './constants.ts';
import type { Unit } from './debug-file.ts';
import { formLength, LENGTH_BLOCK, LENGTH_BLOCK1, LENGTH_BLOCK2, LENGTH_BLOCK4, LENGTH_LEB, LENGTH_STRING } from './form-sizes.ts';

/** Numbers above 2^53 stay whole; strings and references are looked up when they are asked for. */
type RawValue = number | bigint | Uint8Array;

/** Deeper nesting is damage. */
const MAX_DEPTH = 512;
const MAX_ORIGINS = 8;

export class Die {
  readonly unit: Unit;
  /** From the unit's header on. */
  readonly offset: number;
  /** DW_TAG_… */
  readonly tag: number;
  readonly hasChildren: boolean;
  /** Where its attributes end: the first child or the next entry. */
  readonly end: number;
  readonly #attributes: number[];
  readonly #forms: number[];
  readonly #values: RawValue[];

  constructor(unit: Unit, offset: number, tag: number, hasChildren: boolean, end: number, attributes: number[], forms: number[], values: RawValue[]) {
    this.unit = unit;
    this.offset = offset;
    this.tag = tag;
    this.hasChildren = hasChildren;
    this.end = end;
    this.#attributes = attributes;
    this.#forms = forms;
    this.#values = values;
  }

  get name(): string | undefined {
    return this.string(AT.name);
  }

  has(attribute: number): boolean {
    return this.#attributes.includes(attribute);
  }

  /** A constant of up to 64 bits, signed where its form says so; undefined when it is absent or an expression. */
  constant(attribute: number): bigint | undefined {
    const index = this.#attributes.indexOf(attribute);
    const value = this.#values[index];
    if (value === undefined || value instanceof Uint8Array) return undefined;
    return isReference(this.#forms[index]!) ? undefined : BigInt(value);
  }

  /** As `constant`, for sizes and offsets; undefined above 2^53. */
  number(attribute: number): number | undefined {
    const value = this.constant(attribute);
    return value === undefined || value > 9007199254740991n || value < -9007199254740991n ? undefined : Number(value);
  }

  /** How many bytes the form of a constant has, which says how to read its sign; undefined for LEB128. */
  width(attribute: number): number | undefined {
    const length = formLength(this.#forms[this.#attributes.indexOf(attribute)] ?? 0, this.unit);
    return length > 0 ? length : undefined;
  }

  flag(attribute: number): boolean {
    const value = this.#values[this.#attributes.indexOf(attribute)];
    return value !== undefined && value !== 0;
  }

  /** A location expression or other block; undefined when it is absent or a constant. */
  block(attribute: number): Uint8Array | undefined {
    const index = this.#attributes.indexOf(attribute);
    const value = this.#values[index];
    return value instanceof Uint8Array && this.#forms[index] !== FORM.string ? value : undefined;
  }

  /** Undefined when it is absent, or in dwz's file and that was not given. */
  string(attribute: number): string | undefined {
    const index = this.#attributes.indexOf(attribute);
    const value = this.#values[index];
    if (value === undefined) return undefined;
    const { file } = this.unit;
    const form = this.#forms[index]!;
    if (value instanceof Uint8Array) return form === FORM.string ? cString(value, 0) : undefined;
    switch (form) {
      case FORM.strp:
        return file.string(Number(value));
      case FORM.lineStrp:
        return file.string(Number(value), '.debug_line_str');
      case FORM.gnuStrpAlt:
      case FORM.strpSup:
        return file.alternate?.string(Number(value));
      case FORM.strx:
      case FORM.strx1:
      case FORM.strx2:
      case FORM.strx3:
      case FORM.strx4:
        return file.string(file.stringOffset(this.unit, Number(value)));
      default:
        return undefined;
    }
  }

  /** The entry that an attribute refers to. Throws DumpFormatError for a reference to nowhere, WorkbenchError when it leads into a file not given. */
  reference(attribute: number): Die | undefined {
    const index = this.#attributes.indexOf(attribute);
    const value = this.#values[index];
    if (value === undefined || value instanceof Uint8Array) return undefined;
    const { unit } = this;
    const { file } = unit;
    switch (this.#forms[index]) {
      case FORM.ref1:
      case FORM.ref2:
      case FORM.ref4:
      case FORM.ref8:
      case FORM.refUdata:
        return readDie(unit, Number(value));
      case FORM.refAddr:
        return readDieAt(file.unitHolding(Number(value)), Number(value), unit);
      case FORM.gnuRefAlt:
      case FORM.refSup4:
      case FORM.refSup8:
        return readDieAt(file.requireAlternate().unitHolding(Number(value)), Number(value), unit);
      case FORM.refSig8: {
        const target = file.unitOfSignature(BigInt(value));
        if (target) return readDie(target, target.typeOffset!);
        throw file.problem(
          unit.list.section,
          unit.offset + this.offset,
          'DW_FORM_ref_sig8',
          'the signature of a type unit',
          `0x${value.toString(16)}`,
        );
      }
      default:
        return undefined;
    }
  }

  /** DW_AT_str_offsets_base; without it, of a lone unit, right behind the section's header. */
  stringOffsetsBase(): number {
    return this.number(AT.strOffsetsBase) ?? (this.unit.offsetSize === 8 ? 16 : 8);
  }

  addressBase(): number {
    return this.number(AT.addrBase) ?? (this.unit.offsetSize === 8 ? 16 : 8);
  }

  get splitInto(): string | undefined {
    return this.string(AT.dwoName) ?? this.string(AT.gnuDwoName);
  }

  *children(): Generator<Die> {
    if (!this.hasChildren) return;
    const bytes = this.unit.file.bytesOf(this.unit);
    for (let at = this.end; at < bytes.length && bytes[at] !== 0;) {
      const child = readDie(this.unit, at);
      yield child;
      at = child.next();
    }
  }

  /** Where the entry behind this one and all below it lies. */
  next(depth = 0): number {
    if (!this.hasChildren) return this.end;
    const sibling = this.#localReference(AT.sibling);
    const bytes = this.unit.file.bytesOf(this.unit);
    if (sibling !== undefined && sibling > this.offset && sibling <= bytes.length) return sibling;
    if (depth > MAX_DEPTH)
      throw this.unit.file.problem(this.unit.list.section, this.unit.offset + this.offset, 'nesting', `at most ${MAX_DEPTH} levels`, 'more');
    let at = this.end;
    while (at < bytes.length && bytes[at] !== 0) at = readDie(this.unit, at).next(depth + 1);
    return at + 1;
  }

  #localReference(attribute: number): number | undefined {
    const value = this.#values[this.#attributes.indexOf(attribute)];
    return value === undefined || value instanceof Uint8Array ? undefined : Number(value);
  }
}

/** The entry at `offset` from the unit's header on. Throws DumpFormatError. */
export function readDie(unit: Unit, offset: number): Die {
  return decodeDie(unit, offset, unit.file.bytesOf(unit), unit.file.abbreviationsOf(unit));
}

/** As `readDie`. `bytes`: as much of the unit as is at hand. */
export function decodeDie(unit: Unit, offset: number, bytes: Uint8Array, table: Abbreviations): Die {
  const { file } = unit;
  const place = { source: file.sections.source, section: unit.list.section, base: unit.offset };
  const cursor = new ByteCursor(bytes, file.sections.littleEndian, place, offset);
  if (!(offset >= unit.headerSize)) throw cursor.problem('reference', 'an entry of the unit', String(offset));
  const code = cursor.count();
  const index = code < table.codes.length ? table.codes[code]! : -1;
  if (code === 0 || index < 0) throw cursor.problem('abbreviation code', 'one of the unit’s abbreviations', String(code));
  const attributes: number[] = [];
  const forms: number[] = [];
  const values: RawValue[] = [];
  for (let at = table.starts[index]!; at < table.starts[index + 1]!; at++) {
    let form = table.forms[at]!;
    // The standard forbids one indirection to name another.
    if (form === FORM.indirect) form = cursor.count();
    attributes.push(table.attributes[at]!);
    forms.push(form);
    values.push(form === FORM.implicitConst ? table.constants[at]! : readValue(cursor, form, unit));
  }
  return new Die(unit, offset, table.tags[index]!, table.hasChildren[index] !== 0, cursor.at, attributes, forms, values);
}

/** The entry, and those from which it takes what it does not say itself: its declaration, or what it is an instance of. */
export function originsOf(die: Die): Die[] {
  const origins = [die];
  for (let next: Die | undefined = die; next && origins.length < MAX_ORIGINS;) {
    next = next.reference(AT.specification) ?? next.reference(AT.abstractOrigin);
    if (next) origins.push(next);
  }
  return origins;
}

function readDieAt(unit: Unit | undefined, offset: number, from: Unit): Die {
  if (unit) return readDie(unit, offset - unit.offset);
  throw from.file.problem(from.list.section, from.offset, 'reference', 'an entry of .debug_info', `offset ${offset}`);
}

function readValue(cursor: ByteCursor, form: number, unit: Unit): RawValue {
  const length = formLength(form, unit);
  switch (length) {
    case LENGTH_LEB:
      return small(form === FORM.sdata ? cursor.sleb() : cursor.uleb());
    case LENGTH_STRING: {
      const start = cursor.skipString();
      return cursor.bytes.subarray(start, cursor.at);
    }
    case LENGTH_BLOCK:
      return cursor.take(cursor.count());
    case LENGTH_BLOCK1:
      return cursor.take(cursor.u8());
    case LENGTH_BLOCK2:
      return cursor.take(cursor.u16());
    case LENGTH_BLOCK4:
      return cursor.take(cursor.u32());
    case 0:
      // DW_FORM_flag_present
      return 1;
    case 8:
      return small(cursor.u64());
    case 16:
      return cursor.take(16);
    default:
      if (length > 0) return cursor.unsigned(length);
      throw cursor.problem('DW_FORM', 'a form of DWARF 2 to 5', `0x${form.toString(16)}`);
  }
}

const small = (value: bigint): number | bigint => (value <= 9007199254740991n && value >= -9007199254740991n ? Number(value) : value);

function isReference(form: number): boolean {
  return (
    (form >= FORM.refAddr && form <= FORM.refUdata) ||
    form === FORM.refSig8 ||
    form === FORM.gnuRefAlt ||
    form === FORM.refSup4 ||
    form === FORM.refSup8
  );
}
