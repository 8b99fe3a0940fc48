/** The symbols of one module: an ELF symbol table that the kernel keeps (Linux include/linux/module.h, struct mod_kallsyms). */
import type { KernelStruct } from './kernel-struct.ts';

/** More symbols than that no module has. */
const MAX_SYMBOLS = 200_000;
const MAX_STRINGS = 16 * 1024 * 1024;
const SHN_UNDEF = 0;

export class ModuleSymbols {
  readonly #addresses: ReadonlyMap<string, bigint>;

  constructor(addresses: ReadonlyMap<string, bigint>) {
    this.#addresses = addresses;
  }

  get count(): number {
    return this.#addresses.size;
  }

  find(name: string): bigint | undefined {
    return this.#addresses.get(name);
  }

  /** The symbol at or below an address, in no particular order of equals. */
  nearest(address: bigint): { name: string; address: bigint } | undefined {
    let best: { name: string; address: bigint } | undefined;
    for (const [name, at] of this.#addresses) if (at <= address && (best === undefined || at > best.address)) best = { name, address: at };
    return best;
  }
}

/** `module`: a struct module. Undefined where the dump does not hold the table. */
export function readModuleSymbols(module: KernelStruct): ModuleSymbols | undefined {
  const { kernel } = module;
  const { space } = kernel;
  const table = module.has('kallsyms') ? module.follow('kallsyms', 'mod_kallsyms') : module;
  if (!table) return undefined;
  const symbols = table.pointer('symtab');
  const strings = table.pointer('strtab');
  const count = table.small('num_symtab');
  if (symbols === undefined || strings === undefined || count === undefined || count === 0 || count > MAX_SYMBOLS) return undefined;
  // Elf64_Sym: name 0, info 4, shndx 6, value 8, of 24 bytes; Elf32_Sym: name 0, value 4, shndx 14, of 16 bytes.
  const wide = space.wordSize === 8;
  const bytes = space.bytes(symbols, count * (wide ? 24 : 16));
  if (!bytes) return undefined;
  const view = new DataView(bytes.buffer);
  const addresses = new Map<string, bigint>();
  const entries: { name: number; value: bigint }[] = [];
  let end = 0;
  for (let index = 0; index < count; index++) {
    const at = index * (wide ? 24 : 16);
    if (view.getUint16(at + (wide ? 6 : 14), space.littleEndian) === SHN_UNDEF) continue;
    const name = view.getUint32(at, space.littleEndian);
    const value = wide ? view.getBigUint64(at + 8, space.littleEndian) : BigInt(view.getUint32(at + 4, space.littleEndian));
    if (name === 0 || name > MAX_STRINGS) continue;
    entries.push({ name, value });
    end = Math.max(end, name);
  }
  const text = new Uint8Array(end + 512);
  const filled = space.fill(strings, text);
  for (const { name, value } of entries) {
    const stop = text.subarray(0, filled).indexOf(0, name);
    if (stop > name) addresses.set(String.fromCharCode(...text.subarray(name, stop)), value);
  }
  return new ModuleSymbols(addresses);
}
