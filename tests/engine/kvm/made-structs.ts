/** C structs that a test lays out, and memory for them: for layouts of another age or another vendor, of which the lab has no dump. */
import { placeOf } from '#engine/dwarf/member-path.ts';
import { sizeOf, type CType, type StructType } from '#engine/dwarf/type-model.ts';
import { KernelSpace } from '#engine/linux/kernel-space.ts';
import { KernelStruct } from '#engine/linux/kernel-struct.ts';
import type { KernelTypes } from '#engine/linux/kernel-types.ts';
import { LinuxKernel } from '#engine/linux/kernel.ts';
import { TranslationSpace } from '#engine/translate/translation-space.ts';
import { pagingMode } from '#engine/arch/x86-64/paging-modes.ts';
import { VIRTUAL_LAST } from '#shared/units.ts';
import { BufferMemory } from '../translate/buffer-memory.ts';

export const unsigned = (size: number): CType => ({ kind: 'base', name: `u${8 * size}`, size, encoding: 'unsigned', signed: false });
export const [u8, u16, u32, u64] = [1, 2, 4, 8].map(unsigned) as [CType, CType, CType, CType];
export const pointer: CType = { kind: 'pointer', size: 8, target: { kind: 'void' } };
export const array = (element: CType, count: number): CType => ({ kind: 'array', element, count });

/** Members one after the other, without padding. */
export function struct(name: string, members: Readonly<Record<string, CType>>): StructType {
  let offset = 0;
  const placed = Object.entries(members).map(([member, type]) => {
    const at = offset;
    offset += sizeOf(type) ?? 0;
    return { name: member, type, offset: at, bitField: undefined };
  });
  return { kind: 'struct', name, size: offset, declared: false, members: placed };
}

export function typesOf(structs: readonly StructType[], enums: Readonly<Record<string, Readonly<Record<string, number>>>> = {}): KernelTypes {
  const byName = new Map(structs.map((each) => [each.name, each]));
  return {
    struct: (name) => byName.get(name),
    enum: (name) => {
      const values = enums[name];
      return values && { kind: 'enum', name, size: 4, values: new Map(Object.entries(values).map(([key, value]) => [key, BigInt(value)])) };
    },
    find(name, path) {
      const type = byName.get(name);
      try {
        return type && placeOf(type, path, (each) => each);
      } catch {
        return undefined;
      }
    },
  };
}

export class MadeKernel {
  readonly types: KernelTypes;
  readonly kernel: LinuxKernel;
  readonly #memory: BufferMemory;
  readonly #bytes: Uint8Array;

  /** One MiB of memory, where addresses are as they are. */
  constructor(types: KernelTypes, symbols: Readonly<Record<string, bigint>> = {}) {
    this.types = types;
    this.#bytes = new Uint8Array(2 ** 20);
    this.#memory = new BufferMemory([{ start: 0, bytes: this.#bytes }]);
    const table = { mode: pagingMode('off'), root: null, source: 'test', options: {}, first: 0n, last: VIRTUAL_LAST };
    const space = new KernelSpace(this.#memory, new TranslationSpace(this.#memory, [table]), { littleEndian: true, wordSize: 8 });
    const vmcoreinfo = new Map(Object.entries(symbols).map(([name, address]) => [`SYMBOL(${name})`, address.toString(16)]));
    const given = {
      typesOf: (module: string) => (module === 'vmlinux' ? types : undefined),
      addressOf: () => undefined,
      btfOf: () => undefined,
      sourceOf: () => undefined,
      symbolSource: () => undefined,
      problems: () => [],
    };
    this.kernel = new LinuxKernel(space, { vmcoreinfo: vmcoreinfo.set('PAGESIZE', '4096'), foundBy: 'test', userSpace: () => space, given });
  }

  at(name: string, address: bigint): KernelStruct {
    return new KernelStruct(this.kernel, name, address, this.types);
  }

  /** Sets members by path. */
  write(name: string, address: bigint, values: Readonly<Record<string, bigint | number>>): KernelStruct {
    for (const [path, value] of Object.entries(values)) {
      const { offset, size } = this.types.find(name, path)!;
      this.poke(address + BigInt(offset), size!, BigInt(value));
    }
    return this.at(name, address);
  }

  poke(address: bigint, size: number, value: bigint): void {
    for (let at = 0; at < size; at++) this.#bytes[Number(address) + at] = Number((value >> BigInt(8 * at)) & 255n);
  }

  /** Every byte, as a hostile dump could have it. */
  scramble(random: () => number): void {
    for (let at = 0; at < this.#bytes.length; at++) this.#bytes[at] = Math.floor(random() * 256);
  }
}
