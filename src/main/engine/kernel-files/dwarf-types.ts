/** DWARF as types of a kernel. What does not exist costs a scan of everything, so every answer is kept. */
import { WorkbenchError } from '#shared/errors.ts';
import type { DebugTypes } from '../dwarf/debug-types.ts';
import type { FieldPlace } from '../dwarf/member-path.ts';
import type { EnumType, StructType } from '../dwarf/type-model.ts';
import type { KernelTypes } from '../linux/kernel-types.ts';

export class DwarfTypes implements KernelTypes {
  readonly #types: DebugTypes;
  readonly #enums = new Map<string, EnumType | undefined>();

  constructor(types: DebugTypes) {
    this.#types = types;
  }

  struct(name: string): StructType | undefined {
    return this.#types.struct(name);
  }

  enum(name: string): EnumType | undefined {
    if (!this.#enums.has(name)) this.#enums.set(name, this.#types.enum(name));
    return this.#enums.get(name);
  }

  find(name: string, path: string): FieldPlace | undefined {
    const struct = this.struct(name);
    if (!struct) return undefined;
    try {
      return this.#types.place(struct, path);
    } catch (error) {
      if (error instanceof WorkbenchError && error.code === 'bad-request') return undefined;
      throw error;
    }
  }
}
