/**
 * Types of a C program as readers of its memory need them: sizes and places. const, volatile, restrict and _Atomic are left out; what a type refers
 * to is read when it is asked for.
 */

export type CType = BaseType | PointerType | StructType | EnumType | ArrayType | TypedefType | FunctionType | VoidType;

export interface BaseType {
  kind: 'base';
  name: string;
  /** Bytes. */
  size: number;
  encoding: 'boolean' | 'signed' | 'unsigned' | 'character' | 'float' | 'other';
  /** Of numbers and characters: whether the sign is extended. */
  signed: boolean;
}

export interface PointerType {
  kind: 'pointer';
  size: number;
  /** VoidType for `void *`. References of C++ are pointers here. */
  readonly target: CType;
}

export interface StructType {
  kind: 'struct' | 'union';
  /** Undefined for one without a tag. */
  name: string | undefined;
  /** Bytes; undefined for one that is only declared. */
  size: number | undefined;
  /** Announced in this unit and defined elsewhere: `DebugTypes.complete` looks for the definition. */
  declared: boolean;
  /** In the order of the source; members of anonymous structs and unions are theirs. Base classes are members without a name. */
  readonly members: readonly StructMember[];
}

export interface StructMember {
  /** Undefined for anonymous structs and unions, whose members are reached as if they were the outer one's. */
  name: string | undefined;
  readonly type: CType;
  /** Bytes from the start of the struct; of a bit field, of the storage unit of its type that holds the first bit. */
  offset: number;
  bitField: BitField | undefined;
}

/** Where a bit field lies. Bits are counted from the lowest in a little-endian program, from the highest in a big-endian one. */
export interface BitField {
  /** Bits from the start of the struct. */
  bitOffset: number;
  bitSize: number;
}

export interface EnumType {
  kind: 'enum';
  name: string | undefined;
  /** Bytes; undefined for one that is only declared. */
  size: number | undefined;
  readonly values: ReadonlyMap<string, bigint>;
}

export interface ArrayType {
  kind: 'array';
  readonly element: CType;
  /** Elements; undefined for `[]`. An array of arrays is an array whose elements are arrays. */
  count: number | undefined;
}

export interface TypedefType {
  kind: 'typedef';
  name: string;
  readonly target: CType;
}

export interface FunctionType {
  kind: 'function';
}

export interface VoidType {
  kind: 'void';
}

const MAX_TYPEDEFS = 64;

/** The type behind any typedefs. */
export function resolved(type: CType): Exclude<CType, TypedefType> {
  let target = type;
  // The longest honest chains have some six links; a chain that leads back to itself is nobody's type.
  for (let links = 0; target.kind === 'typedef'; links++) {
    if (links === MAX_TYPEDEFS) return { kind: 'void' };
    target = target.target;
  }
  return target;
}

/** Bytes of a value of that type; undefined when it has no size or an unknown one. */
export function sizeOf(type: CType): number | undefined {
  let factor = 1;
  let inner = resolved(type);
  for (let dimensions = 0; inner.kind === 'array'; dimensions++) {
    if (inner.count === undefined || dimensions === MAX_TYPEDEFS) return undefined;
    factor *= inner.count;
    inner = resolved(inner.element);
  }
  const size = 'size' in inner ? inner.size : undefined;
  return size === undefined ? undefined : size * factor;
}

/** As C writes it, near enough: "struct RAMBlock *", "uint64_t[4]". */
export function typeText(type: CType, depth = 0): string {
  if (depth > MAX_TYPEDEFS) return '…';
  switch (type.kind) {
    case 'base':
    case 'typedef':
      return type.name;
    case 'pointer':
      return `${typeText(type.target, depth + 1).replace(/(?<![*])$/, ' ')}*`;
    case 'array': {
      const dimensions: string[] = [];
      let inner: CType = type;
      for (; inner.kind === 'array' && dimensions.length < MAX_TYPEDEFS; inner = inner.element) dimensions.push(`[${inner.count ?? ''}]`);
      return `${typeText(inner, depth + 1)}${dimensions.join('')}`;
    }
    case 'function':
      return 'function';
    case 'void':
      return 'void';
    default:
      return `${type.kind} ${type.name ?? '{…}'}`;
  }
}
