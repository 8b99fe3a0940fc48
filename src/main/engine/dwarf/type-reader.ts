/** Entries as types (DWARF 5, chapter 5). An entry becomes a type once; what it refers to when that is asked for. */
import { AT, ENCODING, TAG } from './constants.ts';
import type { Unit } from './debug-file.ts';
import type { Die } from './die.ts';
import { readDie } from './die.ts';
import { memberPlace } from './member-place.ts';
import type { ArrayType, BaseType, CType, EnumType, StructMember, StructType } from './type-model.ts';

/** const and the like: the type is what they refer to. */
const QUALIFIERS = new Set<number>([TAG.constType, TAG.volatileType, TAG.restrictType, TAG.atomicType, TAG.immutableType]);
const POINTERS = new Set<number>([TAG.pointerType, TAG.referenceType, TAG.rvalueReferenceType]);
/** Qualifiers upon qualifiers; more is a chain that leads back to itself. */
const MAX_QUALIFIERS = 16;
/** Types of entries that are kept; vmlinux has a million, of which a session looks at some thousands. */
const MAX_KEPT = 100_000;
/** Dimensions of one array. */
const MAX_DIMENSIONS = 32;

const VOID: CType = { kind: 'void' };
const FUNCTION: CType = { kind: 'function' };

export class TypeReader {
  readonly #known = new Map<Unit, Map<number, CType>>();
  #count = 0;

  /** The type that `unit`'s entry at `offset` describes. Throws DumpFormatError. */
  at(unit: Unit, offset: number): CType {
    return this.of(readDie(unit, offset));
  }

  /** The type that an entry describes. */
  of(die: Die): CType {
    const target = this.#unqualified(die);
    if (!target) return VOID;
    const kept = this.#known.get(target.unit)?.get(target.offset);
    if (kept) return kept;
    const type = this.#build(target);
    if (++this.#count > MAX_KEPT) {
      this.#known.clear();
      this.#count = 1;
    }
    let ofUnit = this.#known.get(target.unit);
    if (!ofUnit) this.#known.set(target.unit, (ofUnit = new Map()));
    ofUnit.set(target.offset, type);
    return type;
  }

  /** The type that an entry is of, by its DW_AT_type: `void` when it has none. */
  typeOf(die: Die): CType {
    const target = die.reference(AT.type);
    return target ? this.of(target) : VOID;
  }

  #unqualified(die: Die): Die | undefined {
    let target: Die | undefined = die;
    for (let links = 0; target && QUALIFIERS.has(target.tag); links++) target = links === MAX_QUALIFIERS ? undefined : target.reference(AT.type);
    return target;
  }

  #build(die: Die): CType {
    if (POINTERS.has(die.tag)) return { kind: 'pointer', size: die.number(AT.byteSize) ?? die.unit.addressSize, ...this.#lazy('target', die) };
    switch (die.tag) {
      case TAG.baseType:
        return baseType(die);
      case TAG.structureType:
      case TAG.classType:
      case TAG.unionType:
        return this.#structType(die);
      case TAG.enumerationType:
        return this.#enumType(die);
      case TAG.arrayType:
        return this.#arrayType(die);
      case TAG.typedef:
        return withLazy({ kind: 'typedef' as const, name: die.name ?? '' }, 'target', () => this.typeOf(die));
      case TAG.subroutineType:
        return FUNCTION;
      case TAG.unspecifiedType:
        return VOID;
      default:
        // Kinds of other languages; what has a size can at least be stepped over.
        return { kind: 'base', name: die.name ?? '', size: die.number(AT.byteSize) ?? 0, encoding: 'other', signed: false };
    }
  }

  #structType(die: Die): StructType {
    const kind = die.tag === TAG.unionType ? 'union' : 'struct';
    const whole = typeUnitOf(die);
    if (whole) return this.#structType(whole);
    const declared = die.flag(AT.declaration);
    const size = declared ? undefined : (die.number(AT.byteSize) ?? 0);
    return withLazy({ kind, name: die.name, size, declared } as const, 'members', () => this.#members(die));
  }

  #members(die: Die): StructMember[] {
    const members: StructMember[] = [];
    for (const child of die.children()) {
      if (child.tag !== TAG.member && child.tag !== TAG.inheritance) continue;
      // Static members of C++ have no place in the object.
      if (child.flag(AT.external) || child.flag(AT.declaration)) continue;
      const type = () => this.typeOf(child);
      const { offset, bitField } = memberPlace(child, type);
      members.push(withLazy({ name: child.name, offset, bitField }, 'type', type));
    }
    return members;
  }

  #enumType(die: Die): EnumType {
    const whole = typeUnitOf(die);
    if (whole) return this.#enumType(whole);
    return withLazy({ kind: 'enum', name: die.name, size: die.number(AT.byteSize) } as const, 'values', () => {
      const values = new Map<string, bigint>();
      for (const child of die.children()) {
        const value = child.tag === TAG.enumerator ? enumeratorValue(child, die.number(AT.byteSize)) : undefined;
        if (value !== undefined) values.set(child.name ?? '', value);
      }
      return values;
    });
  }

  /** One type a dimension, the outermost first. */
  #arrayType(die: Die): CType {
    const counts: (number | undefined)[] = [];
    for (const child of die.children()) {
      if (child.tag !== TAG.subrangeType && child.tag !== TAG.enumerationType) continue;
      if (counts.length === MAX_DIMENSIONS) break;
      counts.push(child.tag === TAG.subrangeType ? subrangeCount(child) : undefined);
    }
    if (counts.length === 0) counts.push(undefined);
    const dimension = (index: number): ArrayType =>
      withLazy({ kind: 'array', count: counts[index] } as const, 'element', () =>
        index + 1 < counts.length ? dimension(index + 1) : this.typeOf(die),
      );
    return dimension(0);
  }

  #lazy<K extends string>(key: K, die: Die): { readonly [name in K]: CType } {
    return withLazy({}, key, () => this.typeOf(die));
  }
}

/** An object with one more property, made when it is first looked at. */
function withLazy<T extends object, K extends string, V>(object: T, key: K, make: () => V): T & { readonly [name in K]: V } {
  let value: V | undefined;
  Object.defineProperty(object, key, { enumerable: true, configurable: true, get: () => (value ??= make()) });
  return object as T & { readonly [name in K]: V };
}

/** What a skeleton stands for that only carries the signature of a type unit. */
function typeUnitOf(die: Die): Die | undefined {
  const whole = die.reference(AT.signature);
  return whole && whole.tag === die.tag && !whole.has(AT.signature) ? whole : undefined;
}

function baseType(die: Die): BaseType {
  const encoding = die.number(AT.encoding);
  const signed = encoding === ENCODING.signed || encoding === ENCODING.signedChar;
  const kinds: Partial<Record<number, BaseType['encoding']>> = {
    [ENCODING.boolean]: 'boolean',
    [ENCODING.float]: 'float',
    [ENCODING.signed]: 'signed',
    [ENCODING.signedChar]: 'character',
    [ENCODING.unsigned]: 'unsigned',
    [ENCODING.unsignedChar]: 'character',
    [ENCODING.utf]: 'character',
  };
  return { kind: 'base', name: die.name ?? '', size: die.number(AT.byteSize) ?? 0, encoding: kinds[encoding ?? 0] ?? 'other', signed };
}

/** DW_FORM_data1 to data8 do not say whether they are signed: the value is taken as unsigned, as gcc means it, which writes sdata for what is negative. */
function enumeratorValue(die: Die, size: number | undefined): bigint | undefined {
  const value = die.constant(AT.constValue);
  return value !== undefined && size === 4 && value >= 2n ** 63n ? BigInt.asIntN(64, value) : value;
}

/** DW_AT_count, or DW_AT_upper_bound + 1. Neither for `[]`; for `[0]` old compilers gave -1 as an unsigned number of 4 or 8 bytes, but 255 in one byte is 255. */
function subrangeCount(die: Die): number | undefined {
  const count = die.number(AT.count);
  if (count !== undefined) return count >= 0 ? count : undefined;
  const upper = die.constant(AT.upperBound);
  if (upper === undefined) return undefined;
  const last = die.width(AT.upperBound) === 4 ? BigInt.asIntN(32, upper) : BigInt.asIntN(64, upper);
  return last >= -1n && last < 2n ** 53n ? Number(last) + 1 : undefined;
}
