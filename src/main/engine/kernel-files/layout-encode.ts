/** Writes down the types that were asked for of a kernel and its modules, with everything that lies inside of them. */
import { resolved, type BaseType, type CType, type StructType } from '../dwarf/type-model.ts';
import { VMLINUX, type KnownTypes } from '../linux/known-types.ts';
import type { KernelTypes } from '../linux/kernel-types.ts';
import type { LinuxKernel } from '../linux/kernel.ts';
import { buildIdOfKernel } from './build-identity.ts';
import { LAYOUT_FORMAT, LAYOUT_VERSION, type EnumText, type LayoutText, type ModuleText, type StructText, type TypeText } from './layout-model.ts';

const LETTERS: Record<BaseType['encoding'], string> = { boolean: 'b', signed: 's', unsigned: 'u', character: 'c', float: 'f', other: 'u' };
/** Structs without a tag in each other. */
const MAX_DEPTH = 16;

/** What was asked of a kernel so far. */
export function encodeLayout(kernel: LinuxKernel): LayoutText {
  const texts = new Map(kernel.askedTypes.map((types) => [types.module, new ModuleWriter(types).write()]));
  const image = texts.get(VMLINUX);
  const modules: Record<string, ModuleText> = {};
  for (const [name, text] of texts) {
    const own = image && text !== image ? without(text, image) : text;
    if (Object.keys(own.structs).length + Object.keys(own.enums).length > 0) modules[name] = own;
  }
  const [release, buildId] = [kernel.release, buildIdOfKernel(kernel)];
  return {
    format: LAYOUT_FORMAT,
    version: LAYOUT_VERSION,
    ...(release === undefined ? {} : { release }),
    ...(buildId === undefined ? {} : { buildId }),
    wordSize: kernel.space.wordSize,
    modules,
  };
}

/** Most types of a module are the kernel's. */
function without({ structs, enums }: ModuleText, image: ModuleText): ModuleText {
  const rest = <Text>(own: Record<string, Text>, shared: Record<string, Text>) =>
    Object.fromEntries(Object.entries(own).filter(([name, text]) => JSON.stringify(shared[name]) !== JSON.stringify(text)));
  return { structs: rest(structs, image.structs), enums: rest(enums, image.enums) };
}

class ModuleWriter {
  readonly #types: KnownTypes;
  readonly #structs: Record<string, StructText> = {};
  /** Names whose struct is written, or is being. */
  readonly #begun = new Set<string>();

  constructor(types: KnownTypes) {
    this.#types = types;
  }

  write(): ModuleText {
    const { structs, enums } = this.#types.asked;
    for (const name of structs) this.#tagged(name, this.#types.struct(name));
    return { structs: sorted(this.#structs), enums: sorted(Object.fromEntries(enums.flatMap((name) => enumText(this.#types, name)))) };
  }

  #tagged(name: string, type: StructType | undefined): void {
    if (!type || this.#begun.has(name)) return;
    this.#begun.add(name);
    this.#structs[name] = this.#struct(type, 0);
  }

  #struct({ kind, size, members }: StructType, depth: number): StructText {
    return {
      kind,
      size: size ?? 0,
      members: members.map(({ name, offset, type, bitField }) => ({
        ...(name === undefined ? {} : { name }),
        offset,
        type: this.#type(type, depth + 1),
        ...(bitField ? { bits: [bitField.bitOffset, bitField.bitSize] satisfies [number, number] } : {}),
      })),
    };
  }

  #type(of: CType, depth: number): TypeText {
    const type = resolved(of);
    switch (type.kind) {
      case 'base':
        return `${type.encoding === 'character' && !type.signed ? 'u' : LETTERS[type.encoding]}${type.size * 8}`;
      case 'enum':
        return `e${(type.size ?? 4) * 8}`;
      case 'array':
        return { count: type.count ?? null, of: this.#type(type.element, depth) };
      case 'struct':
      case 'union':
        return this.#inner(type, depth);
      default:
        return type.kind;
    }
  }

  #inner(type: StructType, depth: number): TypeText {
    const { name } = type;
    if (name === undefined) return depth > MAX_DEPTH ? 'void' : this.#struct(type, depth);
    const known = this.#types.struct(name);
    // Two structs may have the same tag; the one that the name leads to is written under it.
    if (known?.size !== type.size && !type.declared) return depth > MAX_DEPTH ? 'void' : this.#struct(type, depth);
    this.#tagged(name, known);
    return `${type.kind} ${name}`;
  }
}

function enumText(types: KernelTypes, name: string): [string, EnumText][] {
  const type = types.enum(name);
  if (!type) return [];
  const values = [...type.values].map(([key, value]): [string, number | string] => [
    key,
    Number.isSafeInteger(Number(value)) ? Number(value) : String(value),
  ]);
  return [[name, { size: type.size ?? 4, values: Object.fromEntries(values) }]];
}

const sorted = <Value>(record: Record<string, Value>): Record<string, Value> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
