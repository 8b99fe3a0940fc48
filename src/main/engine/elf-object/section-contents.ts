/**
 * A section's bytes as a reader of debug information wants them: decompressed, and of a file that keeps them as they are, only those asked for.
 *
 * ```
 * SHF_COMPRESSED   Chdr (layout.ts), then the stream: ch_type 1 zlib, 2 zstd (gABI 4.3 draft, "Section Compression")
 * .zdebug_NAME     "ZLIB", be64 size, then a zlib stream: what GNU tools wrote before, and Go still did in 2019
 * ```
 */
import { DumpFormatError, WorkbenchError } from '#shared/errors.ts';
import { decodeUnit, HAS_ZSTD } from '../codecs/codec.ts';
import type { ByteSource } from '../memory/byte-source.ts';
import { SHF_COMPRESSED, SHT_NOBITS, word, type ElfKind } from './layout.ts';
import { checkInFile, type ElfSection } from './sections.ts';

/** Contents of a section. `read` and `all` throw WorkbenchError when they cannot be had. */
export interface SectionContents {
  /** Bytes, decompressed. */
  readonly size: number;
  /** A view or a copy of `length` bytes: do not write to it. `scratch`: a place for the copy, if it is large enough. Throws DumpFormatError beyond the end. */
  read(offset: number, length: number, scratch?: Uint8Array): Uint8Array;
  /** All of it, kept from then on. Do not write to it. */
  all(): Uint8Array;
}

const CHDR_64 = 24;
const CHDR_32 = 12;
const GNU_HEADER = 12;
/** Decompressed bytes of one section at most; the .debug_info of the largest programs (Chromium, Firefox with Rust) is a few GB and never compressed in one piece. */
const MAX_DECOMPRESSED = 2 ** 31;
/** What each can reach: deflate 258 bytes from a 2-bit code, zstd a block of 128 KiB from 4 bytes. */
const MAX_RATIO = { zlib: 1032, zstd: 32768 };

const CODECS: Record<number, 'zlib' | 'zstd'> = { 1: 'zlib', 2: 'zstd' };

/** Bytes in memory. `format` and `field` are for errors: "DWARF", ".debug_info". */
export class HeldContents implements SectionContents {
  readonly size: number;
  readonly #bytes: Uint8Array;
  readonly #source: string;
  readonly #name: string;

  constructor(bytes: Uint8Array, source: string, name: string) {
    this.size = bytes.length;
    this.#bytes = bytes;
    this.#source = source;
    this.#name = name;
  }

  read(offset: number, length: number): Uint8Array {
    if (offset + length > this.size) throw pastEnd(this.#source, this.#name, offset, length, this.size);
    return this.#bytes.subarray(offset, offset + length);
  }

  all(): Uint8Array {
    return this.#bytes;
  }
}

/** Bytes that lie in the file as they are. */
class FileContents implements SectionContents {
  readonly size: number;
  readonly #source: ByteSource;
  readonly #section: ElfSection;
  #all: Uint8Array | undefined;

  constructor(source: ByteSource, section: ElfSection) {
    this.size = section.size;
    this.#source = source;
    this.#section = section;
  }

  read(offset: number, length: number, scratch?: Uint8Array): Uint8Array {
    if (offset + length > this.size) throw pastEnd(this.#source.name, this.#section.name, offset, length, this.size);
    if (this.#all) return this.#all.subarray(offset, offset + length);
    const bytes = scratch && scratch.length >= length ? scratch.subarray(0, length) : new Uint8Array(length);
    if (this.#source.readStreaming(this.#section.offset + offset, bytes) < length)
      throw pastEnd(this.#source.name, this.#section.name, offset, length, this.size);
    return bytes;
  }

  all(): Uint8Array {
    this.#all ??= this.read(0, this.size);
    return this.#all;
  }
}

/** Decompressed whole at the first read. */
class CompressedContents implements SectionContents {
  readonly size: number;
  readonly #decode: () => Uint8Array;
  #held: HeldContents | undefined;
  readonly #source: string;
  readonly #name: string;

  constructor(size: number, decode: () => Uint8Array, source: string, name: string) {
    this.size = size;
    this.#decode = decode;
    this.#source = source;
    this.#name = name;
  }

  read(offset: number, length: number): Uint8Array {
    this.#held ??= new HeldContents(this.#decode(), this.#source, this.#name);
    return this.#held.read(offset, length);
  }

  all(): Uint8Array {
    return this.read(0, this.size);
  }
}

/** Throws DumpFormatError for a section outside the file or with an impossible compression header; damage in a stream shows when it is read. */
export function sectionContents(source: ByteSource, section: ElfSection, kind: ElfKind): SectionContents {
  if (section.type === SHT_NOBITS) return new HeldContents(new Uint8Array(0), source.name, section.name);
  checkInFile(source, section);
  if (section.flags & SHF_COMPRESSED) return compressed(source, section, kind);
  if (section.name.startsWith('.zdebug_')) return gnuCompressed(source, section);
  return new FileContents(source, section);
}

function compressed(source: ByteSource, section: ElfSection, kind: ElfKind): SectionContents {
  const headerSize = kind.class.bits === 64 ? CHDR_64 : CHDR_32;
  const header = new Uint8Array(headerSize);
  if (section.size < headerSize || source.read(section.offset, header) < headerSize)
    throw refuse(source, section, 'ch_type', `${headerSize} bytes`, `${section.size}`);
  const view = new DataView(header.buffer);
  const type = view.getUint32(0, kind.littleEndian);
  const codec = CODECS[type];
  if (!codec) throw refuse(source, section, 'ch_type', '1 (zlib) or 2 (zstd)', String(type));
  return inflated(source, section, codec, headerSize, word(view, kind.class.bits === 64 ? 8 : 4, kind));
}

function gnuCompressed(source: ByteSource, section: ElfSection): SectionContents {
  const header = new Uint8Array(GNU_HEADER);
  if (section.size < GNU_HEADER || source.read(section.offset, header) < GNU_HEADER || String.fromCharCode(...header.subarray(0, 4)) !== 'ZLIB')
    throw refuse(source, section, 'magic', '"ZLIB" and a size', `${section.size} bytes of something else`);
  return inflated(source, section, 'zlib', GNU_HEADER, Number(new DataView(header.buffer).getBigUint64(4)));
}

function inflated(source: ByteSource, section: ElfSection, codec: 'zlib' | 'zstd', skip: number, size: number): SectionContents {
  const length = section.size - skip;
  const most = Math.min(MAX_DECOMPRESSED, length * MAX_RATIO[codec]);
  if (size > most) throw refuse(source, section, 'decompressed size', `at most ${most} of ${length} compressed bytes`, String(size));
  return new CompressedContents(
    size,
    () => {
      if (codec === 'zstd' && !HAS_ZSTD) {
        const hint = `objcopy --decompress-debug-sections ${source.name} OUT`;
        throw new WorkbenchError('unsupported', `${source.name}: ${section.name} is compressed with zstd, which needs Node 22.15 or later`, { hint });
      }
      const input = new Uint8Array(length);
      source.readStreaming(section.offset + skip, input);
      const output = new Uint8Array(size);
      const filled = decodeUnit(codec, input, output);
      if (filled !== size) throw refuse(source, section, `${codec} stream`, `${size} bytes`, filled === undefined ? 'damage' : `${filled} bytes`);
      return output;
    },
    source.name,
    section.name,
  );
}

function refuse(source: ByteSource, section: ElfSection, field: string, expected: string, found: string): DumpFormatError {
  return new DumpFormatError({ format: `ELF section ${section.name}`, source: source.name, fileOffset: section.offset, field, expected, found });
}

function pastEnd(source: string, name: string, offset: number, length: number, size: number): DumpFormatError {
  return new DumpFormatError({
    format: 'ELF section',
    source,
    fileOffset: offset,
    field: name,
    expected: `${length} bytes at this offset of the section`,
    found: `a section of ${size}`,
  });
}
