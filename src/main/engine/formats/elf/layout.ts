/**
 * Types of the notes in a core (Linux: include/uapi/linux/elf.h). The structures around them are those of every ELF file: elf-object/layout.ts.
 *
 * QEMU leaves the section header of `.shstrtab` in the host's byte order, so nothing but sh_info of section 0 is read of a core's sections.
 */
export const NT_PRSTATUS = 1;
export const NT_PRFPREG = 2;
export const NT_PRPSINFO = 3;
export const NT_AUXV = 6;
export const NT_FILE = 0x46494c45;
