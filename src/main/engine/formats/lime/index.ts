/**
 * LiME's format, which AVML's version 1 is, too: physical memory range by range, as it was. Written by LiME 1.0 to 1.9 (format=lime), AVML, and many
 * tools that convert to it. Layout: layout.ts.
 *
 * LiME cannot map the page at the end of a range that covers it only in part, and writes zeros for it (src/main.c, write_range): zeros there
 * are excluded memory, not the guest's.
 * Not supported: LiME's compress=1, a zlib stream around the file, where no container takes it off.
 */
import { formatSize } from '#shared/address-text.ts';
import { counted } from '#shared/counted.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import { ExtentBuilder } from '../../memory/extent-builder.ts';
import { ExtentKind, PAGE_SIZE } from '../../memory/extent-table.ts';
import type { DumpFormat, OpenContext, OpenedDump } from '../format.ts';
import { familyOfMemory } from '../raw/family-of-memory.ts';
import { LIME_MAGIC, LIME_VERSION } from './layout.ts';
import { isRangeHeader, readRanges, type MemoryRange, type StoredRange } from './range-file.ts';

export const lime: DumpFormat = {
  id: 'lime',
  title: 'LiME memory image',

  probe(head) {
    return isRangeHeader(head, LIME_MAGIC, LIME_VERSION) ? 'yes' : 'no';
  },

  open(source, context): OpenedDump {
    const builder = new ExtentBuilder();
    const { count, length, regions, diagnostics } = readRanges(source, context, {
      name: 'LiME range header',
      magic: LIME_MAGIC,
      version: LIME_VERSION,
      store: (range, leaveOut) => store(source, builder, range, leaveOut),
    });
    const extents = builder.finish();
    const family = familyOfMemory(source, { regions, extents }, context);
    return {
      format: 'lime',
      formatTitle: lime.title,
      sentence: `A LiME memory image with ${formatSize(length)} of memory in ${counted(count, 'range')}, and no CPU registers.`,
      layers: [layerOf(lime.title, source, context, count)],
      architecture: family.architecture,
      blocks: [],
      regions,
      extents: extents.shared,
      cpus: [],
      notes: [],
      facts: family.facts,
      diagnostics: [...diagnostics, ...family.diagnostics],
    };
  },
};

export function layerOf(title: string, source: ByteSource, { start }: OpenContext, ranges: number): OpenedDump['layers'][number] {
  return { title, offset: start, length: source.size - start, detail: counted(ranges, 'memory range') };
}

function store(source: ByteSource, builder: ExtentBuilder, { start, length, offset }: MemoryRange, leaveOut: boolean): StoredRange {
  const held = Math.min(length, source.size - offset);
  if (!leaveOut) {
    const part = held === length ? paddedTail(source, start, length, offset) : 0;
    builder.addData(start, held - part, offset);
    builder.addUnreadable(start + held - part, part, ExtentKind.Excluded);
  }
  if (held === length) return { next: offset + length };
  return {
    next: undefined,
    problem: {
      severity: 'data-loss',
      code: 'file-truncated',
      message: `The file ends ${formatSize(length - held)} before the end of its last range.`,
      consequence: 'The memory beyond is shown as absent.',
      fileOffset: source.size,
    },
  };
}

/** Bytes at the end of a range that are a part of a page and all zero. */
function paddedTail(source: ByteSource, start: number, length: number, offset: number): number {
  const part = Math.min((start + length) % PAGE_SIZE, length);
  if (part === 0) return 0;
  const tail = new Uint8Array(part);
  source.read(offset + length - part, tail);
  return tail.every((byte) => byte === 0) ? part : 0;
}
