/**
 * Segments with virtual addresses: everything that the page tables of the CPUs map (QEMU's paging=on).
 *
 * Facts: QEMU softmmu/memory_mapping.c, qemu_get_guest_memory_mapping, and target/i386/arch_memory_mapping.c (v7.2): every CPU from the first one with paging on, in ascending order of
 * virtual addresses; a page counts when it starts in RAM or ROM; without a CPU that has paging on, virtual addresses are physical ones. QEMU sets the upper 16 (with 5 levels 7) bits
 * of every virtual address, also in the lower half, where user space is: a defect (pml4 and pml5 walks start from all ones), not copied here.
 */
import { WorkbenchError } from '#shared/errors.ts';
import { counted } from '#shared/counted.ts';
import type { ExportOptions } from '#shared/model/export.ts';
import { MAX_PROGRAM_HEADERS } from '../../formats/elf/header.ts';
import type { Progress } from '../../formats/format.ts';
import { PAGE_SIZE } from '../../memory/extent-table.ts';
import { visitPages } from '../../translate/page-visitor.ts';
import { walkableTables } from '../../translate/regime-tables.ts';
import type { ExportSource } from '../export-source.ts';
import { MappingList, type ListedMapping } from './mapping-list.ts';
import type { LoadRange } from '../memory-ranges.ts';

/** Pages between two looks at whether the user has had enough. */
const REPORT_EVERY = 65536;
/** More pages than that, for each page of memory and besides, are tables that lead into each other: a hostile dump makes 2^36 pages of one table. */
const VIEWS_OF_A_PAGE = 64;
const SPARE_PAGES = 2 ** 24;

export interface CollectedMappings {
  mappings: ListedMapping[];
  /** What page tables were not followed, in sentences. */
  warnings: string[];
}

/** Undefined when no CPU of the dump has paging on. Reads all page tables. Throws WorkbenchError `unsupported` for more mappings than a file is read with. */
export function collectMappings({ name, memory, dump, architecture }: ExportSource, progress: Progress | undefined): CollectedMappings | undefined {
  const { cpus } = dump;
  const tables = cpus.map((cpu) => walkableTables(architecture, cpu));
  const first = tables.findIndex((found) => found.length > 0);
  if (first < 0) return undefined;
  const list = new MappingList();
  const warnings: string[] = [];
  const { regions } = memory;
  const size = dump.regions.reduce((sum, { start, last }) => sum + last - start + 1, 0);
  const most = SPARE_PAGES + (VIEWS_OF_A_PAGE * size) / PAGE_SIZE;
  for (const { mode, root, options, source } of tables.flat()) {
    let pages = 0;
    const { missingTables, cut } = visitPages(memory, mode, root ?? 0, options, (page, physical, pageSize) => {
      if (++pages % REPORT_EVERY === 0) progress?.report('following page tables', pages, pages);
      const region = regions.lowerBound(physical);
      if (region < regions.count && regions.starts[region]! <= physical) list.add(page, physical, pageSize);
      return pages < most && list.count < MAX_PROGRAM_HEADERS;
    });
    if (list.count >= MAX_PROGRAM_HEADERS)
      throw new WorkbenchError('unsupported', `${name}: page tables map memory in ${list.count} pieces, more than ELF files are read with`, {
        hint: 'Export it without virtual addresses.',
      });
    if (missingTables > 0) warnings.push(`${source}: ${counted(missingTables, 'page table')} that its tables lead to are not in the dump.`);
    if (cut || pages >= most) warnings.push(`${source}: its page tables lead into each other without end and were not followed to it.`);
  }
  return { mappings: list.sorted(), warnings };
}

export interface VirtualSegment {
  virtual: bigint;
  physical: number;
  /** Bytes in the file and in memory. */
  fileSize: number;
  memorySize: number;
  /** Position of the first byte in the file. */
  offset: number;
}

/** A range of memory that is in the file, and where. Ascending, disjoint. */
export type PlacedRange = LoadRange & { offset: number };

/**
 * The segments of the mappings, cut to the memory that the file holds. `whole` keeps a mapping in one segment whatever of it is in the file, as QEMU does: it then has bytes up to
 * the end of the block in which it starts.
 */
export function virtualSegments(listed: readonly ListedMapping[], ranges: readonly PlacedRange[], whole: boolean): VirtualSegment[] {
  const segments: VirtualSegment[] = [];
  for (const { virtual, physical, length } of listed) {
    const end = physical + length;
    for (let index = firstEndingAfter(ranges, physical); index < ranges.length && ranges[index]!.start < end; index++) {
      const range = ranges[index]!;
      const from = Math.max(physical, range.start);
      if (whole && from > physical) break;
      const stop = Math.min(end, range.start + range.length);
      segments.push({
        virtual: virtual + BigInt(from - physical),
        physical: from,
        fileSize: stop - from,
        memorySize: whole ? length : stop - from,
        offset: range.offset + (from - range.start),
      });
      if (whole) break;
    }
  }
  return segments;
}

/** What of the ranges no segment covers, as segments whose virtual addresses are the physical ones. */
export function uncovered(segments: readonly VirtualSegment[], ranges: readonly PlacedRange[]): VirtualSegment[] {
  const covered = [...segments].sort((a, b) => a.physical - b.physical);
  const rest: VirtualSegment[] = [];
  let next = 0;
  for (const { start, length, offset } of ranges) {
    let at = start;
    const take = (stop: number) => {
      if (stop > at) rest.push({ virtual: BigInt(at), physical: at, fileSize: stop - at, memorySize: stop - at, offset: offset + (at - start) });
    };
    for (; next < covered.length && covered[next]!.physical < start + length; next++) {
      const { physical, fileSize } = covered[next]!;
      take(Math.min(physical, start + length));
      at = Math.max(at, physical + fileSize);
    }
    take(start + length);
  }
  return rest;
}

/** The physical memory that segments show, merged. */
export function shownMemory(segments: readonly VirtualSegment[]): { physical: number; length: number }[] {
  const shown: { physical: number; length: number }[] = [];
  for (const { physical, fileSize } of [...segments].sort((a, b) => a.physical - b.physical)) {
    const before = shown.at(-1);
    if (before && physical <= before.physical + before.length) before.length = Math.max(before.length, physical + fileSize - before.physical);
    else shown.push({ physical, length: fileSize });
  }
  return shown;
}

function firstEndingAfter(ranges: readonly PlacedRange[], physical: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ranges[middle]!.start + ranges[middle]!.length <= physical) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** As memory_mapping_filter of QEMU: only what lies in the window. */
export function inWindow(listed: readonly ListedMapping[], { begin, length }: ExportOptions): ListedMapping[] {
  if (begin === undefined || length === undefined) return [...listed];
  return listed.flatMap((mapping) => {
    const from = Math.max(mapping.physical, begin);
    const stop = Math.min(mapping.physical + mapping.length, begin + length);
    return stop > from ? [{ virtual: mapping.virtual + BigInt(from - mapping.physical), physical: from, length: stop - from }] : [];
  });
}
