/**
 * Where everything lies in the ELF file that is going to be written.
 *
 * ```
 * qemu (dump/dump.c since v7.2)   Ehdr | Shdr 0, .shstrtab | Phdrs | notes | memory, unaligned | section names
 * portable                        Ehdr | Shdr 0 when there are PN_XNUM program headers or more | Phdrs | notes | memory, page-aligned
 * ```
 * In both, p_vaddr is p_paddr: page tables are not followed (QEMU's paging=off). Zeros are part of the segments (p_filesz = p_memsz) and holes of
 * the file. p_align is 0, as in QEMU's and Linux's vmcores: crash takes a file with another value for a netdump of 2002 (seen with crash 8.0.2).
 */
import { WorkbenchError } from '#shared/errors.ts';
import type { ExportOptions } from '#shared/model/export.ts';
import { EHDR_SIZE, PHDR_SIZE, PN_XNUM, PT_LOAD, PT_NOTE, SHDR_SIZE } from '../../formats/elf/layout.ts';
import type { ElfNote } from '../../formats/format.ts';
import { PAGE_SIZE } from '../../memory/extent-table.ts';
import { collectNotes, noteWarnings } from './notes.ts';
import { encodeHeader, encodeNotes, encodeProgramHeaders, encodeSectionHeaders, SECTION_NAMES, type SegmentFields } from './encode.ts';
import type { ExportSource } from '../export-source.ts';
import { missingWarnings } from '../export-warnings.ts';
import { planRanges, windowOf } from '../memory-ranges.ts';
import type { FilePlan } from '../placed-export.ts';

const EM_NONE = 0;
/** PF_R | PF_W | PF_X, as Linux's /proc/vmcore has it. */
const ALL_ACCESS = 7;
/** What QEMU 7.2 to 10.1 put into e_ehsize. */
const QEMU_HEADER_SIZE = 8;
/** sh_info, which counts the program headers, has 32 bits. */
const MAX_SEGMENTS = 0xffff_ffff;

const AS_ZEROS = 'It is written as zeros, which a reader cannot tell from memory that was zero.';
const LEFT_OUT = 'The file leaves it out.';

export interface ElfPlan extends FilePlan {
  /** PT_NOTE, then the loads, in file order. */
  segments: SegmentFields[];
  notes: ElfNote[];
}

export function planElf(source: ExportSource, options: ExportOptions): ElfPlan {
  const { layout } = options;
  const loads = planRanges(source, { split: layout === 'portable', window: windowOf(options) });
  const count = loads.ranges.length + 1;
  if (count > MAX_SEGMENTS) throw new WorkbenchError('unsupported', `${source.name}: ${count} segments are more than an ELF file can have`);
  const notes = collectNotes(source);
  const noteBytes = encodeNotes(notes);
  const qemu = layout === 'qemu';
  const sectionCount = qemu ? 2 : count >= PN_XNUM ? 1 : 0;
  const sectionOffset = sectionCount > 0 ? EHDR_SIZE : 0;
  const programOffset = EHDR_SIZE + sectionCount * SHDR_SIZE;
  const noteOffset = programOffset + count * PHDR_SIZE;
  const noteSegment = { type: PT_NOTE, flags: 0, virtual: 0n, physical: 0, fileSize: noteBytes.length, memorySize: noteBytes.length };
  const segments: SegmentFields[] = [{ ...noteSegment, offset: noteOffset }];

  let offset = noteOffset + noteBytes.length;
  for (const { start, length } of loads.ranges) {
    // Pages of memory lie on pages of the file, so that zero pages can be holes and readers can map it.
    if (!qemu) offset += (((start - offset) % PAGE_SIZE) + PAGE_SIZE) % PAGE_SIZE;
    segments.push({
      type: PT_LOAD,
      flags: qemu ? 0 : ALL_ACCESS,
      offset,
      virtual: BigInt(start),
      physical: start,
      fileSize: length,
      memorySize: length,
    });
    offset += length;
  }

  const head = new Uint8Array(noteOffset + noteBytes.length);
  const header = { machine: source.architecture?.elfMachine ?? EM_NONE, headerSize: qemu ? QEMU_HEADER_SIZE : EHDR_SIZE };
  head.set(encodeHeader({ ...header, programOffset, programCount: count, sectionOffset, sectionCount, sectionNames: qemu ? 1 : 0 }));
  if (sectionCount > 0) head.set(encodeSectionHeaders(count, qemu ? offset : undefined), sectionOffset);
  head.set(encodeProgramHeaders(segments), programOffset);
  head.set(noteBytes, noteOffset);
  const tail = qemu ? SECTION_NAMES : new Uint8Array(0);
  const { dataSize, missing, missingCut, missingSize } = loads;
  return {
    dataSize,
    missing,
    missingCut,
    missingSize,
    segments,
    notes,
    pieces: segments.slice(1).map(({ physical, fileSize, offset: position }) => ({ physical, length: fileSize, position })),
    extras: [
      { position: 0, bytes: head },
      { position: offset, bytes: tail },
    ],
    fileSize: offset + tail.length,
    warnings: [...missingWarnings(source, loads, qemu ? AS_ZEROS : LEFT_OUT), ...noteWarnings(source)],
  };
}
