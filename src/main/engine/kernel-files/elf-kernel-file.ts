/** A kernel's image (vmlinux) or a module, as ELF: types from .BTF where it has it, else from DWARF; of an image the symbols, too. */
import { BtfData } from '../btf/btf-data.ts';
import { BtfTypes } from '../btf/btf-types.ts';
import { DebugTypes } from '../dwarf/debug-types.ts';
import type { ElfFile } from '../elf-object/elf-file.ts';
import { ET_REL } from '../elf-object/layout.ts';
import type { KernelTypes } from '../linux/kernel-types.ts';
import type { LinuxKernel } from '../linux/kernel.ts';
import { VMLINUX } from '../linux/known-types.ts';
import { buildIdOfKernel, buildIdOfModule, otherBuild } from './build-identity.ts';
import { DwarfTypes } from './dwarf-types.ts';
import { ImageSymbols } from './image-symbols.ts';
import type { KernelFile } from './kernel-file.ts';
import { moduleNameOf, modinfoOf } from './module-name.ts';
import { splitBtf } from './split-btf.ts';

/** Sections that the kernel's linker script makes and no program has (include/asm-generic/vmlinux.lds.h); separate debug files keep their headers. */
const IMAGE_SECTIONS = new Set(['__ksymtab', '__ksymtab_gpl', '__ksymtab_strings', '__ex_table', '.init.text', '.data..percpu']);
const MODULE_SECTIONS = new Set(['.gnu.linkonce.this_module', '.modinfo']);
/** A module outside of the kernel's tree has types of its own numbered behind a copy of those that it uses (v6.11, 46fb0b62ea29). */
const DISTILLED = '.BTF.base';
/** "5.10.0-46-amd64 SMP mod_unload modversions " */
const RELEASE = /^(\S+)/;

export class ElfKernelFile implements KernelFile {
  readonly name: string;
  readonly modules: readonly string[];
  readonly #elf: ElfFile;
  readonly #symbols: ImageSymbols | undefined;
  #base: BtfData | null | undefined;
  #dwarf: DwarfTypes | null | undefined;

  private constructor(name: string, elf: ElfFile, module: string) {
    this.name = name;
    this.modules = [module];
    this.#elf = elf;
    this.#symbols = module === VMLINUX ? new ImageSymbols(elf) : undefined;
  }

  /** Undefined for a program or a library. Throws DumpFormatError. */
  static of(name: string, elf: ElfFile): ElfKernelFile | undefined {
    const has = (wanted: ReadonlySet<string>) => elf.sections.some((section) => wanted.has(section.name));
    if (elf.type === ET_REL) return has(MODULE_SECTIONS) ? new ElfKernelFile(name, elf, moduleNameOf(elf, name)) : undefined;
    return has(IMAGE_SECTIONS) ? new ElfKernelFile(name, elf, VMLINUX) : undefined;
  }

  get kind(): string {
    return this.#hasBtf ? 'BTF' : 'DWARF';
  }

  refusal(kernel: LinuxKernel, module: string): string | undefined {
    const release = kernel.release;
    const { buildId } = this.#elf;
    const image = this.#symbols;
    if (image) {
      const running = { buildId: buildIdOfKernel(kernel, image.notes(kernel)), release };
      return otherBuild({ buildId, release: image.release }, running);
    }
    const own = RELEASE.exec(modinfoOf(this.#elf, 'vermagic') ?? '')?.[1];
    return otherBuild({ release: own }, { release }) ?? otherBuild({ buildId }, { buildId: buildIdOfModule(kernel, module) });
  }

  types(kernel: LinuxKernel, module: string): KernelTypes | undefined {
    return (this.#hasBtf ? this.#readBtf(kernel, module) : undefined) ?? this.#readDwarf();
  }

  addressOf(kernel: LinuxKernel, symbol: string): bigint | undefined {
    return this.#symbols?.addressOf(kernel, symbol);
  }

  /** Of an image: what BTF of modules is numbered after. */
  get btf(): BtfData | undefined {
    if (this.#base === undefined) {
      const bytes = this.#symbols && this.#hasBtf ? this.#contents('.BTF') : undefined;
      this.#base = bytes ? new BtfData(bytes, `.BTF of ${this.name}`) : null;
    }
    return this.#base ?? undefined;
  }

  get #hasBtf(): boolean {
    return this.#elf.section('.BTF') !== undefined && this.#elf.section(DISTILLED) === undefined;
  }

  #readBtf(kernel: LinuxKernel, module: string): KernelTypes | undefined {
    const { wordSize } = kernel.space;
    if (module === VMLINUX) return this.btf && new BtfTypes(this.btf, wordSize);
    const bytes = this.#contents('.BTF');
    const data = bytes && splitBtf(bytes, `.BTF of ${this.name}`, kernel);
    return data && new BtfTypes(data, wordSize);
  }

  #readDwarf(): KernelTypes | undefined {
    if (this.#dwarf === undefined) {
      const types = DebugTypes.of(this.#elf);
      this.#dwarf = types ? new DwarfTypes(types) : null;
    }
    return this.#dwarf ?? undefined;
  }

  #contents(name: string): Uint8Array | undefined {
    const section = this.#elf.section(name);
    return section && this.#elf.contents(section).all();
  }
}
