/**
 * An ELF file that is no dump: executable, shared object, separate debug file, kernel image (vmlinux), kernel module (ET_REL). Everything is read
 * when it is asked for.
 */
import { DumpFormatError } from '#shared/errors.ts';
import type { ByteSource } from '../memory/byte-source.ts';
import { DynamicSymbols, parseDynamic, type AddressedBytes } from './dynamic-symbols.ts';
import {
  decodeHeader,
  ELF_MAGIC,
  elfKind,
  ET_CORE,
  ET_REL,
  PN_XNUM,
  PT_DYNAMIC,
  PT_LOAD,
  PT_NOTE,
  SHT_DYNSYM,
  SHT_NOBITS,
  SHT_NOTE,
  SHT_SYMTAB,
  SHT_SYMTAB_SHNDX,
  type ElfHeader,
  type ElfKind,
} from './layout.ts';
import { parseAltLink, parseDebugLink, type AltLink, type DebugLink } from './debug-links.ts';
import { dynamicTables } from './mapped-image.ts';
import { buildIdOf, notesOf } from './notes.ts';
import { RelocatedContents, relocationsFor } from './relocations.ts';
import { sectionContents, type SectionContents } from './section-contents.ts';
import { readSections, type ElfSection } from './sections.ts';
import { decodeSegments, type ElfSegment } from './segments.ts';
import { SymbolTable, type NearestSymbol, type ElfSymbol } from './symbol-table.ts';

const MAX_SEGMENTS = 4096;
const MAX_NOTES = 2 ** 20;
const MAX_DYNAMIC = 65536;
const MAX_LINK = 65536;

export interface ElfFileOptions {
  /** Of a kernel module: where its sections were loaded (/sys/module/NAME/sections), by name. Without it references to code and data in debug information stay offsets. */
  sectionAddress?: (name: string) => bigint | undefined;
}

export class ElfFile implements AddressedBytes {
  readonly source: ByteSource;
  readonly kind: ElfKind;
  /** e_machine and e_type (ET_…). */
  readonly machine: number;
  readonly type: number;
  /** Of an ET_REL file: whether it was said where its sections lie. */
  readonly isPlaced: boolean;
  /** Empty for a file without section headers. */
  readonly sections: readonly ElfSection[];
  readonly segments: readonly ElfSegment[];
  readonly #sectionAddress: (name: string) => bigint | undefined;
  readonly #byName = new Map<string, ElfSection>();
  readonly #contents = new Map<number, SectionContents>();
  #symbols: SymbolTable | undefined | null = null;
  #dynamicSymbols: DynamicSymbols | undefined | null = null;

  /** Throws DumpFormatError for what is no ELF file or has headers outside the file, and for a core. */
  constructor(source: ByteSource, options: ElfFileOptions = {}) {
    const header = readHeader(source);
    this.source = source;
    this.kind = header.kind;
    this.machine = header.machine;
    this.type = header.type;
    this.sections = readSections(source, header) ?? [];
    this.segments = readSegments(source, header);
    this.isPlaced = options.sectionAddress !== undefined;
    this.#sectionAddress = options.sectionAddress ?? (() => undefined);
    for (const section of this.sections) if (!this.#byName.has(section.name)) this.#byName.set(section.name, section);
  }

  /** The first of that name; ".debug_info" finds ".zdebug_info" too. Undefined also for one whose contents are not in this file (SHT_NOBITS). */
  section(name: string): ElfSection | undefined {
    const found = this.#byName.get(name) ?? (name.startsWith('.debug_') ? this.#byName.get(`.z${name.slice(1)}`) : undefined);
    return found?.type === SHT_NOBITS ? undefined : found;
  }

  /** Decompressed, and of an ET_REL file relocated. Throws DumpFormatError, now or when it is read. */
  contents(section: ElfSection): SectionContents {
    let contents = this.#contents.get(section.index);
    if (!contents) {
      contents = sectionContents(this.source, section, this.kind);
      const relocations = this.type === ET_REL ? relocationsFor(this, section) : [];
      if (relocations.length > 0) contents = new RelocatedContents(this, contents, relocations);
      this.#contents.set(section.index, contents);
    }
    return contents;
  }

  /** Where section `index` of an ET_REL file was loaded; undefined when nobody said. */
  loadAddress(index: number): bigint | undefined {
    const section = this.sections[index];
    return section && this.#sectionAddress(section.name);
  }

  /** `.symtab`, or `.dynsym` of a stripped file, or what the dynamic segment counts when there are no section headers. Undefined without any. */
  get symbols(): SymbolTable | undefined {
    if (this.#symbols === null) {
      const section = this.#symbolSection(SHT_SYMTAB) ?? this.#symbolSection(SHT_DYNSYM);
      this.#symbols = section ? this.symbolTable(section) : this.dynamicSymbols?.table();
    }
    return this.#symbols;
  }

  /** The symbols that a dynamic linker sees, found through the hash table of the dynamic segment. */
  get dynamicSymbols(): DynamicSymbols | undefined {
    if (this.#dynamicSymbols === null) {
      const segment = this.segments.find(({ type }) => type === PT_DYNAMIC);
      const bytes = segment && this.read(segment.address, Math.min(segment.fileSize, MAX_DYNAMIC));
      const tables = bytes && dynamicTables(parseDynamic(bytes, this.kind), (value) => value);
      this.#dynamicSymbols = tables && new DynamicSymbols(this, tables, this.kind, this.machine);
    }
    return this.#dynamicSymbols;
  }

  /** The symbols of a section of type SHT_SYMTAB or SHT_DYNSYM. Throws DumpFormatError where they or their names are not in the file. */
  symbolTable(section: ElfSection): SymbolTable {
    const names = this.sections[section.link];
    const extended = this.sections.find(({ type, link }) => type === SHT_SYMTAB_SHNDX && link === section.index);
    const bytes = (of: ElfSection) => sectionContents(this.source, of, this.kind).all();
    return new SymbolTable(bytes(section), names ? bytes(names) : new Uint8Array(0), this.kind, extended && bytes(extended));
  }

  /** Shorthands of `symbols`. */
  findSymbol(name: string): ElfSymbol | undefined {
    return this.symbols?.find(name);
  }

  nearestSymbol(address: bigint): NearestSymbol | undefined {
    return this.symbols?.nearest(address);
  }

  /** NT_GNU_BUILD_ID as lower-case hex, the same for a program and its separate debug file. */
  get buildId(): string | undefined {
    // Sections first: the segments of a separate debug file lead nowhere.
    const areas = [
      ...this.sections.filter(({ type, size }) => type === SHT_NOTE && size <= MAX_NOTES),
      ...(this.sections.length > 0 ? [] : this.segments.filter(({ type, fileSize }) => type === PT_NOTE && fileSize <= MAX_NOTES)),
    ];
    for (const area of areas) {
      const bytes = new Uint8Array('size' in area ? area.size : area.fileSize);
      if (this.source.read(area.offset, bytes) < bytes.length) continue;
      const found = buildIdOf(notesOf(bytes, this.kind.littleEndian, area.alignment));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** `.gnu_debuglink`: the separate debug file's name and checksum. */
  get debugLink(): DebugLink | undefined {
    return this.#small('.gnu_debuglink', (bytes) => parseDebugLink(bytes, this.kind.littleEndian));
  }

  /** `.gnu_debugaltlink`: the file with what dwz found in several debug files. */
  get altLink(): AltLink | undefined {
    return this.#small('.gnu_debugaltlink', parseAltLink);
  }

  /** Bytes as a loader would map them; undefined where the file has none for that address. */
  read(virtualAddress: bigint, length: number): Uint8Array | undefined {
    for (const { type, address, offset, fileSize } of this.segments) {
      if (type !== PT_LOAD || virtualAddress < address || virtualAddress + BigInt(length) > address + BigInt(fileSize)) continue;
      const at = offset + Number(virtualAddress - address);
      if (at + length > this.source.size) return undefined;
      const bytes = new Uint8Array(length);
      return this.source.read(at, bytes) === length ? bytes : undefined;
    }
    return undefined;
  }

  #small<T>(name: string, parse: (bytes: Uint8Array) => T | undefined): T | undefined {
    const section = this.section(name);
    return section && section.size <= MAX_LINK ? parse(this.contents(section).all()) : undefined;
  }

  #symbolSection(wanted: number): ElfSection | undefined {
    return this.sections.find(({ type, size }) => type === wanted && size > 0);
  }
}

function readHeader(source: ByteSource): ElfHeader {
  const refuse = (field: string, fileOffset: number, expected: string, found: string) =>
    new DumpFormatError({ format: 'ELF header', source: source.name, fileOffset, field, expected, found });
  const ident = new Uint8Array(16);
  if (source.read(0, ident) < ident.length) throw refuse('e_ident', 0, '16 bytes', `a file of ${source.size}`);
  const magic = new DataView(ident.buffer).getUint32(0, true);
  if (magic !== ELF_MAGIC)
    throw refuse('e_ident', 0, '7f 45 4c 46: an executable, a library, a module or a debug file', bytesInHex(ident.subarray(0, 4)));
  const kind = elfKind(ident[4], ident[5]);
  if (!kind) throw refuse('e_ident', 4, 'class 1 or 2, data encoding 1 or 2', `class ${ident[4]}, data encoding ${ident[5]}`);
  const bytes = new Uint8Array(kind.class.headerSize);
  if (source.read(0, bytes) < bytes.length) throw refuse('e_ident', 0, `${bytes.length} bytes`, `a file of ${source.size}`);
  const header = decodeHeader(new DataView(bytes.buffer), kind);
  if (header.type === ET_CORE) throw refuse('e_type', 16, 'an executable, a library, a module or a debug file', '4 (ET_CORE: a dump)');
  return header;
}

function readSegments(source: ByteSource, { programOffset, programCount, programEntrySize, kind }: ElfHeader): ElfSegment[] {
  if (programOffset === 0 || programCount === 0) return [];
  const { programHeaderSize, header } = kind.class;
  const size = programCount * programHeaderSize;
  const problem = { format: 'ELF header', source: source.name };
  if (programEntrySize !== programHeaderSize)
    throw new DumpFormatError({
      ...problem,
      field: 'e_phentsize',
      fileOffset: header.phentsize,
      expected: `${programHeaderSize}`,
      found: `${programEntrySize}`,
    });
  if (programCount === PN_XNUM || programCount > MAX_SEGMENTS || programOffset + size > source.size) {
    const expected = `at most ${MAX_SEGMENTS} program headers inside the file`;
    throw new DumpFormatError({
      ...problem,
      field: 'e_phnum',
      fileOffset: header.phnum,
      expected,
      found: `${programCount} at 0x${programOffset.toString(16)}`,
    });
  }
  const bytes = new Uint8Array(size);
  source.read(programOffset, bytes);
  return decodeSegments(bytes, kind);
}

const bytesInHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
