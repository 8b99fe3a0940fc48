/**
 * Where everything lies in the ELF file that is going to be written.
 *
 * ```
 * qemu (dump/dump.c since v7.2)   Ehdr | Shdr 0, .shstrtab | Phdrs | notes | memory, unaligned | section names
 * portable                        Ehdr | Shdr 0 when there are PN_XNUM program headers or more | Phdrs | notes | memory, page-aligned
 * ```
 * Memory is written once. With `paging`, segments are mappings (paging.ts), which may overlap and share file bytes; memory that nothing maps is in the file all the same, in the portable
 * layout with a segment whose p_vaddr is its p_paddr. Without, p_vaddr is p_paddr; in the portable layout the kernel's image (kernel-image.ts) has segments of its own, too. Zeros are part of the segments (p_filesz = p_memsz) and holes of
 * the file. p_align is 0, as in QEMU's and Linux's vmcores: crash takes a file with another value for a netdump of 2002 (seen with crash 8.0.2).
 */
import { formatSize } from '#shared/address-text.ts';
import { WorkbenchError } from '#shared/errors.ts';
import type { ExportOptions } from '#shared/model/export.ts';
import { PN_XNUM, PT_LOAD, PT_NOTE } from '../../elf-object/layout.ts';
import type { ElfNote, Progress } from '../../formats/format.ts';
import { PAGE_SIZE } from '../../memory/extent-table.ts';
import { collectNotes, noteWarnings } from './notes.ts';
import { encodeHeader, encodeNotes, encodeProgramHeaders, encodeSectionHeaders, SECTION_NAMES, type SegmentFields } from './encode.ts';
import type { ExportSource } from '../export-source.ts';
import { missingWarnings } from '../export-warnings.ts';
import { flashRegions, planRanges, windowOf, type LoadRange } from '../memory-ranges.ts';
import type { FilePlan } from '../placed-export.ts';
import type { ListedMapping } from './mapping-list.ts';
import { kernelImage } from './kernel-image.ts';
import { targetOf } from './target.ts';
import { collectMappings, inWindow, shownMemory, uncovered, virtualSegments, type PlacedRange, type VirtualSegment } from './paging.ts';

/** PF_R | PF_W | PF_X, as Linux's /proc/vmcore has it. */
const ALL_ACCESS = 7;
/** What QEMU 7.2 to 10.1 put into e_ehsize. */
const QEMU_HEADER_SIZE = 8;
/** sh_info, which counts the program headers, has 32 bits. */
const MAX_SEGMENTS = 0xffff_ffff;

const AS_ZEROS = 'It is written as zeros, which a reader cannot tell from memory that was zero.';
const LEFT_OUT = 'The file leaves it out.';
const NO_FLASH = 'Flash memory is left out, as in the files that QEMU writes.';
const NO_PAGING = 'No CPU of the dump has paging on: virtual addresses are the physical ones.';

export interface ElfPlan extends FilePlan {
  /** PT_NOTE, then the loads, in file order. */
  segments: SegmentFields[];
  notes: ElfNote[];
}

/** `progress` serves the pass over page tables that `paging` asks for. Throws WorkbenchError `unsupported`, `bad-request`. */
export function planElf(source: ExportSource, options: ExportOptions, progress?: Progress): ElfPlan {
  const { layout } = options;
  const without = layout === 'qemu' ? flashRegions(source) : undefined;
  const loads = planRanges(source, { split: layout === 'portable', window: windowOf(options), without });
  const mapped = options.paging ? collectMappings(source, progress) : undefined;
  // Where memory lies does not depend on the segments; how long the headers are does. Offsets are counted from the first byte of memory until that is known.
  const placed = placeRanges(loads.ranges, layout);
  const memory = mapped ? mappedSegments(mapped.mappings, placed.ranges, options) : placed.ranges.map(plainSegment);
  if (layout === 'portable' && !options.paging) memory.push(...virtualSegments(kernelImage(source), placed.ranges, false));
  const count = memory.length + 1;
  if (count > MAX_SEGMENTS) throw new WorkbenchError('unsupported', `${source.name}: ${count} segments are more than an ELF file can have`);
  const notes = collectNotes(source, layout);
  const { kind, machine } = targetOf(source, layout);
  const { headerSize, programHeaderSize, sectionHeaderSize } = kind.class;
  const noteBytes = encodeNotes(notes, kind.littleEndian);
  const qemu = layout === 'qemu';
  const sectionCount = qemu ? 2 : count >= PN_XNUM ? 1 : 0;
  const sectionOffset = sectionCount > 0 ? headerSize : 0;
  const programOffset = headerSize + sectionCount * sectionHeaderSize;
  const noteOffset = programOffset + count * programHeaderSize;
  const noteSegment = { type: PT_NOTE, flags: 0, virtual: 0n, physical: 0, fileSize: noteBytes.length, memorySize: noteBytes.length };
  const base = memoryOffset(noteOffset + noteBytes.length, layout);
  const loadFields = { type: PT_LOAD, flags: qemu ? 0 : ALL_ACCESS };
  const segments: SegmentFields[] = [
    { ...noteSegment, offset: noteOffset },
    ...memory.map((segment) => ({ ...loadFields, ...segment, offset: base + segment.offset })),
  ];
  const end = base + placed.size;
  const found = mapped && qemu ? shownMemory(memory) : undefined;
  const hidden = found ? placed.ranges.reduce((sum, { length }) => sum + length, 0) - found.reduce((sum, { length }) => sum + length, 0) : 0;

  const head = new Uint8Array(noteOffset + noteBytes.length);
  const sections = { sectionOffset, sectionCount, sectionNames: qemu ? 1 : 0 };
  const header = { machine, headerSize: qemu ? QEMU_HEADER_SIZE : headerSize, programOffset, programCount: count, ...sections };
  head.set(encodeHeader(header, kind));
  if (sectionCount > 0) head.set(encodeSectionHeaders(count, kind, qemu ? end : undefined), sectionOffset);
  head.set(encodeProgramHeaders(segments, kind), programOffset);
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
    pieces: placed.ranges.map(({ start, length, offset }) => ({ physical: start, length, position: base + offset })),
    found,
    extras: [
      { position: 0, bytes: head },
      { position: end, bytes: tail },
    ],
    fileSize: end + tail.length,
    warnings: [
      ...missingWarnings(source, loads, qemu ? AS_ZEROS : LEFT_OUT),
      ...noteWarnings(source),
      ...(without && without.size > 0 ? [NO_FLASH] : []),
      ...(hidden > 0
        ? [`${formatSize(hidden)} of memory are in the file without a segment, as in QEMU's: no CPU maps them, and readers do not find them.`]
        : []),
      ...(mapped?.warnings ?? (options.paging ? [NO_PAGING] : [])),
    ],
  };
}

/** Where each range lies, counted from the first byte of memory. Pages of memory lie on pages of a portable file, so that zero pages can be holes and readers can map it. */
function placeRanges(ranges: readonly LoadRange[], layout: ExportOptions['layout']): { ranges: PlacedRange[]; size: number } {
  let offset = 0;
  const placed = ranges.map(({ start, length }) => {
    if (layout === 'portable') offset += (((start - offset) % PAGE_SIZE) + PAGE_SIZE) % PAGE_SIZE;
    const range = { start, length, offset };
    offset += length;
    return range;
  });
  return { ranges: placed, size: offset };
}

function memoryOffset(after: number, layout: ExportOptions['layout']): number {
  return layout === 'portable' ? Math.ceil(after / PAGE_SIZE) * PAGE_SIZE : after;
}

function plainSegment({ start, length, offset }: PlacedRange): VirtualSegment {
  return { virtual: BigInt(start), physical: start, fileSize: length, memorySize: length, offset };
}

function mappedSegments(mapped: readonly ListedMapping[], ranges: readonly PlacedRange[], options: ExportOptions): VirtualSegment[] {
  const qemu = options.layout === 'qemu';
  const segments = virtualSegments(inWindow(mapped, options), ranges, qemu);
  return qemu ? segments : [...segments, ...uncovered(segments, ranges)];
}
