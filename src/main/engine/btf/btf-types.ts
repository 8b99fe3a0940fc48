/**
 * The kernel's types by name, from BTF: sizes and places of members, as DWARF would tell them.
 *
 * ```
 * const types = new BtfTypes(new BtfData(bytes, 'BTF of vmlinux'))
 * types.offsetOf('task_struct', 'comm').offset
 * ```
 */
import { WorkbenchError } from '#shared/errors.ts';
import { placeOf, type FieldPlace } from '../dwarf/member-path.ts';
import { resolved, sizeOf, type CType, type EnumType, type StructMember, type StructType } from '../dwarf/type-model.ts';
import type { BtfData } from './btf-data.ts';
import { INT_BOOL, INT_CHAR, INT_SIGNED, KIND, TYPE_SIZE } from './layout.ts';
import type { NamedKind } from './name-index.ts';

/** const volatile restrict, and tags, one after the other: more than that is data that leads back to itself. */
const MAX_QUALIFIERS = 32;

const VOID: CType = { kind: 'void' };

export class BtfTypes {
  readonly #data: BtfData;
  /** Bytes of a pointer. */
  readonly #wordSize: number;
  readonly #types = new Map<number, CType>();

  constructor(data: BtfData, wordSize: 4 | 8 = 8) {
    this.#data = data;
    this.#wordSize = wordSize;
  }

  /** The struct or union of that tag, or what a typedef of that name stands for. A module's own comes before the kernel's. Undefined when there is none. */
  struct(name: string): StructType | undefined {
    const id = this.#idOf('struct', name) ?? this.#idOf('union', name) ?? this.#idOf('typedef', name);
    const type = id === undefined ? undefined : resolved(this.type(id));
    return type?.kind === 'struct' || type?.kind === 'union' ? type : undefined;
  }

  enum(name: string): EnumType | undefined {
    const id = this.#idOf('enum', name) ?? this.#idOf('typedef', name);
    const type = id === undefined ? undefined : resolved(this.type(id));
    return type?.kind === 'enum' ? type : undefined;
  }

  /** Where a member lies: `offsetOf('kvm', 'memslots')`. Throws WorkbenchError `bad-request` for a struct or a member that is not there. */
  offsetOf(name: string, path: string): FieldPlace {
    const struct = this.struct(name);
    if (!struct) throw new WorkbenchError('bad-request', `there is no struct ${name} in the BTF`);
    return placeOf(struct, path, (type) => this.complete(type));
  }

  /** As offsetOf, undefined for what is not there. */
  find(name: string, path: string): FieldPlace | undefined {
    try {
      return this.offsetOf(name, path);
    } catch (error) {
      if (error instanceof WorkbenchError) return undefined;
      throw error;
    }
  }

  /** The definition of a struct that this BTF only announces. */
  complete(type: StructType): StructType {
    return type.declared && type.name !== undefined ? (this.struct(type.name) ?? type) : type;
  }

  /** A type by its number. Void for 0, for functions' prototypes and for numbers that are none. */
  type(id: number): CType {
    let known = this.#types.get(id);
    if (known === undefined) {
      known = this.#decode(id);
      this.#types.set(id, known);
    }
    return known;
  }

  /** A module's own type, else the kernel's. */
  #idOf(kind: NamedKind, name: string): number | undefined {
    for (let data: BtfData | undefined = this.#data; data; data = data.base) {
      const id = data.names.find(kind, name);
      if (id !== undefined) return id;
    }
    return undefined;
  }

  #decode(first: number): CType {
    let id = first;
    for (let qualifiers = 0; qualifiers < MAX_QUALIFIERS; qualifiers++) {
      const found = this.#data.find(id);
      if (!found) return VOID;
      const { data, offset } = found;
      const kind = (data.word(offset + 4) >>> 24) & 0x1f;
      if (kind !== KIND.const && kind !== KIND.volatile && kind !== KIND.restrict && kind !== KIND.typeTag)
        return this.#unqualified(data, offset, kind);
      id = data.word(offset + 8);
    }
    return VOID;
  }

  #unqualified(data: BtfData, offset: number, kind: number): CType {
    const name = data.string(data.word(offset)) || undefined;
    const info = data.word(offset + 4);
    const sizeOrType = data.word(offset + 8);
    const at = offset + TYPE_SIZE;
    const typeAt = (id: number) => () => this.type(id);
    switch (kind) {
      case KIND.int:
        return integer(name ?? '', sizeOrType, data.word(at));
      case KIND.float:
        return { kind: 'base', name: name ?? '', size: sizeOrType, encoding: 'float', signed: true };
      case KIND.pointer:
        return lazily({ kind: 'pointer', size: this.#wordSize }, 'target', typeAt(sizeOrType));
      case KIND.typedef:
        return lazily({ kind: 'typedef', name: name ?? '' }, 'target', typeAt(sizeOrType));
      case KIND.array:
        return lazily({ kind: 'array', count: data.word(at + 8) }, 'element', typeAt(data.word(at)));
      case KIND.struct:
      case KIND.union:
        return this.#struct(data, offset, kind === KIND.struct ? 'struct' : 'union', name);
      case KIND.forward:
        return { kind: info >>> 31 === 1 ? 'union' : 'struct', name, size: undefined, declared: true, members: [] };
      case KIND.enum:
      case KIND.enum64:
        return { kind: 'enum', name, size: sizeOrType, values: enumValues(data, at, info & 0xffff, kind === KIND.enum64, info >>> 31 === 1) };
      case KIND.prototype:
      case KIND.function:
        return { kind: 'function' };
      default:
        return VOID;
    }
  }

  #struct(data: BtfData, offset: number, kind: 'struct' | 'union', name: string | undefined): StructType {
    const info = data.word(offset + 4);
    const hasBitFields = info >>> 31 === 1;
    const size = data.word(offset + 8);
    const read = () =>
      Array.from({ length: info & 0xffff }, (_, index): StructMember => {
        const at = offset + TYPE_SIZE + 12 * index;
        const place = data.word(at + 8);
        const bitSize = hasBitFields ? place >>> 24 : 0;
        const bitOffset = hasBitFields ? place & 0xff_ffff : place;
        const name = data.string(data.word(at)) || undefined;
        if (bitSize === 0) return lazily({ name, offset: bitOffset / 8, bitField: undefined }, 'type', () => this.type(data.word(at + 4)));
        const type = this.type(data.word(at + 4));
        const unit = sizeOf(type) ?? 1;
        return { name, type, offset: Math.floor(bitOffset / (8 * unit)) * unit, bitField: { bitOffset, bitSize } };
      });
    return lazily({ kind, name, size, declared: false }, 'members', read);
  }
}

function integer(name: string, size: number, word: number): CType {
  const encoding = (word >>> 24) & 0xf;
  const signed = (encoding & INT_SIGNED) !== 0;
  const kind = (encoding & INT_BOOL) !== 0 ? 'boolean' : (encoding & INT_CHAR) !== 0 ? 'character' : signed ? 'signed' : 'unsigned';
  return { kind: 'base', name, size, encoding: kind, signed };
}

function enumValues(data: BtfData, at: number, count: number, wide: boolean, signed: boolean): Map<string, bigint> {
  const values = new Map<string, bigint>();
  for (let index = 0; index < count; index++) {
    const place = at + (wide ? 12 : 8) * index;
    const low = BigInt(data.word(place + 4));
    const value = wide ? (BigInt(data.word(place + 8)) << 32n) | low : low;
    // Values of 32 bits had a sign before the flag said so (v6.0).
    values.set(data.string(data.word(place)), wide ? (signed ? BigInt.asIntN(64, value) : value) : BigInt.asIntN(32, value));
  }
  return values;
}

/** The object with a property that is made when it is first asked for: types lead to each other in circles. */
function lazily<Rest extends object, Key extends string, Value>(rest: Rest, key: Key, make: () => Value): Rest & Readonly<Record<Key, Value>> {
  let made: { value: Value } | undefined;
  Object.defineProperty(rest, key, {
    enumerable: true,
    get() {
      made ??= { value: make() };
      return made.value;
    },
  });
  return rest as Rest & Readonly<Record<Key, Value>>;
}
