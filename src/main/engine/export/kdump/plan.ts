/**
 * Where everything lies in a kdump-compressed file, version 6; formats/kdump/layout.ts has the map. What is known before a page is compressed: all but the
 * places of the pages' data.
 *
 * Bitmap 1 has the memory that exists, bitmap 2 the pages that the file holds. Memory that the source lacks is in the first alone, which readers take for excluded:
 * it is never zero by mistake.
 */
import { WorkbenchError } from '#shared/errors.ts';
import type { ExportCompression, ExportOptions } from '#shared/model/export.ts';
import { findFamily } from '../../arch/families.ts';
import { HAS_ZSTD } from '../../codecs/codec.ts';
import type { ElfNote } from '../../formats/format.ts';
import { parseVmcoreinfo, VMCOREINFO_OWNER } from '../../formats/vmcoreinfo.ts';
import { encodeNotes } from '../elf/encode.ts';
import { collectNotes, noteWarnings } from '../elf/notes.ts';
import { isLittleEndian } from '../elf/target.ts';
import { missingWarnings } from '../export-warnings.ts';
import type { ExportSource } from '../export-source.ts';
import { noteMissing, planRanges, windowOf, type Missing } from '../memory-ranges.ts';
import { DESCRIPTOR_SIZE, encodeHeader, encodeSubHeader, subHeaderSize, type KdumpAbi, type KdumpHeaderFields } from './encode.ts';
import { FLAG_OF } from './page-compressor.ts';
import { mergeRuns, withoutZeros, type PageRun } from './page-runs.ts';
import type { Progress } from '../../formats/format.ts';

export interface KdumpPlan extends Missing {
  header: KdumpHeaderFields;
  compression: ExportCompression;
  /** Header, sub-header and notes: the blocks before the bitmaps. */
  head: Uint8Array;
  bitmapOffset: number;
  /** Bytes of one bitmap. */
  bitmapSize: number;
  existing: PageRun[];
  dumped: PageRun[];
  descriptorOffset: number;
  /** Where the data of pages begins, with the one page that all zero pages share. */
  dataOffset: number;
  /** Bytes of the pages that have to be read; an upper bound. */
  dataSize: number;
  notes: ElfNote[];
  warnings: string[];
}

const DEFAULT_PAGE = 4096;
/** More would be a bitmap of 512 MiB: no machine has that much address space in use. */
const MAX_MAPNR = 2 ** 32;

/** As uname names them. */
const MACHINE_NAMES: Record<string, string> = {
  'x86-64': 'x86_64',
  i386: 'i686',
  arm64: 'aarch64',
  arm: 'armv7l',
  riscv64: 'riscv64',
  s390x: 's390x',
  ppc64: 'ppc64',
};

/** `progress` serves the search for zero pages, which reads all memory. Throws WorkbenchError `bad-request`, `unsupported`. */
export function planKdump(source: ExportSource, options: ExportOptions, progress: Progress | undefined): KdumpPlan {
  if (windowOf(options)) throw new WorkbenchError('bad-request', 'a kdump file holds all memory: begin and length are for the other formats');
  if (options.paging) throw new WorkbenchError('bad-request', 'a kdump file has no virtual addresses: paging is for ELF');
  const { dump } = source;
  const compression = options.compression ?? 'zlib';
  if (compression === 'zstd' && !HAS_ZSTD) {
    throw new WorkbenchError('unsupported', `this Node.js (${process.versions.node}) has no zstd, to compress pages with`, {
      expected: 'Node.js 22.15 or later, or the desktop app',
      hint: 'Choose another compression: zlib, lzo, snappy or none.',
    });
  }
  const family = dump.architecture ?? 'x86-64';
  const abi: KdumpAbi = { littleEndian: isLittleEndian(dump), wordSize: findFamily(family)?.short ? 4 : 8 };
  const known = dump.vmcoreinfo && parseVmcoreinfo(dump.vmcoreinfo);
  const blockSize = pageSizeOf(known);
  const { ranges, ...amounts } = planRanges(source, { split: true });
  const missing: Missing = { missing: [...amounts.missing], missingCut: amounts.missingCut, missingSize: amounts.missingSize };

  const existing = mergeRuns(dump.regions.map(({ start, last }) => pagesOf(start, last + 1, blockSize, 'touched')));
  let dumped = mergeRuns(joined(ranges).map(({ start, length }) => pagesOf(start, start + length, blockSize, 'whole')));
  for (const { start, length } of joined(ranges)) noteTorn(missing, start, start + length, blockSize);
  if (options.excludeZero && progress) dumped = withoutZeros(source.memory, dumped, blockSize, progress);
  const last = existing.at(-1);
  const maxMapnr = last ? last.pfn + last.count : 0;
  if (maxMapnr > MAX_MAPNR)
    throw new WorkbenchError('unsupported', `memory up to page frame 0x${maxMapnr.toString(16)} is more than a kdump file is made for here`);

  const notes = collectNotes(source);
  const noteBytes = encodeNotes(notes, abi.littleEndian);
  const subSize = subHeaderSize(abi);
  const subHeaderBlocks = Math.ceil((subSize + noteBytes.length) / blockSize);
  const bitmapSize = Math.ceil(maxMapnr / (8 * blockSize)) * blockSize;
  const bitmapOffset = (1 + subHeaderBlocks) * blockSize;
  const descriptorOffset = bitmapOffset + 2 * bitmapSize;
  const pages = dumped.reduce((sum, { count }) => sum + count, 0);
  const header: KdumpHeaderFields = {
    abi,
    release: known?.get('OSRELEASE') ?? '',
    machine: `${MACHINE_NAMES[family] ?? family}${family === 'ppc64' && abi.littleEndian ? 'le' : ''}`,
    blockSize,
    subHeaderBlocks,
    bitmapBlocks: (2 * bitmapSize) / blockSize,
    maxMapnr,
    cpuCount: Math.max(dump.cpus.length, notes.filter(({ owner, type }) => owner === 'CORE' && type === 1).length),
    compression: FLAG_OF[compression],
    incomplete: false,
  };
  const head = new Uint8Array(bitmapOffset);
  head.set(encodeHeader(header));
  const notesAt = blockSize + subSize;
  head.set(
    encodeSubHeader(abi, {
      physBase: BigInt(known?.get('NUMBER(phys_base)') ?? 0),
      dumpLevel: options.excludeZero ? 1 : 0,
      vmcoreinfo: vmcoreinfoArea(notes, notesAt),
      notes: { offset: notesAt, size: noteBytes.length },
      maxMapnr,
    }),
    blockSize,
  );
  head.set(noteBytes, notesAt);
  const warnings = [...missingWarnings(source, { ranges, missingSize: missing.missingSize }, 'It is marked as left out.'), ...noteWarnings(source)];
  if (options.excludeZero) {
    warnings.push('Pages of zeros are left out: crash needs --zero_excluded to read them. Shared, as without this option, they take 24 bytes each.');
    if (missing.missingSize > 0) warnings.push('A reader of the file cannot tell pages of zeros from those that the dump lacks.');
  }
  return {
    ...missing,
    header,
    compression,
    head,
    bitmapOffset,
    bitmapSize,
    existing,
    dumped,
    descriptorOffset,
    dataOffset: descriptorOffset + pages * DESCRIPTOR_SIZE,
    dataSize: Math.min(amounts.dataSize, pages * blockSize),
    notes,
    warnings,
  };
}

/** Readers take the block for the guest's page. */
function pageSizeOf(vmcoreinfo: Map<string, string> | undefined): number {
  const size = Number(vmcoreinfo?.get('PAGESIZE'));
  return size === 16384 || size === 65536 ? size : DEFAULT_PAGE;
}

/** Ranges that touch, of whatever blocks. */
function joined(ranges: readonly { start: number; length: number }[]): { start: number; length: number }[] {
  const merged: { start: number; length: number }[] = [];
  for (const { start, length } of ranges) {
    const before = merged.at(-1);
    if (before && before.start + before.length === start) before.length += length;
    else merged.push({ start, length });
  }
  return merged;
}

function pagesOf(start: number, end: number, size: number, which: 'touched' | 'whole'): PageRun {
  const pfn = which === 'whole' ? Math.ceil(start / size) : Math.floor(start / size);
  const stop = which === 'whole' ? Math.floor(end / size) : Math.ceil(end / size);
  return { pfn, count: Math.max(0, stop - pfn) };
}

/** Ends of a range that are no whole page cannot be in the file. */
function noteTorn(missing: Missing, start: number, end: number, size: number): void {
  const reason = 'less than a page of it is known';
  const first = Math.min(end, Math.ceil(start / size) * size);
  const last = Math.max(first, Math.floor(end / size) * size);
  if (first > start) noteMissing(missing, start, first - start, reason);
  if (end > last) noteMissing(missing, last, end - last, reason);
}

/** Where VMCOREINFO's text stands among the notes, which are encoded from `at` on. */
function vmcoreinfoArea(notes: readonly ElfNote[], at: number): { offset: number; size: number } {
  const index = notes.findIndex(({ owner }) => owner === VMCOREINFO_OWNER);
  const size = notes[index]?.description.length;
  if (size === undefined) return { offset: 0, size: 0 };
  const end = encodeNotes(notes.slice(0, index + 1), true).length;
  return { offset: at + end - Math.ceil(size / 4) * 4, size };
}
