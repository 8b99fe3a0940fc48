/**
 * PT_LOAD segments as extents and regions. There may be 65,700 of them (QEMU's paging=on, PN_XNUM), overlapping.
 *
 * Where segments overlap, one with file data wins over one without, and among those with data the first in the file, as in
 * crash and gdb. QEMU's overlapping segments share their file bytes; /proc/vmcore has the kernel's text twice, from the same memory.
 *
 * The gABI has the bytes of p_memsz beyond p_filesz be zero. Two writers of vmcores mean something else by them, and are told by that: makedumpfile -E writes
 * so what it left out, with the next segment right behind it or with no data at all (1.7.2; a third of the pages that -d 31 took out of a Linux guest held something); QEMU with paging what
 * a page table maps beyond RAM. There they are excluded, not zero.
 *
 * A segment without a physical address (p_paddr all ones, as /proc/kcore has for memory that is only mapped) shows nowhere.
 */
import { formatAddress } from '#shared/address-text.ts';
import { counted } from '#shared/counted.ts';
import { PHYSICAL_LIMIT } from '#shared/units.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import { ExtentBuilder } from '../../memory/extent-builder.ts';
import { ExtentKind, type ExtentTable } from '../../memory/extent-table.ts';
import type { OpenedRegion } from '../format.ts';
import { PT_LOAD, PT_NOTE, decodeProgramHeader, type ElfKind, type ProgramHeader } from '../../elf-object/layout.ts';

/** A PT_LOAD segment; its file data begins at `start` + p_offset of the source. */
export interface LoadSegment {
  /** Offset in the source; meaningless for one that was left out. */
  offset: number;
  virtual: number;
  physical: number;
  fileSize: number;
  memorySize: number;
  /** True when QEMU's begin/length filter left its data out: p_offset is all ones. */
  filtered: boolean;
}

export interface Segments {
  loads: LoadSegment[];
  notes: ProgramHeader[];
  /** Loads whose addresses make no sense; left out. */
  rejected: number;
  /** Loads that have no physical address; left out. */
  virtualOnly: number;
}

/** Program headers read at once. */
const BATCH = 4096;

/** Reads `count` program headers, which lie inside the file. `start`: where the ELF header lies. */
export function readSegments(source: ByteSource, start: number, offset: number, count: number, kind: ElfKind): Segments {
  const { programHeaderSize, none } = kind.class;
  const segments: Segments = { loads: [], notes: [], rejected: 0, virtualOnly: 0 };
  const bytes = new Uint8Array(Math.min(count, BATCH) * programHeaderSize);
  const view = new DataView(bytes.buffer);
  for (let first = 0; first < count; first += BATCH) {
    const here = Math.min(BATCH, count - first);
    source.readStreaming(start + offset + first * programHeaderSize, bytes.subarray(0, here * programHeaderSize));
    for (let index = 0; index < here; index++) {
      const header = decodeProgramHeader(view, index * programHeaderSize, kind);
      if (header.type === PT_NOTE) segments.notes.push({ ...header, offset: start + header.offset });
      else if (header.type === PT_LOAD && header.memorySize > 0) addLoad(segments, header, start, none);
    }
  }
  return segments;
}

function addLoad(segments: Segments, header: ProgramHeader, start: number, none: number): void {
  const { offset, virtual, physical, fileSize, memorySize } = header;
  if (physical === none) segments.virtualOnly++;
  else if (physical + memorySize > PHYSICAL_LIMIT || fileSize > memorySize) segments.rejected++;
  else segments.loads.push({ offset: start + offset, virtual, physical, fileSize, memorySize, filtered: offset === none });
}

export interface LoadedMemory {
  extents: ExtentTable;
  regions: OpenedRegion[];
  /** Bytes of file data that lie beyond the end of the file. */
  missing: number;
  /** Bytes of memory that the writer left out by p_memsz above p_filesz; not those of segments that were filtered whole. */
  withoutData: number;
}

/** Whether what lies beyond p_filesz is zero, as the gABI says, and not left out. `byQemu`: the file has QEMU's notes. */
function tailsAreZero(loads: readonly LoadSegment[], byQemu: boolean): boolean {
  const tails = loads.filter(({ filtered, fileSize, memorySize }) => !filtered && memorySize > fileSize);
  if (byQemu && tails.some(({ virtual, physical }) => virtual !== physical)) return false;
  const starts = new Set(loads.map(({ physical }) => physical));
  return !tails.some(({ physical, memorySize, fileSize }) => fileSize === 0 || starts.has(physical + memorySize));
}

export function loadSegments(loads: readonly LoadSegment[], fileSize: number, byQemu: boolean): LoadedMemory {
  const builder = new ExtentBuilder();
  const zero = tailsAreZero(loads, byQemu);
  let missing = 0;
  let withoutData = 0;
  for (const { physical, memorySize, fileSize: inFile, filtered } of loads) {
    const from = filtered ? 0 : inFile;
    if (zero && !filtered) builder.addFill(physical + from, memorySize - from, 0);
    else {
      builder.addUnreadable(physical + from, memorySize - from, ExtentKind.Excluded);
      if (!filtered) withoutData += memorySize - inFile;
    }
  }
  for (const load of loads.toReversed()) {
    if (load.filtered) continue;
    const held = Math.max(0, Math.min(load.fileSize, fileSize - load.offset));
    missing += load.fileSize - held;
    builder.addData(load.physical, held, load.offset);
  }
  return { extents: builder.finish(), regions: regionsOf(loads), missing, withoutData };
}

/** Segments that touch or overlap are one region. */
function regionsOf(loads: readonly LoadSegment[]): OpenedRegion[] {
  const sorted = [...loads].sort((a, b) => a.physical - b.physical);
  const merged: { start: number; last: number; count: number; first: LoadSegment }[] = [];
  for (const load of sorted) {
    const before = merged.at(-1);
    const last = load.physical + load.memorySize - 1;
    if (before && load.physical <= before.last + 1) {
      before.last = Math.max(before.last, last);
      before.count++;
    } else merged.push({ start: load.physical, last, count: 1, first: load });
  }
  return merged.map(({ start, last, count, first }) => ({
    start,
    last,
    block: -1,
    blockOffset: 0,
    ram: start,
    readOnly: false,
    evidence: {
      strength: 'proven',
      text:
        count === 1
          ? `A PT_LOAD segment with p_paddr ${formatAddress(start)}${first.filtered ? ', left out by a filter' : `, file offset ${formatAddress(first.offset)}`}.`
          : `${counted(count, 'PT_LOAD segment')} from p_paddr ${formatAddress(start)} on, touching or overlapping.`,
    },
  }));
}
