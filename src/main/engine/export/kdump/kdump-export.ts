/** Writes a kdump-compressed file, plain or flattened. */
import { formatSize } from '#shared/address-text.ts';
import type { ExportOptions, ExportReport } from '#shared/model/export.ts';
import type { Progress } from '../../formats/format.ts';
import type { ExportSource } from '../export-source.ts';
import { FileWriter, type PageTarget } from '../file-writer.ts';
import { FLATTENED_HEADER_SIZE, flattenedEnd, flattenedHeader, FlattenedTarget, newPosition, reserve } from '../flattened-target.ts';
import type { CopyOutcome, ExportJob, SealedFile } from '../job.ts';
import { shareCopy } from '../memory-copy.ts';
import { SparseFile } from '../sparse-file.ts';
import { threadsForWork } from '../threads.ts';
import { BATCH, copyPages, type SharedPages } from './copy.ts';
import { encodeHeader } from './encode.ts';
import { planKdump, type KdumpPlan } from './plan.ts';
import { bitmapChunks } from './page-runs.ts';

export interface KdumpWork {
  kind: 'kdump';
  fd: number;
  target: string;
  copy: SharedPages['copy'];
  pages: SharedPages;
  /** Next free byte of the output when it is flattened. */
  flattened?: SharedArrayBuffer;
}

/** What is known of the size of compressed memory before it is compressed: nothing is refused that may fit. */
const LEAST_RATIO = 0.1;
/** Memory that is worth a thread of its own: compressing it takes as long as starting one. */
export const COMPRESSED_PER_THREAD = 8 * 1024 * 1024;

export function helpKdump({ memory }: ExportSource, { fd, target, pages, flattened }: KdumpWork, progress: Progress): CopyOutcome {
  const writer = new FileWriter(fd, target);
  const lost = copyPages(memory, flattened ? new FlattenedTarget(writer, flattened) : writer, pages, progress);
  return { written: writer.written, lost };
}

export class KdumpExport implements ExportJob {
  readonly #source: ExportSource;
  readonly #plan: KdumpPlan;
  readonly #file: SparseFile;
  readonly #target: PageTarget;
  readonly #began = performance.now();
  readonly work: KdumpWork;
  readonly threads: number;

  constructor(source: ExportSource, options: ExportOptions, target: string, progress: Progress) {
    const plan = planKdump(source, options, progress);
    this.#source = source;
    this.#plan = plan;
    this.#file = SparseFile.create(
      target,
      source.files,
      plan.dataOffset + Math.ceil(plan.dataSize * (plan.compression === 'none' ? 1 : LEAST_RATIO)),
    );
    const flattened = options.flattened ? newPosition(FLATTENED_HEADER_SIZE) : undefined;
    this.#target = flattened ? new FlattenedTarget(this.#file, flattened) : this.#file;
    const { blockSize, abi } = plan.header;
    const copy = shareCopy(piecesOf(plan), true, BATCH);
    const pages: SharedPages = {
      copy,
      data: newPosition(plan.dataOffset + blockSize),
      turn: new SharedArrayBuffer(4),
      compression: plan.compression,
      blockSize,
      littleEndian: abi.littleEndian,
      descriptorOffset: plan.descriptorOffset,
      zeroPage: plan.dataOffset,
    };
    this.work = { kind: 'kdump', fd: this.#file.fd, target, copy, pages, flattened };
    this.threads = threadsForWork(plan.dataSize, COMPRESSED_PER_THREAD);
  }

  copy(progress: Progress): CopyOutcome {
    const { head, existing, dumped, bitmapOffset, bitmapSize, header, dataOffset } = this.#plan;
    if (this.work.flattened) this.#file.write(0, flattenedHeader());
    this.#target.write(0, head);
    [existing, dumped].forEach((runs, index) => {
      for (const { offset, bytes } of bitmapChunks(runs, bitmapSize)) this.#target.write(bitmapOffset + index * bitmapSize + offset, bytes);
    });
    this.#target.write(dataOffset, new Uint8Array(header.blockSize));
    const lost = copyPages(this.#source.memory, this.#target, this.work.pages, progress);
    return { written: this.#file.written, lost };
  }

  seal(outcomes: readonly CopyOutcome[]): SealedFile {
    const { header, dumped } = this.#plan;
    const { pages, flattened } = this.work;
    if (outcomes.some(({ lost }) => lost.missingSize > 0)) this.#target.write(0, encodeHeader({ ...header, incomplete: true }));
    if (flattened) this.#file.write(reserve(flattened, flattenedEnd().length), flattenedEnd());
    const size = Number(new BigInt64Array(flattened ?? pages.data)[0]);
    this.#file.seal(size);
    const { blockSize } = header;
    return { path: this.#file.part, size, pieces: dumped.map(({ pfn, count }) => ({ physical: pfn * blockSize, length: count * blockSize })) };
  }

  publish(outcomes: readonly CopyOutcome[], verified: number | null, progress: Progress): ExportReport {
    const { missing, missingCut, warnings } = this.#plan;
    const size = Number(new BigInt64Array(this.work.flattened ?? this.work.pages.data)[0]);
    progress.report('syncing to disk', size, size);
    this.#file.publish();
    const lost = outcomes.map((outcome) => outcome.lost);
    const lostSize = lost.reduce((sum, each) => sum + each.missingSize, 0);
    const bytesWritten = outcomes.reduce((sum, { written }) => sum + written, 0);
    const { leftover } = this.#file;
    return {
      target: this.#file.target,
      bytesWritten,
      sparseBytes: Math.max(0, size - bytesWritten),
      seconds: (performance.now() - this.#began) / 1000,
      missing: [...missing, ...lost.flatMap((each) => each.missing)].sort((a, b) => a.start - b.start),
      missingCut: missingCut || lost.some((each) => each.missingCut),
      verified,
      warnings: [...warnings, ...(lostSize === 0 ? [] : [undecodable(lostSize)]), ...(leftover ? [leftover] : [])],
    };
  }

  discard(): void {
    this.#file.discard();
  }
}

const undecodable = (bytes: number) =>
  `${formatSize(bytes)} of memory could not be decoded and are incomplete pages in the file; the list names them.`;

/** Whole pages, with the number of the first one's descriptor. */
function piecesOf({ dumped, header: { blockSize } }: KdumpPlan): { physical: number; length: number; position: number; step: number }[] {
  let rank = 0;
  return dumped.map(({ pfn, count }) => {
    const position = rank;
    rank += count;
    // Positions are descriptors, one for each page.
    return { physical: pfn * blockSize, length: count * blockSize, position, step: blockSize };
  });
}
