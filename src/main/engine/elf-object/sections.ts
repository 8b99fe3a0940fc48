/** The section headers of an ELF file, each checked against the file (gABI 4.1, "Sections"; layout.ts). */
import { DumpFormatError } from '#shared/errors.ts';
import type { ByteSource } from '../memory/byte-source.ts';
import { address, SHN_XINDEX, SHT_NOBITS, word, type ElfHeader } from './layout.ts';
import { cString } from './strings.ts';

/** A kernel module built with a section a function has some thousands. */
const MAX_SECTIONS = 2 ** 18;

export interface ElfSection {
  /** As other headers refer to it. */
  index: number;
  name: string;
  /** SHT_… */
  type: number;
  /** SHF_… of the low 32 bits. */
  flags: number;
  /** 0 in ET_REL files. */
  address: bigint;
  /** In the file; of SHT_NOBITS and of a separate debug file's code and data there is nothing at it. */
  offset: number;
  /** Bytes in the file, compressed or not; of SHT_NOBITS those in memory. */
  size: number;
  link: number;
  info: number;
  alignment: number;
  entrySize: number;
}

/** Undefined for a file without section headers. Throws DumpFormatError where they or a section's bytes lie outside the file. */
export function readSections(source: ByteSource, header: ElfHeader): ElfSection[] | undefined {
  const { sectionOffset, kind } = header;
  if (sectionOffset === 0) return undefined;
  const { sectionHeaderSize, section: fields, header: headerFields } = kind.class;
  const refuse = (field: string, fileOffset: number, expected: string, found: string) =>
    new DumpFormatError({ format: 'ELF section header', source: source.name, fileOffset, field, expected, found });
  if (header.sectionEntrySize !== sectionHeaderSize)
    throw refuse('e_shentsize', headerFields.shentsize, String(sectionHeaderSize), String(header.sectionEntrySize));
  const room = Math.floor((source.size - sectionOffset) / sectionHeaderSize);
  if (room < 1) throw refuse('e_shoff', headerFields.shoff, `section headers inside the file of ${source.size} bytes`, hex(sectionOffset));

  const first = new Uint8Array(sectionHeaderSize);
  source.read(sectionOffset, first);
  const zero = new DataView(first.buffer);
  const count = header.sectionCount || word(zero, fields.size, kind);
  if (count > Math.min(room, MAX_SECTIONS)) throw refuse('e_shnum', headerFields.shnum, `at most ${Math.min(room, MAX_SECTIONS)}`, String(count));
  const names = header.sectionNames === SHN_XINDEX ? zero.getUint32(fields.link, kind.littleEndian) : header.sectionNames;

  const bytes = new Uint8Array(count * sectionHeaderSize);
  source.read(sectionOffset, bytes);
  const view = new DataView(bytes.buffer);
  const nameOffsets: number[] = [];
  const sections = Array.from({ length: count }, (_, index): ElfSection => {
    const at = index * sectionHeaderSize;
    nameOffsets.push(view.getUint32(at, kind.littleEndian));
    return {
      index,
      name: '',
      type: view.getUint32(at + 4, kind.littleEndian),
      flags: Number(BigInt.asUintN(32, address(view, at + fields.flags, kind))),
      address: address(view, at + fields.addr, kind),
      offset: word(view, at + fields.offset, kind),
      size: word(view, at + fields.size, kind),
      link: view.getUint32(at + fields.link, kind.littleEndian),
      info: view.getUint32(at + fields.info, kind.littleEndian),
      alignment: word(view, at + fields.addralign, kind),
      entrySize: word(view, at + fields.entsize, kind),
    };
  });

  const table = sections[names];
  if (table && names !== 0 && table.type !== SHT_NOBITS) {
    checkInFile(source, table);
    const text = new Uint8Array(table.size);
    source.read(table.offset, text);
    for (const section of sections) section.name = cString(text, nameOffsets[section.index]!);
  }
  return sections;
}

/** Throws DumpFormatError for a section that goes on beyond the file. */
export function checkInFile(source: ByteSource, { name, offset, size }: ElfSection): void {
  if (offset + size <= source.size) return;
  throw new DumpFormatError({
    format: 'ELF section',
    source: source.name,
    fileOffset: Math.min(offset, source.size),
    field: name || 'a section without name',
    expected: `${size} bytes`,
    found: `the end of the file at ${hex(source.size)}`,
  });
}

const hex = (value: number): string => `0x${value.toString(16)}`;
