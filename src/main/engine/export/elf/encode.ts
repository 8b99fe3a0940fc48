/**
 * ELF64 headers and notes as bytes; formats/elf/layout.ts has the map of their fields. Facts of QEMU's own values: dump/dump.c
 * (write_elf64_header, write_elf64_phdr_load, prepare_elf_section_hdr_string), v7.2 to v10.1.
 */
import { EHDR_SIZE, ELF_MAGIC, ELFCLASS64, ELFDATA2LSB, ET_CORE, PHDR_SIZE, PN_XNUM, SHDR_SIZE } from '../../formats/elf/layout.ts';

const EV_CURRENT = 1;
const SHT_STRTAB = 3;
/** The section name table: an empty name, then its own. */
export const SECTION_NAMES = new TextEncoder().encode('\0.shstrtab\0');

export interface HeaderFields {
  machine: number;
  /** QEMU since 7.2 writes the size of a pointer here (commit 670e76998a); everybody else 64. */
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

function setU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 2 ** 32, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

export function encodeHeader(fields: HeaderFields): Uint8Array {
  const bytes = new Uint8Array(EHDR_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, ELF_MAGIC, true);
  bytes[4] = ELFCLASS64;
  bytes[5] = ELFDATA2LSB;
  bytes[6] = EV_CURRENT;
  view.setUint16(16, ET_CORE, true);
  view.setUint16(18, fields.machine, true);
  view.setUint32(20, EV_CURRENT, true);
  setU64(view, 32, fields.programOffset);
  setU64(view, 40, fields.sectionOffset);
  view.setUint16(52, fields.headerSize, true);
  view.setUint16(54, PHDR_SIZE, true);
  view.setUint16(56, Math.min(fields.programCount, PN_XNUM), true);
  view.setUint16(58, fields.sectionCount > 0 ? SHDR_SIZE : 0, true);
  view.setUint16(60, fields.sectionCount, true);
  view.setUint16(62, fields.sectionNames, true);
  return bytes;
}

export function encodeProgramHeaders(segments: readonly SegmentFields[]): Uint8Array {
  const bytes = new Uint8Array(segments.length * PHDR_SIZE);
  const view = new DataView(bytes.buffer);
  segments.forEach((segment, index) => {
    const at = index * PHDR_SIZE;
    view.setUint32(at, segment.type, true);
    view.setUint32(at + 4, segment.flags, true);
    setU64(view, at + 8, segment.offset);
    view.setBigUint64(at + 16, segment.virtual, true);
    setU64(view, at + 24, segment.physical);
    setU64(view, at + 32, segment.fileSize);
    setU64(view, at + 40, segment.memorySize);
  });
  return bytes;
}

/** Section 0, which counts the program headers when there are PN_XNUM or more, and, with `namesAt`, the section name table. */
export function encodeSectionHeaders(programCount: number, namesAt?: number): Uint8Array {
  const bytes = new Uint8Array(SHDR_SIZE * (namesAt === undefined ? 1 : 2));
  const view = new DataView(bytes.buffer);
  if (programCount >= PN_XNUM) view.setUint32(44, programCount, true);
  if (namesAt !== undefined) {
    view.setUint32(SHDR_SIZE, 1, true);
    view.setUint32(SHDR_SIZE + 4, SHT_STRTAB, true);
    setU64(view, SHDR_SIZE + 24, namesAt);
    setU64(view, SHDR_SIZE + 32, SECTION_NAMES.length);
  }
  return bytes;
}

/** Header, name and description, each padded to 4 bytes. */
export function encodeNotes(notes: readonly NoteFields[]): Uint8Array {
  const padded = (length: number) => Math.ceil(length / 4) * 4;
  // Owners are read as Latin-1, so that no byte is lost; they go out the same way.
  const names = notes.map(({ owner }) => Uint8Array.from(`${owner}\0`, (letter) => letter.charCodeAt(0)));
  const size = notes.reduce((sum, { description }, index) => sum + 12 + padded(names[index]!.length) + padded(description.length), 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  notes.forEach(({ type, description }, index) => {
    const name = names[index]!;
    view.setUint32(at, name.length, true);
    view.setUint32(at + 4, description.length, true);
    view.setUint32(at + 8, type, true);
    bytes.set(name, at + 12);
    bytes.set(description, at + 12 + padded(name.length));
    at += 12 + padded(name.length) + padded(description.length);
  });
  return bytes;
}
