/** Where every page of a kdump dump is: one pass over the bitmaps, which tells what there is, and one over bitmaps and descriptors, which makes the extents. */
import { ExtentBuilder } from '../../memory/extent-builder.ts';
import { ExtentKind, type ExtentTable } from '../../memory/extent-table.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import type { Progress } from '../format.ts';
import { forEachRun, PageKind } from './bitmap-runs.ts';
import { DescriptorScan, type PageCounts } from './descriptor-scan.ts';
import type { DescriptorTable } from './page-decoder.ts';
import type { KdumpPart } from './part.ts';

/** A range of PFNs, half-open, and the part that has its descriptors. */
export interface Segment {
  firstPfn: number;
  endPfn: number;
  part: KdumpPart;
  /** True when the part that has them is not among the files: `part` then only lends its bitmaps. */
  missing: boolean;
}

/** PFNs that exist, half-open. */
export interface PfnRun {
  first: number;
  end: number;
}

/** What the bitmaps say of a segment, and its descriptors where there are any. In pages. */
export interface SegmentReport {
  segment: Segment;
  /** In the file by bitmap 2. */
  dumped: number;
  excluded: number;
  /** In bitmap 2 but not in bitmap 1. */
  stray: number;
  unknown: number;
  counts?: PageCounts;
  /** False when the descriptors are not those of bitmap 2: all of the segment's pages are corrupt then. */
  trusted: boolean;
}

export interface PageIndex {
  extents: ExtentTable;
  tables: DescriptorTable[];
  /** Memory that exists. */
  runs: PfnRun[];
  /** True when there are more runs than are told apart: the last one then has holes. */
  runsMerged: boolean;
  segments: SegmentReport[];
}

/** Bitmap 1 of a real machine has some dozens of runs. */
const MAX_RUNS = 65536;

/** `segments` ascend. Throws WorkbenchError `cancelled`, or `unsupported` when memory is in too many pieces. */
export function indexPages(source: ByteSource, segments: readonly Segment[], progress: Progress): PageIndex {
  const runs: PfnRun[] = [];
  const builder = new ExtentBuilder();
  const tables: DescriptorTable[] = [];
  let firstUnit = 0;
  const reports = segments.map((segment) => countPages(source, segment, runs, progress));
  const room = reports.reduce((sum, { dumped }) => sum + dumped, 0);
  for (const report of reports) {
    const { segment, dumped } = report;
    if (segment.missing) {
      addExcluded(source, segment, builder, progress);
      continue;
    }
    const { part } = segment;
    const scan = new DescriptorScan(source, part, room, firstUnit, builder, progress);
    forEachRun(source, part.bitmaps, segment.firstPfn, segment.endPfn, progress, (kind, pfn, pages) => {
      if (kind === PageKind.Dumped || kind === PageKind.Stray) scan.add(pfn, pages);
      else if (kind === PageKind.Excluded) scan.addExcluded(pfn, pages);
    });
    report.counts = scan.counts;
    report.trusted = scan.finish();
    if (!report.trusted) coverDumped(source, segment, builder, progress);
    tables.push({ firstUnit, count: dumped, at: part.descriptors, start: part.start, end: part.end });
    firstUnit += dumped;
  }
  return { extents: builder.finish(), tables, runs, runsMerged: runs.length === MAX_RUNS, segments: reports };
}

function countPages(source: ByteSource, segment: Segment, runs: PfnRun[], progress: Progress): SegmentReport {
  const report: SegmentReport = { segment, dumped: 0, excluded: 0, stray: 0, unknown: 0, trusted: true };
  forEachRun(source, segment.part.bitmaps, segment.firstPfn, segment.endPfn, progress, (kind, pfn, pages) => {
    if (kind === PageKind.Unknown) report.unknown += pages;
    if (kind === PageKind.Hole || kind === PageKind.Unknown) return;
    if (kind === PageKind.Excluded) report.excluded += pages;
    else report.dumped += pages;
    if (kind === PageKind.Stray) report.stray += pages;
    const last = runs.at(-1);
    if (last && (last.end === pfn || runs.length === MAX_RUNS)) last.end = pfn + pages;
    else runs.push({ first: pfn, end: pfn + pages });
  });
  return report;
}

function addExcluded(source: ByteSource, { part, firstPfn, endPfn }: Segment, builder: ExtentBuilder, progress: Progress): void {
  const { blockSize } = part.header;
  forEachRun(source, part.bitmaps, firstPfn, endPfn, progress, (kind, pfn, pages) => {
    if (kind === PageKind.Excluded) builder.addUnreadable(pfn * blockSize, pages * blockSize, ExtentKind.Excluded);
  });
}

/** Later extents win: nothing that the descriptors led to shows any more. */
function coverDumped(source: ByteSource, { part, firstPfn, endPfn }: Segment, builder: ExtentBuilder, progress: Progress): void {
  const { blockSize } = part.header;
  forEachRun(source, part.bitmaps, firstPfn, endPfn, progress, (kind, pfn, pages) => {
    if (kind === PageKind.Dumped || kind === PageKind.Stray) builder.addUnreadable(pfn * blockSize, pages * blockSize, ExtentKind.Corrupt);
  });
}
