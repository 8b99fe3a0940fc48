/**
 * ELF64 on-disk structures, under the names of the System V ABI (gABI 4.1, chapters 4 and 5), and what QEMU's dump.c writes with them.
 *
 * ```
 * Ehdr (64)  0 e_ident[16]  16 e_type  18 e_machine  32 e_phoff  40 e_shoff  52 e_ehsize  54 e_phentsize  56 e_phnum  58 e_shentsize  60 e_shnum
 * Phdr (56)  0 p_type  4 p_flags  8 p_offset  16 p_vaddr  24 p_paddr  32 p_filesz  40 p_memsz  48 p_align
 * Shdr (64)  44 sh_info: the number of program headers when e_phnum is PN_XNUM
 * Nhdr (12)  0 n_namesz  4 n_descsz  8 n_type, then name and desc, each padded to 4
 * ```
 * QEMU 7.2 and later write e_ehsize 8 (the size of a pointer), so e_ehsize is never looked at.
 */
export const ELF_MAGIC = 0x464c457f;
export const ELFCLASS64 = 2;
export const ELFDATA2LSB = 1;
export const ET_CORE = 4;
export const EHDR_SIZE = 64;
export const PHDR_SIZE = 56;
export const SHDR_SIZE = 64;
export const PN_XNUM = 0xffff;
export const PT_LOAD = 1;
export const PT_NOTE = 4;
export const NT_PRSTATUS = 1;
export const NT_AUXV = 6;
export const NT_FILE = 0x46494c45;
/** p_offset of a segment that QEMU's begin/length filter left out. */
export const FILTERED_OFFSET = 2 ** 64;

/** The fields of an ELF header that matter for reading. */
export interface ElfHeader {
  machine: number;
  type: number;
  programOffset: number;
  sectionOffset: number;
  programEntrySize: number;
  programCount: number;
}

/** `view` holds at least EHDR_SIZE bytes of a little-endian ELF64 file. Offsets above 2^53 come out rounded: no file is that long. */
export function decodeHeader(view: DataView): ElfHeader {
  return {
    type: view.getUint16(16, true),
    machine: view.getUint16(18, true),
    programOffset: u64(view, 32),
    sectionOffset: u64(view, 40),
    programEntrySize: view.getUint16(54, true),
    programCount: view.getUint16(56, true),
  };
}

export interface ProgramHeader {
  type: number;
  offset: number;
  virtual: bigint;
  physical: number;
  fileSize: number;
  memorySize: number;
}

export function decodeProgramHeader(view: DataView, at: number): ProgramHeader {
  return {
    type: view.getUint32(at, true),
    offset: u64(view, at + 8),
    virtual: view.getBigUint64(at + 16, true),
    physical: u64(view, at + 24),
    fileSize: u64(view, at + 32),
    memorySize: u64(view, at + 40),
  };
}

export function u64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
}
