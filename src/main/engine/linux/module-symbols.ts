/** The symbols of one module: an ELF symbol table that the kernel keeps (Linux include/linux/module.h, struct mod_kallsyms). */
import type { KernelStruct } from './kernel-struct.ts';

/** More symbols than that no module has. */
const MAX_SYMBOLS = 200_000;
const MAX_STRINGS = 16 * 1024 * 1024;
/** KSYM_NAME_LEN. */
const MAX_NAME = 512;
const SHN_UNDEF = 0;

/** A symbol before its name is made a string: thousands of them are there, two or three are asked for. */
interface SymbolEntry {
  /** Where its name begins among the strings. */
  name: number;
  value: bigint;
}

export class ModuleSymbols {
  readonly #entries: readonly SymbolEntry[];
  readonly #strings: Uint8Array;

  /** `strings` end with a NUL. */
  constructor(entries: readonly SymbolEntry[], strings: Uint8Array) {
    this.#entries = entries;
    this.#strings = strings;
  }

  get count(): number {
    return this.#entries.length;
  }

  /** The first symbol of that name. */
  find(name: string): bigint | undefined {
    const wanted = new TextEncoder().encode(`${name}\0`);
    return this.#entries.find((entry) => wanted.every((byte, index) => this.#strings[entry.name + index] === byte))?.value;
  }

  /** The symbol at or below an address, in no particular order of equals. */
  nearest(address: bigint): { name: string; address: bigint } | undefined {
    let best: SymbolEntry | undefined;
    for (const entry of this.#entries) if (entry.value <= address && (best === undefined || entry.value > best.value)) best = entry;
    return best && { name: this.#nameOf(best), address: best.value };
  }

  #nameOf({ name }: SymbolEntry): string {
    const bytes = this.#strings.subarray(name, name + MAX_NAME);
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
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
  const entries: SymbolEntry[] = [];
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
  const text = new Uint8Array(end + MAX_NAME + 1);
  // What the dump does not hold stays empty: such names are nobody's.
  space.fill(strings, text.subarray(0, -1));
  return new ModuleSymbols(
    entries.filter(({ name }) => text[name] !== 0),
    text,
  );
}
