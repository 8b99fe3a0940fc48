/** The ELF header and the number of program headers of a core, each field checked against the file. Structures: elf-object/layout.ts. */
import { DumpFormatError } from '#shared/errors.ts';
import type { Diagnostic } from '#shared/model/index.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import { decodeHeader, elfKind, ET_CORE, PN_XNUM, type ElfHeader } from '../../elf-object/layout.ts';

/**
 * Most program headers that are read; they and what is made of them take some 100 MB then. QEMU's paging=on wrote 65,700 of a guest that mapped every
 * page of 256 MiB by itself.
 */
export const MAX_PROGRAM_HEADERS = 2 ** 18;

/** Throws DumpFormatError for a file that is no core. `start`: where the header lies. */
export function readHeader(source: ByteSource, start: number): ElfHeader {
  const ident = new Uint8Array(16);
  if (source.read(start, ident) < ident.length) throw problem(source, 'e_ident', start, '16 bytes', `a file of ${source.size}`);
  const kind = elfKind(ident[4], ident[5]);
  if (kind === undefined) {
    throw problem(source, 'e_ident', start + 4, 'class 1 or 2, data encoding 1 or 2', `class ${ident[4]}, data encoding ${ident[5]}`);
  }
  const { headerSize, programHeaderSize, header: fields } = kind.class;
  const bytes = new Uint8Array(headerSize);
  if (source.read(start, bytes) < headerSize) throw problem(source, 'e_ident', start, `${headerSize} bytes`, `a file of ${source.size}`);
  const header = decodeHeader(new DataView(bytes.buffer), kind);
  if (header.type !== ET_CORE) throw problem(source, 'e_type', start + 16, '4 (ET_CORE)', typeInWords(header.type));
  if (header.programEntrySize !== programHeaderSize)
    throw problem(source, 'e_phentsize', start + fields.phentsize, String(programHeaderSize), String(header.programEntrySize));
  return header;
}

/** What people take for a dump: the kernel's own image (vmlinux), a module, a program. */
function typeInWords(type: number): string {
  const words = [
    '',
    'ET_REL: an object file or a kernel module',
    'ET_EXEC: a program or a kernel image such as vmlinux',
    'ET_DYN: a program or a library',
  ][type];
  return words ? `${type} (${words})` : String(type);
}

/** Number of program headers that are really in the file, and what is said about the others. */
export function countPrograms(source: ByteSource, start: number, header: ElfHeader): { count: number; diagnostic?: Diagnostic } {
  const { programCount, programOffset, kind } = header;
  const wanted = programCount === PN_XNUM ? countInSection(source, start, header) : programCount;
  const room = Math.max(0, Math.floor((source.size - start - programOffset) / kind.class.programHeaderSize));
  const count = Math.min(wanted, room, MAX_PROGRAM_HEADERS);
  if (count === wanted) return { count };
  if (room === 0)
    throw problem(source, 'e_phoff', start + kind.class.header.phoff, 'program headers inside the file', `0x${programOffset.toString(16)}`);
  return {
    count,
    diagnostic: {
      severity: 'data-loss',
      code: count === room ? 'headers-truncated' : 'too-many-headers',
      message:
        count === room
          ? `The file holds ${room} of ${wanted} program headers.`
          : `The file has ${wanted} program headers; ${MAX_PROGRAM_HEADERS} are read.`,
      consequence: 'Memory of the others is missing.',
      fileOffset: count === room ? source.size : undefined,
    },
  };
}

function countInSection(source: ByteSource, start: number, { sectionOffset, kind }: ElfHeader): number {
  const { sectionHeaderSize, section, header } = kind.class;
  const bytes = new Uint8Array(sectionHeaderSize);
  if (source.read(start + sectionOffset, bytes) < sectionHeaderSize) {
    const expected = 'section header 0, which counts the program headers (PN_XNUM)';
    throw problem(source, 'e_shoff', start + header.shoff, expected, `0x${sectionOffset.toString(16)}`);
  }
  return new DataView(bytes.buffer).getUint32(section.info, kind.littleEndian);
}

function problem(source: ByteSource, field: string, fileOffset: number, expected: string, found: string): DumpFormatError {
  return new DumpFormatError({ format: 'ELF header', source: source.name, fileOffset, field, expected, found });
}
