/** What a kdump file would hold, before anything is compressed: its size and the time are told from a sample of pages. */
import type { ExportOptions, PlannedPart, PlannedSegment } from '#shared/model/export.ts';
import type { ExportSource } from '../export-source.ts';
import { FLATTENED_HEADER_SIZE } from '../flattened-target.ts';
import { memoryRuns } from '../memory-runs.ts';
import type { Preview } from '../plan.ts';
import { measureReading, measureZeros, sampleCompressed } from '../sample.ts';
import { threadsForWork } from '../threads.ts';
import { DESCRIPTOR_SIZE } from './encode.ts';
import { COMPRESSED_PER_THREAD } from './kdump-export.ts';
import { PageCompressor } from './page-compressor.ts';
import { planKdump, type KdumpPlan } from './plan.ts';

/** Decompressing takes no more of the time that compressing took, with any of the compressions. */
const DECOMPRESSION = 0.5;
/** Bytes of file records for a MiB of memory: its pages and their descriptors. */
const RECORDS_PER_MIB = 2 * 16;
const MIB = 1024 * 1024;

export function previewKdump(source: ExportSource, options: ExportOptions): Preview {
  const plan = planKdump(source, options, undefined);
  const { header, bitmapOffset, bitmapSize, dumped, dataSize } = plan;
  const { blockSize } = header;
  const sample = sampleCompressed(source.memory, dataSize, blockSize, new PageCompressor(plan.compression, blockSize));
  const share = (part: number) => (sample.pages === 0 ? 0 : part / sample.pages);

  const all = dumped.reduce((sum, { count }) => sum + count, 0);
  const present = Math.floor(dataSize / blockSize);
  const filled = Math.round(present * (1 - share(sample.zeroPages)));
  const held = options.excludeZero ? filled : all;
  const data = Math.round(present * share(sample.stored));
  const parts: PlannedPart[] = [
    { title: 'Header', size: blockSize, exact: true },
    { title: 'Sub-header and notes', size: bitmapOffset - blockSize, exact: true },
    { title: 'Bitmap of memory that exists', size: bitmapSize, exact: true },
    { title: 'Bitmap of pages in the file', size: bitmapSize, exact: true },
    { title: 'Page descriptors', size: held * DESCRIPTOR_SIZE, exact: !options.excludeZero },
    { title: 'One page of zeros, shared', size: blockSize, exact: true },
    { title: 'Pages', size: data, exact: false },
  ];
  if (options.flattened) {
    const records = Math.ceil((held * blockSize) / MIB) * RECORDS_PER_MIB;
    parts.push({ title: 'Flattened form', size: FLATTENED_HEADER_SIZE + records, exact: false });
  }
  const fileSize = parts.reduce((sum, { size }) => sum + size, 0);
  const runs = options.excludeZero
    ? presentRuns(source, plan)
    : dumped.map(({ pfn, count }) => ({ start: pfn * blockSize, length: count * blockSize }));
  return {
    fileSize,
    exact: false,
    dataSize: fileSize,
    parts,
    segmentCount: runs.length,
    segments: runs.map(plannedPages),
    notes: plan.notes,
    warnings: plan.warnings,
    seconds: (verified) => {
      const rate = measureReading(source.memory, dataSize);
      if (rate === null) return null;
      const reading = dataSize / rate + (all * blockSize - dataSize) / measureZeros();
      const compressing = filled * sample.secondsPerPage;
      const shared = reading + compressing + (verified ? reading + compressing * DECOMPRESSION : 0);
      return (options.excludeZero ? reading : 0) + shared / threadsForWork(dataSize, COMPRESSED_PER_THREAD);
    },
  };
}

/** What is not known to be zero. Zero pages among it are found when it is read. */
function presentRuns({ memory }: ExportSource, { header: { blockSize } }: KdumpPlan): { start: number; length: number }[] {
  const runs: { start: number; length: number }[] = [];
  for (const { physical, length, state } of memoryRuns(memory)) {
    if (state !== 'present') continue;
    const start = physical - (physical % blockSize);
    const end = Math.ceil((physical + length) / blockSize) * blockSize;
    const last = runs.at(-1);
    if (last && last.start + last.length >= start) last.length = Math.max(last.length, end - last.start);
    else runs.push({ start, length: end - start });
  }
  return runs;
}

function plannedPages({ start, length }: { start: number; length: number }): PlannedSegment {
  return { type: 'PAGES', physical: start, virtual: null, fileOffset: null, fileSize: null, memorySize: length };
}
