/**
 * ELF headers and notes as bytes, of either class and byte order; elf-object/layout.ts has the map of their fields. Facts of QEMU's own values: dump/dump.c
 * (prepare_elf64_header and prepare_elf32_header, write_elf64_load, prepare_elf_section_hdr_string), v7.2 to v10.1.
 */
import { ELF_MAGIC, ELFCLASS32, ELFCLASS64, ELFDATA2LSB, ELFDATA2MSB, ET_CORE, PN_XNUM, type ElfKind } from '../../elf-object/layout.ts';

const EV_CURRENT = 1;
const SHT_STRTAB = 3;
/** The section name table: an empty name, then its own. */
export const SECTION_NAMES = new TextEncoder().encode('\0.shstrtab\0');

export interface HeaderFields {
  machine: number;
  /** QEMU since 7.2 writes the size of a pointer here (commit 670e76998a); everybody else that of the header. */
  headerSize: number;
  programOffset: number;
  programCount: number;
  /** 0 when there are none. */
  sectionOffset: number;
  sectionCount: number;
  /** 0 (SHN_UNDEF) or the index of the section name table. */
  sectionNames: number;
}

/** Without p_align, which is 0. */
export interface SegmentFields {
  type: number;
  flags: number;
  offset: number;
  virtual: bigint;
  physical: number;
  fileSize: number;
  memorySize: number;
}

export interface NoteFields {
  owner: string;
  type: number;
  description: Uint8Array;
}

/** An address, offset or size as wide as the class. What does not fit ELFCLASS32 loses its upper half, as in QEMU. */
function setWord(view: DataView, at: number, value: number, { class: { bits }, littleEndian }: ElfKind): void {
  const low = value % 2 ** 32;
  if (bits === 32) {
    view.setUint32(at, low, littleEndian);
    return;
  }
  view.setUint32(at + (littleEndian ? 0 : 4), low, littleEndian);
  view.setUint32(at + (littleEndian ? 4 : 0), Math.floor(value / 2 ** 32), littleEndian);
}

export function encodeHeader(fields: HeaderFields, kind: ElfKind): Uint8Array {
  const { littleEndian } = kind;
  const { bits, headerSize, header, programHeaderSize, sectionHeaderSize } = kind.class;
  const bytes = new Uint8Array(headerSize);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, ELF_MAGIC, true);
  bytes[4] = bits === 64 ? ELFCLASS64 : ELFCLASS32;
  bytes[5] = littleEndian ? ELFDATA2LSB : ELFDATA2MSB;
  bytes[6] = EV_CURRENT;
  view.setUint16(16, ET_CORE, littleEndian);
  view.setUint16(18, fields.machine, littleEndian);
  view.setUint32(20, EV_CURRENT, littleEndian);
  setWord(view, header.phoff, fields.programOffset, kind);
  setWord(view, header.shoff, fields.sectionOffset, kind);
  const { sectionCount, sectionNames } = fields;
  [
    fields.headerSize,
    programHeaderSize,
    Math.min(fields.programCount, PN_XNUM),
    sectionCount > 0 ? sectionHeaderSize : 0,
    sectionCount,
    sectionNames,
  ].forEach((value, index) => view.setUint16(header.ehsize + 2 * index, value, littleEndian));
  return bytes;
}

export function encodeProgramHeaders(segments: readonly SegmentFields[], kind: ElfKind): Uint8Array {
  const { littleEndian } = kind;
  const { bits, programHeaderSize, program } = kind.class;
  const bytes = new Uint8Array(segments.length * programHeaderSize);
  const view = new DataView(bytes.buffer);
  segments.forEach((segment, index) => {
    const at = index * programHeaderSize;
    view.setUint32(at, segment.type, littleEndian);
    view.setUint32(at + program.flags, segment.flags, littleEndian);
    setWord(view, at + program.offset, segment.offset, kind);
    if (bits === 64) view.setBigUint64(at + program.vaddr, segment.virtual, littleEndian);
    else view.setUint32(at + program.vaddr, Number(BigInt.asUintN(32, segment.virtual)), littleEndian);
    setWord(view, at + program.paddr, segment.physical, kind);
    setWord(view, at + program.filesz, segment.fileSize, kind);
    setWord(view, at + program.memsz, segment.memorySize, kind);
  });
  return bytes;
}

/**
 * Section 0, which counts the program headers when there are PN_XNUM or more, and, with `namesAt`, the section name table, whose header is little-endian in every
 * file: QEMU leaves it in the byte order of its host.
 */
export function encodeSectionHeaders(programCount: number, kind: ElfKind, namesAt?: number): Uint8Array {
  const { sectionHeaderSize, section } = kind.class;
  const bytes = new Uint8Array(sectionHeaderSize * (namesAt === undefined ? 1 : 2));
  const view = new DataView(bytes.buffer);
  if (programCount >= PN_XNUM) view.setUint32(section.info, programCount, kind.littleEndian);
  if (namesAt !== undefined) {
    const host: ElfKind = { ...kind, littleEndian: true };
    view.setUint32(sectionHeaderSize, 1, true);
    view.setUint32(sectionHeaderSize + 4, SHT_STRTAB, true);
    setWord(view, sectionHeaderSize + section.offset, namesAt, host);
    setWord(view, sectionHeaderSize + section.size, SECTION_NAMES.length, host);
  }
  return bytes;
}

/** Header, name and description, each padded to 4 bytes. */
export function encodeNotes(notes: readonly NoteFields[], littleEndian: boolean): Uint8Array {
  const padded = (length: number) => Math.ceil(length / 4) * 4;
  // Owners are read as Latin-1, so that no byte is lost; they go out the same way.
  const names = notes.map(({ owner }) => Uint8Array.from(`${owner}\0`, (letter) => letter.charCodeAt(0)));
  const size = notes.reduce((sum, { description }, index) => sum + 12 + padded(names[index]!.length) + padded(description.length), 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  notes.forEach(({ type, description }, index) => {
    const name = names[index]!;
    view.setUint32(at, name.length, littleEndian);
    view.setUint32(at + 4, description.length, littleEndian);
    view.setUint32(at + 8, type, littleEndian);
    bytes.set(name, at + 12);
    bytes.set(description, at + 12 + padded(name.length));
    at += 12 + padded(name.length) + padded(description.length);
  });
  return bytes;
}
