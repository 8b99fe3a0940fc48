/**
 * PT_LOAD segments as extents and regions. There may be 65,700 of them (QEMU's paging=on, PN_XNUM), overlapping.
 *
 * Where segments overlap, one with file data wins over another's zero tail, and among those with data the first in the file, as in
 * crash and gdb; QEMU's overlapping segments share their file bytes.
 */
import { formatAddress } from '#shared/address-text.ts';
import { counted } from '#shared/counted.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import { ExtentBuilder } from '../../memory/extent-builder.ts';
import { ExtentKind, type ExtentTable } from '../../memory/extent-table.ts';
import type { OpenedRegion } from '../format.ts';
import { FILTERED_OFFSET, PHDR_SIZE, PT_LOAD, PT_NOTE, decodeProgramHeader, type ProgramHeader } from './layout.ts';
import { PHYSICAL_LIMIT } from '#shared/units.ts';

export interface Segments {
  loads: ProgramHeader[];
  notes: ProgramHeader[];
  /** Loads whose addresses make no sense; left out. */
  rejected: number;
}

/** Reads `count` program headers, which lie inside the file. */
export function readSegments(source: ByteSource, offset: number, count: number): Segments {
  const bytes = new Uint8Array(count * PHDR_SIZE);
  source.readStreaming(offset, bytes);
  const view = new DataView(bytes.buffer);
  const segments: Segments = { loads: [], notes: [], rejected: 0 };
  for (let index = 0; index < count; index++) {
    const header = decodeProgramHeader(view, index * PHDR_SIZE);
    if (header.type === PT_NOTE) segments.notes.push(header);
    else if (header.type === PT_LOAD && header.memorySize > 0) {
      if (header.physical + header.memorySize > PHYSICAL_LIMIT || header.fileSize > header.memorySize) segments.rejected++;
      else segments.loads.push(header);
    }
  }
  return segments;
}

export interface LoadedMemory {
  extents: ExtentTable;
  regions: OpenedRegion[];
  /** Bytes of file data that lie beyond the end of the file. */
  missing: number;
}

export function loadSegments(loads: readonly ProgramHeader[], fileSize: number): LoadedMemory {
  const builder = new ExtentBuilder();
  let missing = 0;
  for (const load of loads) {
    const tail = load.memorySize - load.fileSize;
    if (load.offset >= FILTERED_OFFSET) builder.addUnreadable(load.physical, load.memorySize, ExtentKind.Excluded);
    else builder.addFill(load.physical + load.fileSize, tail, 0);
  }
  for (const load of loads.toReversed()) {
    if (load.offset >= FILTERED_OFFSET) continue;
    const held = Math.max(0, Math.min(load.fileSize, fileSize - load.offset));
    missing += load.fileSize - held;
    builder.addData(load.physical, held, load.offset);
  }
  return { extents: builder.finish(), regions: regionsOf(loads), missing };
}

/** Segments that touch or overlap are one region. */
function regionsOf(loads: readonly ProgramHeader[]): OpenedRegion[] {
  const sorted = [...loads].sort((a, b) => a.physical - b.physical);
  const merged: { start: number; last: number; count: number; offset: number }[] = [];
  for (const { physical, memorySize, offset } of sorted) {
    const before = merged.at(-1);
    const last = physical + memorySize - 1;
    if (before && physical <= before.last + 1) {
      before.last = Math.max(before.last, last);
      before.count++;
    } else merged.push({ start: physical, last, count: 1, offset });
  }
  return merged.map(({ start, last, count, offset }) => ({
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
          ? `A PT_LOAD segment with p_paddr ${formatAddress(start)}${offset >= FILTERED_OFFSET ? ', left out by a filter' : `, file offset ${formatAddress(offset)}`}.`
          : `${counted(count, 'PT_LOAD segment')} from p_paddr ${formatAddress(start)} on, touching or overlapping.`,
    },
  }));
}
