/** An object of a C type at an address of the kernel's memory, read by the names of its members. */
import { resolved } from '../dwarf/type-model.ts';
import type { FieldPlace } from '../dwarf/member-path.ts';
import type { KernelTypes } from './kernel-types.ts';
import type { LinuxKernel } from './kernel.ts';
import { missingMember } from './known-types.ts';

/** Places that were looked up, by struct, then path: a list of thousands asks for the same few. */
const places = new WeakMap<KernelTypes, Map<string, Map<string, FieldPlace | undefined>>>();

function placesIn(types: KernelTypes, struct: string): Map<string, FieldPlace | undefined> {
  let structs = places.get(types);
  if (!structs) places.set(types, (structs = new Map()));
  let known = structs.get(struct);
  if (!known) structs.set(struct, (known = new Map()));
  return known;
}

export class KernelStruct {
  readonly kernel: LinuxKernel;
  /** Tag of the struct. */
  readonly name: string;
  readonly address: bigint;
  readonly #types: KernelTypes | undefined;
  #places: Map<string, FieldPlace | undefined> | undefined;

  /** `types`: of the module that the struct belongs to; the kernel's own without. */
  constructor(kernel: LinuxKernel, name: string, address: bigint, types: KernelTypes | undefined = kernel.types) {
    this.kernel = kernel;
    this.name = name;
    this.address = address;
    this.#types = types;
  }

  /** The struct that a member, at `place`, is part of: container_of. */
  static of(kernel: LinuxKernel, name: string, member: string, place: bigint, types: KernelTypes | undefined = kernel.types): KernelStruct {
    const address = new KernelStruct(kernel, name, 0n, types).at(member);
    return new KernelStruct(kernel, name, BigInt.asUintN(64, place - address), types);
  }

  /** Whether the struct has such a member: `has('__state')`. What a member means may change between versions of Linux; then its name does. */
  has(path: string): boolean {
    return this.#find(path) !== undefined;
  }

  /** Address of a member. Throws WorkbenchError `unsupported` where nothing says where it lies. */
  at(path: string): bigint {
    return this.address + BigInt(this.#place(path).offset);
  }

  /** The value of an integer, an enum, a pointer or a bit field, with its sign; undefined when it is not in the dump. */
  number(path: string): bigint | undefined {
    const { offset, size, type, bitField } = this.#place(path);
    const value = this.#load(this.address + BigInt(offset), size ?? 0);
    if (value === undefined) return undefined;
    const final = resolved(type);
    const signed = (final.kind === 'base' && final.signed) || final.kind === 'enum';
    if (!bitField) return signed ? BigInt.asIntN(8 * (size ?? 0), value) : value;
    const before = bitField.bitOffset - 8 * offset;
    const shift = this.kernel.space.littleEndian ? before : 8 * (size ?? 0) - before - bitField.bitSize;
    const bits = BigInt.asUintN(bitField.bitSize, value >> BigInt(shift));
    return signed ? BigInt.asIntN(bitField.bitSize, bits) : bits;
  }

  /** As `number`, for what fits: undefined beyond 2^53, too. */
  small(path: string): number | undefined {
    const value = this.number(path);
    const small = value === undefined ? NaN : Number(value);
    return Number.isSafeInteger(small) ? small : undefined;
  }

  /** A pointer; 0n is a null pointer. Undefined when it is not in the dump. */
  pointer(path: string): bigint | undefined {
    return this.kernel.space.word(this.at(path));
  }

  /** An array of characters, up to its NUL. */
  text(path: string): string | undefined {
    const { offset, size } = this.#place(path);
    return this.kernel.space.string(this.address + BigInt(offset), size);
  }

  /** What a pointer points to; undefined for a null pointer and one that is not in the dump. */
  follow(path: string, name: string): KernelStruct | undefined {
    const target = this.pointer(path);
    return target === undefined || target === 0n ? undefined : new KernelStruct(this.kernel, name, target, this.#types);
  }

  /** A member that is a struct itself: `part('arch', 'kvm_vcpu_arch')`. */
  part(path: string, name: string): KernelStruct {
    return new KernelStruct(this.kernel, name, this.at(path), this.#types);
  }

  /** Bytes of the struct; undefined where nothing says. */
  get size(): number | undefined {
    return this.#types?.struct(this.name)?.size;
  }

  #place(path: string): FieldPlace {
    const { name } = this;
    const place = this.#find(path);
    if (place) return place;
    throw missingMember(this.#types, name, path, this.kernel.given?.problems(this.kernel));
  }

  #find(path: string): FieldPlace | undefined {
    const types = this.#types;
    if (!types) return undefined;
    this.#places ??= placesIn(types, this.name);
    const known = this.#places.get(path);
    if (known !== undefined || this.#places.has(path)) return known;
    const place = types.find(this.name, path);
    this.#places.set(path, place);
    return place;
  }

  #load(address: bigint, size: number): bigint | undefined {
    const { space } = this.kernel;
    if (size === 8) return space.u64(address);
    const value = size === 4 ? space.u32(address) : size === 2 ? space.u16(address) : size === 1 ? space.u8(address) : undefined;
    return value === undefined ? undefined : BigInt(value);
  }
}
