/** A module's types out of a layout. What a layout does not name, it does not know. */
import { WorkbenchError } from '#shared/errors.ts';
import { placeOf, type FieldPlace } from '../dwarf/member-path.ts';
import type { BaseType, CType, EnumType, StructMember, StructType } from '../dwarf/type-model.ts';
import type { KernelTypes } from '../linux/kernel-types.ts';
import type { EnumText, MemberText, ModuleText, StructText, TypeText } from './layout-model.ts';

const ENCODINGS: Record<string, Pick<BaseType, 'encoding' | 'signed'>> = {
  s: { encoding: 'signed', signed: true },
  u: { encoding: 'unsigned', signed: false },
  b: { encoding: 'boolean', signed: false },
  c: { encoding: 'character', signed: true },
  f: { encoding: 'float', signed: true },
};

export class LayoutTypes implements KernelTypes {
  readonly #texts: readonly ModuleText[];
  readonly #wordSize: number;
  readonly #structs = new Map<string, StructType | undefined>();

  /** `texts`: the module's, and behind it the kernel's. Checked by `parseLayout`. */
  constructor(texts: readonly ModuleText[], wordSize: number) {
    this.#texts = texts;
    this.#wordSize = wordSize;
  }

  struct(name: string): StructType | undefined {
    if (!this.#structs.has(name)) {
      const text = this.#first((module) => module.structs, name);
      this.#structs.set(name, text && this.#readStruct(text, name));
    }
    return this.#structs.get(name);
  }

  enum(name: string): EnumType | undefined {
    const text: EnumText | undefined = this.#first((module) => module.enums, name);
    return text && { kind: 'enum', name, size: text.size, values: new Map(Object.entries(text.values).map(([key, value]) => [key, BigInt(value)])) };
  }

  find(name: string, path: string): FieldPlace | undefined {
    const struct = this.struct(name);
    if (!struct) return undefined;
    try {
      return placeOf(struct, path, (type) => type);
    } catch (error) {
      if (error instanceof WorkbenchError) return undefined;
      throw error;
    }
  }

  #first<Text>(table: (module: ModuleText) => Record<string, Text>, name: string): Text | undefined {
    for (const module of this.#texts) {
      const texts = table(module);
      if (Object.hasOwn(texts, name)) return texts[name];
    }
    return undefined;
  }

  #readStruct({ kind, size, members }: StructText, name: string | undefined): StructType {
    const readMember = (member: MemberText) => this.#readMember(member);
    let made: StructMember[] | undefined;
    return {
      kind,
      name,
      size,
      declared: false,
      // When they are asked for: a damaged file may have a struct inside of itself.
      get members() {
        return (made ??= members.map(readMember));
      },
    };
  }

  #readMember({ name, offset, type, bits }: MemberText): StructMember {
    return { name, type: this.#readType(type), offset, bitField: bits && { bitOffset: bits[0], bitSize: bits[1] } };
  }

  #readType(text: TypeText): CType {
    if (typeof text === 'object') {
      if ('of' in text) return { kind: 'array', element: this.#readType(text.of), count: text.count ?? undefined };
      return this.#readStruct(text, undefined);
    }
    if (text === 'pointer') return { kind: 'pointer', size: this.#wordSize, target: { kind: 'void' } };
    if (text === 'void' || text === 'function') return { kind: text };
    const [, kind, tag] = /^(struct|union) (\w+)$/.exec(text) ?? [];
    if (tag !== undefined) return this.struct(tag) ?? { kind: kind as 'struct' | 'union', name: tag, size: undefined, declared: true, members: [] };
    const size = Number(text.slice(1)) / 8;
    const encoding = ENCODINGS[text[0]!];
    return encoding ? { kind: 'base', name: text, size, ...encoding } : { kind: 'enum', name: undefined, size, values: new Map() };
  }
}
