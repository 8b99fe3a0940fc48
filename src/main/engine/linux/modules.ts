/**
 * Modules of a kernel: where they are, their symbols, their types.
 *
 * Facts: Linux include/linux/module.h, kernel/module/{main,kallsyms}.c (v6.1). Memory of a module is core_layout since v4.5 (7523e4dc5057), module_core before, mem[] since v6.4 (ac3b43283923); its symbols are
 * kallsyms->symtab since v4.5 (8244062ef1e5), symtab before.
 * BTF: the list btf_modules of kernel/bpf/btf.c since v5.11 (36e68442d1af); what a module's own btf_data points to goes away with its init sections in later kernels, the copy in struct btf stays.
 */
import { BtfData } from '../btf/btf-data.ts';
import { BtfTypes } from '../btf/btf-types.ts';
import { KernelStruct } from './kernel-struct.ts';
import type { KernelTypes } from './kernel-types.ts';
import type { LinuxKernel } from './kernel.ts';
import { KnownTypes } from './known-types.ts';
import { readList } from './lists.ts';
import { readModuleSymbols, type ModuleSymbols } from './module-symbols.ts';

const MAX_MODULES = 65536;
/** BTF of the largest modules takes some 2 MB. */
const MAX_BTF = 16 * 1024 * 1024;

export class LinuxModule {
  readonly kernel: LinuxKernel;
  readonly name: string;
  /** Its struct module. */
  readonly struct: KernelStruct;
  #symbols: ModuleSymbols | null | undefined;
  #types: KnownTypes | null | undefined;

  constructor(struct: KernelStruct) {
    this.kernel = struct.kernel;
    this.struct = struct;
    this.name = struct.text('name') ?? '?';
  }

  /** Its text, and bytes of everything of it that stays in memory; undefined where the dump does not hold it. */
  get place(): { address: bigint; size: number } | undefined {
    const { struct } = this;
    if (struct.has('mem[0].base')) return this.#placeOfParts();
    const layout = struct.has('core_layout.base');
    const address = struct.pointer(layout ? 'core_layout.base' : 'module_core');
    const size = struct.small(layout ? 'core_layout.size' : 'core_size');
    return address === undefined || size === undefined ? undefined : { address, size };
  }

  /** Undefined where the dump does not hold them. */
  get symbols(): ModuleSymbols | undefined {
    if (this.#symbols === undefined) this.#symbols = readModuleSymbols(this.struct) ?? null;
    return this.#symbols ?? undefined;
  }

  /** Its types, and the kernel's behind them; the kernel's where it has none of its own; undefined where there are none at all. */
  get types(): KernelTypes | undefined {
    if (this.#types === undefined) this.#types = this.#findTypes() ?? null;
    return this.#types ?? undefined;
  }

  /** The same, where they were asked for. */
  get askedTypes(): KnownTypes | undefined {
    return this.#types ?? undefined;
  }

  /** Its BTF, numbered on from the kernel's; undefined for a kernel before v5.11, and where the dump does not hold it. */
  get btf(): Uint8Array | undefined {
    return this.#registeredBtf() ?? (this.struct.has('btf_data') ? bytesOf(this.struct, 'btf_data', 'btf_data_size') : undefined);
  }

  /** Address of a symbol of the module's own. */
  address(name: string): bigint | undefined {
    return this.symbols?.find(name);
  }

  /** An object of one of its types. */
  object(type: string, address: bigint): KernelStruct {
    return new KernelStruct(this.kernel, type, address, this.types);
  }

  #placeOfParts(): { address: bigint; size: number } | undefined {
    const address = this.struct.pointer('mem[0].base');
    if (address === undefined) return undefined;
    const core = this.kernel.types?.enum('mod_mem_type')?.values;
    // MOD_INIT_TEXT and what follows it are freed once the module runs.
    const parts = Number(core?.get('MOD_INIT_TEXT') ?? core?.get('MOD_MEM_NUM_TYPES') ?? 1n);
    let size = 0;
    for (let part = 0; part < parts; part++) size += this.struct.small(`mem[${part}].size`) ?? 0;
    return { address, size };
  }

  #findTypes(): KnownTypes | undefined {
    const { kernel, name } = this;
    const own = [kernel.typesOfModule(name), this.#readTypes()].filter((types) => types !== undefined);
    const sources = kernel.types ? [...own, kernel.types] : own;
    return sources.length > 0 ? new KnownTypes({ module: name, sources, own: own.length > 0 }) : undefined;
  }

  #readTypes(): BtfTypes | undefined {
    const { kernel } = this;
    const base = kernel.btf;
    const bytes = base && this.btf;
    if (!bytes) return undefined;
    try {
      return new BtfTypes(new BtfData(bytes, `BTF of ${this.name}`, base), kernel.space.wordSize);
    } catch {
      // Damaged, or numbered after another base: as good as none.
      return undefined;
    }
  }

  #registeredBtf(): Uint8Array | undefined {
    const { kernel, struct } = this;
    const head = kernel.address('btf_modules');
    if (head === undefined || kernel.types?.struct('btf_module') === undefined) return undefined;
    for (const node of readList(kernel.space, head, MAX_MODULES).nodes) {
      const entry = KernelStruct.of(kernel, 'btf_module', 'list', node);
      if (entry.pointer('module') !== struct.address) continue;
      const btf = entry.follow('btf', 'btf');
      return btf && bytesOf(btf, 'data', 'data_size');
    }
    return undefined;
  }
}

function bytesOf(struct: KernelStruct, pointer: string, length: string): Uint8Array | undefined {
  if (!struct.has(pointer)) return undefined;
  const start = struct.pointer(pointer);
  const size = struct.small(length);
  if (start === undefined || start === 0n || size === undefined || size === 0 || size > MAX_BTF) return undefined;
  return struct.kernel.space.bytes(start, size);
}

export interface ModuleList {
  modules: LinuxModule[];
  /** What is missing of the list, in sentences. */
  problems: string[];
}

/** In the order of the kernel's list, the one loaded last first. Throws WorkbenchError `unsupported` for a kernel whose types or symbols are not known. */
export function listModules(kernel: LinuxKernel): ModuleList {
  const head = kernel.require('modules');
  const { nodes, broken } = readList(kernel.space, head, MAX_MODULES);
  return {
    modules: nodes.map((node) => new LinuxModule(KernelStruct.of(kernel, 'module', 'list', node))),
    problems: broken === undefined ? [] : [`The list of modules is not whole: ${broken}.`],
  };
}
