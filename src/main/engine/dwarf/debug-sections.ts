/** The debug sections of one file, as the readers of this folder want them. */
import type { ElfFile } from '../elf-object/elf-file.ts';
import { ET_REL } from '../elf-object/layout.ts';
import type { SectionContents } from '../elf-object/section-contents.ts';

export interface DebugSections {
  /** File name, for messages. */
  source: string;
  littleEndian: boolean;
  /** An object file of which nobody said where its sections lie: addresses are offsets in them. */
  relocatable: boolean;
  info: SectionContents;
  /** DWARF 4 type units. */
  types: SectionContents | undefined;
  abbrev: SectionContents;
  /** Small or read all over: held whole when first used. */
  strings: SectionContents | undefined;
  lineStrings: SectionContents | undefined;
  stringOffsets: SectionContents | undefined;
  addresses: SectionContents | undefined;
  gdbIndex: SectionContents | undefined;
  names: SectionContents | undefined;
}

/** Undefined for a file without debug information. Throws DumpFormatError for sections outside the file. */
export function debugSections(file: ElfFile): DebugSections | undefined {
  const contents = (name: string): SectionContents | undefined => {
    const section = file.section(name);
    return section && section.size > 0 ? file.contents(section) : undefined;
  };
  const info = contents('.debug_info');
  const abbrev = contents('.debug_abbrev');
  if (!info || !abbrev) return undefined;
  return {
    source: file.source.name,
    littleEndian: file.kind.littleEndian,
    relocatable: file.type === ET_REL && !file.isPlaced,
    info,
    types: contents('.debug_types'),
    abbrev,
    strings: contents('.debug_str'),
    lineStrings: contents('.debug_line_str'),
    stringOffsets: contents('.debug_str_offsets'),
    addresses: contents('.debug_addr'),
    gdbIndex: contents('.gdb_index'),
    names: contents('.debug_names'),
  };
}
