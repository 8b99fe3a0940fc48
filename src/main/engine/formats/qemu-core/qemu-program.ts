/**
 * The QEMU executable inside a core: its exported variables, and where its own variables lie. What the core lacks of the file's pages (the kernel leaves out
 * what was mapped and never written) comes from the file that the user names, or from the one at its path in NT_FILE when its build id is the same.
 */
import fs from 'node:fs';
import { WorkbenchError } from '#shared/errors.ts';
import type { Diagnostic, Fact } from '#shared/model/index.ts';
import { ElfFile } from '../../elf-object/elf-file.ts';
import { ELF_MAGIC, PT_LOAD } from '../../elf-object/layout.ts';
import { MappedImage } from '../../elf-object/mapped-image.ts';
import { FileSource } from '../../io/file-source.ts';
import { executableMapping, executableOf } from '../process-core/executable.ts';
import { isWritable } from '../process-core/process-core.ts';
import type { ProcessMemory } from '../process-core/process-memory.ts';

const WRITABLE = 2;

/** Addresses of a process, half-open. */
export interface AddressRange {
  start: number;
  end: number;
}

export class QemuProgram {
  readonly diagnostics: Diagnostic[] = [];
  readonly facts: Fact[] = [];
  readonly #memory: ProcessMemory;
  readonly #wanted: string | undefined;
  #image: MappedImage | undefined;
  /** The program's file, where it is used, and those with its symbols. */
  #file: FileSource | undefined;
  readonly #symbolFiles: { source: FileSource; elf: ElfFile }[] = [];

  /**
   * `executable` and `debug`: what the user named. Of the files with debug information only those of the same build are used: others may be the guest kernel's. Throws WorkbenchError `io` or
   * DumpFormatError when one cannot be opened or is no ELF file. The caller closes it.
   */
  constructor(memory: ProcessMemory, executable?: string, debug: readonly string[] = []) {
    this.#memory = memory;
    this.#wanted = executable;
    try {
      this.#openImage();
      for (const path of debug) this.#openSymbols(path);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.#memory.filePages = [];
    this.#file?.close();
    this.#file = undefined;
    for (const { source } of this.#symbolFiles.splice(0)) source.close();
  }

  /** Address of a variable that is exported, or that a file with symbols names; undefined when nothing that is at hand says it. */
  find(name: string): number | undefined {
    const exported = this.#image?.find(name);
    if (exported) return Number(exported.value);
    const bias = this.#image?.bias;
    for (const { elf } of this.#symbolFiles) {
      const symbol = bias === undefined ? undefined : elf.findSymbol(name);
      if (symbol) return Number(bias! + symbol.value);
    }
    return undefined;
  }

  /** The program's own variables: `.data` first, then `.bss`. */
  get data(): AddressRange[] {
    const image = this.#image;
    if (!image) return this.#guessedData();
    const segments = image.segments.filter(({ type, flags }) => type === PT_LOAD && flags & WRITABLE);
    const ranges = segments.flatMap(({ address, fileSize, memorySize }) => {
      const start = Number(image.bias + address);
      return [
        { start, end: start + fileSize },
        { start: start + fileSize, end: start + memorySize },
      ];
    });
    return ranges.filter(({ start, end }) => end > start);
  }

  #openImage(): void {
    const mapping = executableMapping(this.#memory.core);
    if (!mapping) {
      if (this.#wanted !== undefined) this.#refuse(this.#wanted, 'the core does not say where its executable was mapped (NT_FILE, NT_AUXV)');
      this.#image = exportingImage(this.#memory);
      return;
    }
    const base = BigInt(mapping.start);
    this.#image = imageAt(this.#memory, base);
    const path = this.#wanted ?? mapping.path;
    const hasText = this.#image?.symbols?.find('address_space_memory') !== undefined;
    if (this.#wanted === undefined && (hasText || !fs.statSync(path, { throwIfNoEntry: false })?.isFile())) return;
    this.#file = FileSource.open(path, { mapping: false });
    const found = this.#buildId(path);
    const buildId = this.#image?.buildId;
    // Without the core's own build id only the user can say that it is this file.
    if (buildId === undefined ? this.#wanted === undefined : found !== buildId) {
      this.#file.close();
      this.#file = undefined;
      if (this.#wanted !== undefined) this.#refuse(path, `its build id is ${found ?? 'missing'}, the core's is ${buildId}`);
      return;
    }
    this.#showPages(mapping.path, this.#file);
    if (this.#wanted !== undefined) this.#openSymbols(path);
    this.#image = imageAt(this.#memory, base) ?? this.#image;
    this.facts.push({ label: 'Pages of the executable', value: path, source: this.#wanted === undefined ? 'NT_FILE, same build id' : 'given' });
  }

  #openSymbols(path: string): void {
    const source = FileSource.open(path, { mapping: false });
    try {
      // BTF and layouts of a kernel may be among them, too.
      const elf = isElf(source) ? new ElfFile(source) : undefined;
      const same = elf?.buildId !== undefined && elf.buildId === this.#image?.buildId;
      if (!elf || !same) {
        source.close();
        return;
      }
      this.#symbolFiles.push({ source, elf });
      this.facts.push({ label: 'Symbols of the executable', value: path, source: 'given, same build id' });
    } catch (error) {
      source.close();
      throw error;
    }
  }

  #buildId(path: string): string | undefined {
    try {
      return new ElfFile(this.#file!).buildId;
    } catch (error) {
      if (this.#wanted !== undefined || !(error instanceof WorkbenchError)) throw error;
      this.diagnostics.push({ severity: 'info', code: 'executable-unusable', message: `${path}: ${error.message}`, consequence: 'It is not used.' });
      return undefined;
    }
  }

  #showPages(path: string, source: FileSource): void {
    this.#memory.filePages = this.#memory.core.files
      .filter((file) => file.path === path && !this.#isWritable(file.start))
      .map(({ start, end, offset }) => ({ start, end: Math.min(end, start + Math.max(0, source.size - offset)), source, offset }));
  }

  #isWritable(at: number): boolean {
    const segment = this.#memory.core.segmentAt(at);
    return segment !== undefined && isWritable(segment);
  }

  #refuse(path: string, reason: string): void {
    this.diagnostics.push({
      severity: 'data-loss',
      code: 'executable-unusable',
      message: `${path} is not used: ${reason}.`,
      consequence: 'The core is read without it.',
    });
  }

  /** Without the program headers: what NT_FILE says is mapped writable of the file, and what follows it without a gap, which is `.bss`. */
  #guessedData(): AddressRange[] {
    const { core } = this.#memory;
    const path = executableOf(core);
    const ranges = core.files.filter(
      (file) => (path === undefined ? /qemu|kvm/.test(file.path) : file.path === path) && this.#isWritable(file.start),
    );
    return ranges.map(({ start, end }) => {
      const next = core.segmentAt(end);
      return { start, end: next && next.start === end && isWritable(next) && !core.fileAt(end) ? next.end : end };
    });
  }
}

function isElf(source: FileSource): boolean {
  const magic = new Uint8Array(4);
  return source.read(0, magic) === 4 && new DataView(magic.buffer).getUint32(0, true) === ELF_MAGIC;
}

/** Without notes: the first mapped program that has QEMU's variables. */
function exportingImage(memory: ProcessMemory): MappedImage | undefined {
  for (const { start, held } of memory.core.segments) {
    if (held === 0 || memory.u32(start) !== ELF_MAGIC) continue;
    const image = imageAt(memory, BigInt(start));
    if (image?.find('address_space_memory')) return image;
  }
  return undefined;
}

function imageAt(memory: ProcessMemory, base: bigint): MappedImage | undefined {
  try {
    return MappedImage.at(memory, base);
  } catch (error) {
    if (error instanceof WorkbenchError) return undefined;
    throw error;
  }
}
