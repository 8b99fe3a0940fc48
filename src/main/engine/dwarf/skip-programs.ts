/**
 * Abbreviations compiled for a scan that wants a few attributes of a few kinds of entry and must get past all others: runs of values of fixed length
 * become one addition.
 *
 * A program is pairs of operation and argument, ended by END.
 */
import { Abbreviations, grown } from './abbreviations.ts';
import { AT, FORM, TAG } from './constants.ts';
import {
  formLength,
  LENGTH_BLOCK,
  LENGTH_BLOCK1,
  LENGTH_BLOCK2,
  LENGTH_BLOCK4,
  LENGTH_INDIRECT,
  LENGTH_LEB,
  LENGTH_STRING,
  type UnitEncoding,
} from './form-sizes.ts';

export const END = 0;
/** Argument: bytes. */
export const SKIP = 1;
export const SKIP_LEB = 2;
export const SKIP_STRING = 3;
/** Argument: width of the length in bytes, 0 for LEB128. */
export const SKIP_BLOCK = 4;
export const SKIP_INDIRECT = 5;
/** These read a number. Argument: its width in bytes, 0 for LEB128. */
export const SIBLING = 6;
export const SIZE = 7;
export const LINE = 8;
export const SPECIFICATION = 9;
export const NAME_STRING = 10;
export const NAME_LINE_STRING = 11;
export const NAME_ALTERNATE = 12;
export const NAME_INDEXED = 13;
export const NAME_INLINE = 14;
/** DW_FORM_implicit_const. Argument: the value. */
export const SIZE_IS = 15;
export const LINE_IS = 16;
/** A flag that can be 0. */
export const DECLARATION = 17;
/** DW_AT_import of a unit of this section; argument as SIBLING. */
export const IMPORT = 18;
/** The entry with the name lies in another unit (link-time optimisation); argument as SIBLING. */
export const FAR_SPECIFICATION = 19;
export const UNKNOWN_FORM = 20;

/** What the index tells apart; 0 for entries that it does not hold. */
export const KIND = { none: 0, struct: 1, union: 2, enum: 3, typedef: 4, base: 5, variable: 6, import: 7 } as const;

const KIND_OF_TAG = new Map<number, number>([
  [TAG.structureType, KIND.struct],
  [TAG.classType, KIND.struct],
  [TAG.unionType, KIND.union],
  [TAG.enumerationType, KIND.enum],
  [TAG.typedef, KIND.typedef],
  [TAG.baseType, KIND.base],
  [TAG.variable, KIND.variable],
  [TAG.importedUnit, KIND.import],
]);

const NAME_FORMS = new Map<number, number>([
  [FORM.strp, NAME_STRING],
  [FORM.lineStrp, NAME_LINE_STRING],
  [FORM.gnuStrpAlt, NAME_ALTERNATE],
  [FORM.strpSup, NAME_ALTERNATE],
  [FORM.string, NAME_INLINE],
  ...[FORM.strx, FORM.strx1, FORM.strx2, FORM.strx3, FORM.strx4].map((form) => [form, NAME_INDEXED] as const),
]);
/** References into the same unit, and those into the whole section: the latter are IMPORT's. */
const UNIT_REFERENCES = new Set<number>([FORM.ref1, FORM.ref2, FORM.ref4, FORM.ref8, FORM.refUdata]);
const EXPRESSIONS = new Set<number>([FORM.exprloc, FORM.block1, FORM.block2, FORM.block4, FORM.block]);
const NUMBERS = new Set<number>([FORM.data1, FORM.data2, FORM.data4, FORM.data8, FORM.udata]);

/** Programs of one abbreviation table under one encoding; filled again for the next. */
export class SkipPrograms {
  abbreviations = new Abbreviations();
  kinds = new Uint8Array(512);
  /** Where an abbreviation's program begins in `code`. */
  starts = new Int32Array(512);
  code = new Int32Array(16384);
  #length = 0;
  #pendingSkip = 0;

  load(bytes: Uint8Array, offset: number, source: string, encoding: UnitEncoding): this {
    const { abbreviations } = this;
    abbreviations.load(bytes, offset, source);
    this.#length = 0;
    while (this.starts.length < abbreviations.count) this.starts = grown(this.starts);
    if (this.kinds.length < this.starts.length) this.kinds = new Uint8Array(this.starts.length);
    for (let index = 0; index < abbreviations.count; index++) this.#compile(index, encoding);
    return this;
  }

  #compile(index: number, encoding: UnitEncoding): void {
    const { attributes, forms, constants, starts, tags } = this.abbreviations;
    const end = starts[index + 1]!;
    // The program of a mere declaration tells the name as well: the definition of a variable may refer to it for that.
    const kind = KIND_OF_TAG.get(tags[index]!) ?? KIND.none;
    this.kinds[index] = this.#isDefinition(kind, starts[index]!, end) ? kind : KIND.none;
    this.starts[index] = this.#length;
    this.#pendingSkip = 0;
    for (let at = starts[index]!; at < end; at++) {
      const form = forms[at]!;
      const length = formLength(form, encoding);
      const operation = this.#operationFor(kind, attributes[at]!, form);
      if (operation === SKIP) this.#skip(length);
      else if (form === FORM.implicitConst) this.#emit(operation === SIZE ? SIZE_IS : LINE_IS, constants[at]!);
      else this.#emit(operation, length === LENGTH_LEB ? 0 : length);
    }
    this.#emit(END, 0);
  }

  /** An entry that only announces a type, or a variable without a place, is not what anybody looks for. */
  #isDefinition(kind: number, from: number, to: number): boolean {
    const { attributes, forms } = this.abbreviations;
    let located = kind !== KIND.variable;
    for (let at = from; at < to; at++) {
      if (attributes[at] === AT.declaration && forms[at] === FORM.flagPresent) return false;
      // The definition is in a type unit.
      if (attributes[at] === AT.signature) return false;
      // A list of places is that of a local variable.
      if (attributes[at] === AT.location) located ||= EXPRESSIONS.has(forms[at]!);
    }
    return located;
  }

  #operationFor(kind: number, attribute: number, form: number): number {
    const reference = UNIT_REFERENCES.has(form);
    if (attribute === AT.sibling) return reference ? SIBLING : SKIP;
    if (kind === KIND.none) return SKIP;
    const number = NUMBERS.has(form) || form === FORM.implicitConst;
    switch (attribute) {
      case AT.name:
        return NAME_FORMS.get(form) ?? SKIP;
      case AT.byteSize:
        return number ? SIZE : SKIP;
      case AT.declLine:
        return number ? LINE : SKIP;
      case AT.specification:
      case AT.abstractOrigin:
        return reference ? SPECIFICATION : form === FORM.refAddr ? FAR_SPECIFICATION : SKIP;
      case AT.declaration:
        return form === FORM.flag ? DECLARATION : SKIP;
      case AT.import:
        return form === FORM.refAddr ? IMPORT : SKIP;
      default:
        return SKIP;
    }
  }

  #skip(length: number): void {
    if (length >= 0) this.#pendingSkip += length;
    else if (length === LENGTH_LEB) this.#emit(SKIP_LEB, 0);
    else if (length === LENGTH_STRING) this.#emit(SKIP_STRING, 0);
    else if (length === LENGTH_BLOCK) this.#emit(SKIP_BLOCK, 0);
    else if (length === LENGTH_BLOCK1) this.#emit(SKIP_BLOCK, 1);
    else if (length === LENGTH_BLOCK2) this.#emit(SKIP_BLOCK, 2);
    else if (length === LENGTH_BLOCK4) this.#emit(SKIP_BLOCK, 4);
    else this.#emit(length === LENGTH_INDIRECT ? SKIP_INDIRECT : UNKNOWN_FORM, 0);
  }

  #emit(operation: number, argument: number): void {
    while (this.#length + 4 > this.code.length) this.code = grown(this.code);
    if (this.#pendingSkip > 0) {
      this.code[this.#length++] = SKIP;
      this.code[this.#length++] = this.#pendingSkip;
      this.#pendingSkip = 0;
    }
    this.code[this.#length++] = operation;
    this.code[this.#length++] = argument;
  }
}
