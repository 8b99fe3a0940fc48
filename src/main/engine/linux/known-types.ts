/** Types of one module from all who know some: what the user gave, the module's own BTF, the kernel's. Answers are kept; which names were asked for is what a layout has to hold. */
import { WorkbenchError } from '#shared/errors.ts';
import type { FieldPlace } from '../dwarf/member-path.ts';
import type { EnumType, StructType } from '../dwarf/type-model.ts';
import type { KernelTypes } from './kernel-types.ts';

/** The name under which the kernel's image is a module among the others. */
export const VMLINUX = 'vmlinux';

export interface TypeSources {
  /** Name of the module, or VMLINUX. */
  module: string;
  /** Best first. */
  sources: readonly KernelTypes[];
  /** Whether some of them are of the module itself, and not only the kernel's. */
  own: boolean;
}

export class KnownTypes implements KernelTypes {
  readonly module: string;
  readonly own: boolean;
  readonly #sources: readonly KernelTypes[];
  readonly #structs = new Map<string, StructType | undefined>();
  readonly #enums = new Map<string, EnumType | undefined>();

  constructor({ module, sources, own }: TypeSources) {
    this.module = module;
    this.own = own;
    this.#sources = sources;
  }

  struct(name: string): StructType | undefined {
    return remember(this.#structs, name, () => this.#first((types) => types.struct(name)));
  }

  enum(name: string): EnumType | undefined {
    return remember(this.#enums, name, () => this.#first((types) => types.enum(name)));
  }

  find(name: string, path: string): FieldPlace | undefined {
    // Whoever has the struct has the last word on its members.
    return this.struct(name) && this.#sources.find((types) => types.struct(name))?.find(name, path);
  }

  /** Structs and enums that were asked for so far and are there. */
  get asked(): { structs: string[]; enums: string[] } {
    const known = (names: ReadonlyMap<string, unknown>) => [...names].flatMap(([name, type]) => (type === undefined ? [] : [name]));
    return { structs: known(this.#structs), enums: known(this.#enums) };
  }

  #first<Type>(ask: (types: KernelTypes) => Type | undefined): Type | undefined {
    for (const types of this.#sources) {
      const found = ask(types);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** Says which types would tell where a member lies, and how they are given. `problems`: why what was given is not used. */
export function missingMember(types: KernelTypes | undefined, struct: string, path: string, problems: readonly string[] = []): WorkbenchError {
  const module = types instanceof KnownTypes ? types.module : VMLINUX;
  const hint = [...problems, whatToGive(module)].join(' ');
  if (types?.struct(struct))
    return new WorkbenchError('unsupported', `the types of ${describe(module)} have no ${struct}.${path}`, { hint: problems.join(' ') || undefined });
  const own = types instanceof KnownTypes ? types.own : types !== undefined;
  const why = own
    ? `the types of ${describe(module)} have no struct ${struct}`
    : `the types of ${describe(module)} are not known, so not where struct ${struct} has its ${path}`;
  return new WorkbenchError('unsupported', why, { hint });
}

/** In a sentence. */
export function whatToGive(module: string): string {
  const file = module === VMLINUX ? 'the vmlinux' : `${module.replaceAll('_', '-')}.ko`;
  return `Give ${file} of exactly this kernel with debug information (--debug), its BTF, or a layout.`;
}

const describe = (module: string): string => (module === VMLINUX ? 'the kernel' : `module ${module}`);

function remember<Type>(known: Map<string, Type | undefined>, name: string, find: () => Type | undefined): Type | undefined {
  if (!known.has(name)) known.set(name, find());
  return known.get(name);
}
