/**
 * ELF on-disk structures of both classes, under the names of the System V ABI (gABI 4.1, chapters 4 and 5).
 *
 * ```
 *            ELFCLASS64 (ELFCLASS32)
 * Ehdr       64 (52)  0 e_ident[16]: 4 EI_CLASS, 5 EI_DATA   16 e_type  18 e_machine  32 (28) e_phoff  40 (32) e_shoff  52 (40) e_ehsize
 *                     54 (42) e_phentsize  56 (44) e_phnum  58 (46) e_shentsize  60 (48) e_shnum  62 (50) e_shstrndx
 * Phdr       56 (32)  0 p_type  8 (4) p_offset  16 (8) p_vaddr  24 (12) p_paddr  32 (16) p_filesz  40 (20) p_memsz  4 (24) p_flags  48 (28) p_align
 * Shdr       64 (40)  0 sh_name  4 sh_type  8 sh_flags  16 (12) sh_addr  24 (16) sh_offset  32 (20) sh_size  40 (24) sh_link
 *                     44 (28) sh_info: of section 0 the number of program headers when e_phnum is PN_XNUM  48 (32) sh_addralign  56 (36) sh_entsize
 * Sym        24 (16)  0 st_name  4 (12) st_info  5 (13) st_other  6 (14) st_shndx  8 (4) st_value  16 (8) st_size
 * Dyn        16 (8)   0 d_tag  8 (4) d_val
 * Rela       24 (12)  0 r_offset  8 (4) r_info: symbol << 32 | type (symbol << 8 | type)  16 (8) r_addend; Rel has no addend: 16 (8)
 * Chdr       24 (12)  0 ch_type  8 (4) ch_size  16 (8) ch_addralign
 * Nhdr       12       0 n_namesz  4 n_descsz  8 n_type, then name and desc, each padded to 4
 * ```
 * QEMU 7.2 and later write e_ehsize 8 (the size of a pointer) into its dumps, so e_ehsize is never relied on.
 */
export const ELF_MAGIC = 0x464c457f;
export const ELFCLASS32 = 1;
export const ELFCLASS64 = 2;
export const ELFDATA2LSB = 1;
export const ELFDATA2MSB = 2;
export const ET_REL = 1;
export const ET_EXEC = 2;
export const ET_DYN = 3;
export const ET_CORE = 4;
export const PN_XNUM = 0xffff;
export const PT_LOAD = 1;
export const PT_DYNAMIC = 2;
export const PT_NOTE = 4;

export const SHN_UNDEF = 0;
export const SHN_LORESERVE = 0xff00;
export const SHN_ABS = 0xfff1;
export const SHN_XINDEX = 0xffff;
export const SHT_SYMTAB = 2;
export const SHT_RELA = 4;
export const SHT_NOTE = 7;
export const SHT_NOBITS = 8;
export const SHT_REL = 9;
export const SHT_DYNSYM = 11;
export const SHT_SYMTAB_SHNDX = 18;
export const SHF_COMPRESSED = 0x800;

/** Where the fields of a class's structures lie. */
export interface ElfClass {
  bits: 32 | 64;
  headerSize: number;
  programHeaderSize: number;
  sectionHeaderSize: number;
  symbolSize: number;
  /** The largest address or offset: what a field holds that means none. All 64 bits come out as 2^64, rounded. */
  none: number;
  header: { phoff: number; shoff: number; ehsize: number; phentsize: number; phnum: number; shentsize: number; shnum: number; shstrndx: number };
  program: { offset: number; vaddr: number; paddr: number; filesz: number; memsz: number; flags: number; align: number };
  section: { flags: number; addr: number; offset: number; size: number; link: number; info: number; addralign: number; entsize: number };
  symbol: { info: number; shndx: number; value: number; size: number };
}

export const CLASS_64: ElfClass = {
  bits: 64,
  headerSize: 64,
  programHeaderSize: 56,
  sectionHeaderSize: 64,
  symbolSize: 24,
  none: 2 ** 64,
  header: { phoff: 32, shoff: 40, ehsize: 52, phentsize: 54, phnum: 56, shentsize: 58, shnum: 60, shstrndx: 62 },
  program: { offset: 8, vaddr: 16, paddr: 24, filesz: 32, memsz: 40, flags: 4, align: 48 },
  section: { flags: 8, addr: 16, offset: 24, size: 32, link: 40, info: 44, addralign: 48, entsize: 56 },
  symbol: { info: 4, shndx: 6, value: 8, size: 16 },
};

export const CLASS_32: ElfClass = {
  bits: 32,
  headerSize: 52,
  programHeaderSize: 32,
  sectionHeaderSize: 40,
  symbolSize: 16,
  none: 2 ** 32 - 1,
  header: { phoff: 28, shoff: 32, ehsize: 40, phentsize: 42, phnum: 44, shentsize: 46, shnum: 48, shstrndx: 50 },
  program: { offset: 4, vaddr: 8, paddr: 12, filesz: 16, memsz: 20, flags: 24, align: 28 },
  section: { flags: 8, addr: 12, offset: 16, size: 20, link: 24, info: 28, addralign: 32, entsize: 36 },
  symbol: { info: 12, shndx: 14, value: 4, size: 8 },
};

/** Class and byte order of a file, which say how everything else in it is read. */
export interface ElfKind {
  class: ElfClass;
  littleEndian: boolean;
}

/** Of EI_CLASS and EI_DATA; undefined for values that the ABI does not know. */
export function elfKind(classByte: number | undefined, dataByte: number | undefined): ElfKind | undefined {
  const byClass = classByte === ELFCLASS64 ? CLASS_64 : classByte === ELFCLASS32 ? CLASS_32 : undefined;
  if (byClass === undefined || (dataByte !== ELFDATA2LSB && dataByte !== ELFDATA2MSB)) return undefined;
  return { class: byClass, littleEndian: dataByte === ELFDATA2LSB };
}

/** The fields of an ELF header that matter for reading. */
export interface ElfHeader {
  kind: ElfKind;
  machine: number;
  type: number;
  programOffset: number;
  sectionOffset: number;
  headerSize: number;
  programEntrySize: number;
  programCount: number;
  sectionEntrySize: number;
  sectionCount: number;
  sectionNames: number;
}

/** `view` holds at least the class's headerSize bytes. Offsets above 2^53 come out rounded: no file is that long. */
export function decodeHeader(view: DataView, kind: ElfKind): ElfHeader {
  const { littleEndian } = kind;
  const { header } = kind.class;
  return {
    kind,
    type: view.getUint16(16, littleEndian),
    machine: view.getUint16(18, littleEndian),
    programOffset: word(view, header.phoff, kind),
    sectionOffset: word(view, header.shoff, kind),
    headerSize: view.getUint16(header.ehsize, littleEndian),
    programEntrySize: view.getUint16(header.phentsize, littleEndian),
    programCount: view.getUint16(header.phnum, littleEndian),
    sectionEntrySize: view.getUint16(header.shentsize, littleEndian),
    sectionCount: view.getUint16(header.shnum, littleEndian),
    sectionNames: view.getUint16(header.shstrndx, littleEndian),
  };
}

export interface ProgramHeader {
  type: number;
  offset: number;
  virtual: number;
  physical: number;
  fileSize: number;
  memorySize: number;
}

/** Addresses above 2^53 come out rounded; `address` reads them whole. */
export function decodeProgramHeader(view: DataView, at: number, kind: ElfKind): ProgramHeader {
  const { program } = kind.class;
  return {
    type: view.getUint32(at, kind.littleEndian),
    offset: word(view, at + program.offset, kind),
    virtual: word(view, at + program.vaddr, kind),
    physical: word(view, at + program.paddr, kind),
    fileSize: word(view, at + program.filesz, kind),
    memorySize: word(view, at + program.memsz, kind),
  };
}

/** An address, offset or size as wide as the class; above 2^53 rounded. */
export function word(view: DataView, at: number, { class: { bits }, littleEndian }: ElfKind): number {
  const first = view.getUint32(at, littleEndian);
  if (bits === 32) return first;
  const second = view.getUint32(at + 4, littleEndian);
  return littleEndian ? second * 2 ** 32 + first : first * 2 ** 32 + second;
}

/** An address as wide as the class, all of it: those of kernels have all upper bits set. */
export function address(view: DataView, at: number, { class: { bits }, littleEndian }: ElfKind): bigint {
  return bits === 32 ? BigInt(view.getUint32(at, littleEndian)) : view.getBigUint64(at, littleEndian);
}
