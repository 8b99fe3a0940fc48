/** Writes a file in which every byte of memory has its place before any is written: ELF, raw, LiME. */
import { formatSize } from '#shared/address-text.ts';
import type { ExportOptions, ExportReport } from '#shared/model/export.ts';
import type { Progress } from '../formats/format.ts';
import type { ExportSource } from './export-source.ts';
import { FileWriter } from './file-writer.ts';
import type { CopyOutcome, ExportJob, SealedFile } from './job.ts';
import { copyMemory, shareCopy, type SharedCopy } from './memory-copy.ts';
import type { Missing } from './memory-ranges.ts';
import { threadsForWork } from './threads.ts';
import { replaceText, SparseFile } from './sparse-file.ts';

/** Where everything lies in the file. */
export interface FilePlan extends Missing {
  /** Memory, ascending by physical address. */
  pieces: readonly { physical: number; length: number; position: number }[];
  /** What of the memory a reader finds, ascending, where that is not all of it. */
  found?: readonly { physical: number; length: number }[];
  /** Everything else: headers, notes, tables. */
  extras: readonly { position: number; bytes: Uint8Array }[];
  fileSize: number;
  /** Bytes of memory that have to be read, or are a fill of another value than zero. An upper bound. */
  dataSize: number;
  warnings: string[];
  /** A text that is kept beside the file, under its name with this suffix. */
  sidecar?: { suffix: string; text: string };
}

/** Memory that is worth a thread of its own: which takes some 60 ms to start, and as long to copy this much, or to decode that much. */
export const COPIED_PER_THREAD = 48 * 1024 * 1024;
export const DECODED_PER_THREAD = 8 * 1024 * 1024;
/** The open file and its share of the work. */
export interface PlacedWork {
  kind: 'placed';
  fd: number;
  target: string;
  copy: SharedCopy;
}

export function helpPlaced({ memory }: ExportSource, { fd, target, copy }: PlacedWork, progress: Progress): CopyOutcome {
  const writer = new FileWriter(fd, target);
  const lost = copyMemory(memory, writer, copy, progress);
  return { written: writer.written, lost };
}

export class PlacedExport implements ExportJob {
  readonly #source: ExportSource;
  readonly #plan: FilePlan;
  readonly #file: SparseFile;
  readonly #began = performance.now();
  readonly work: PlacedWork;
  readonly threads: number;

  constructor(source: ExportSource, plan: FilePlan, { sparse = true }: ExportOptions, target: string) {
    this.#source = source;
    this.#plan = plan;
    const extraSize = plan.extras.reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.#file = SparseFile.create(target, source.files, sparse ? extraSize + Math.min(plan.dataSize, source.mostData) : plan.fileSize);
    this.work = { kind: 'placed', fd: this.#file.fd, target, copy: shareCopy(plan.pieces, sparse) };
    this.threads = threadsForWork(plan.dataSize, source.dump.coding ? DECODED_PER_THREAD : COPIED_PER_THREAD);
  }

  copy(progress: Progress): CopyOutcome {
    for (const { position, bytes } of this.#plan.extras) this.#file.write(position, bytes);
    const lost = copyMemory(this.#source.memory, this.#file, this.work.copy, progress);
    return { written: this.#file.written, lost };
  }

  seal(): SealedFile {
    const { fileSize, pieces, found = pieces } = this.#plan;
    this.#file.seal(fileSize);
    return { path: this.#file.part, size: fileSize, pieces: found };
  }

  publish(outcomes: readonly CopyOutcome[], verified: number | null, progress: Progress): ExportReport {
    const { fileSize, missing, missingCut, warnings, sidecar } = this.#plan;
    progress.report('syncing to disk', fileSize, fileSize);
    this.#file.publish();
    if (sidecar) replaceText(`${this.#file.target}${sidecar.suffix}`, sidecar.text);
    const lost = outcomes.map((outcome) => outcome.lost);
    const lostSize = lost.reduce((sum, each) => sum + each.missingSize, 0);
    const bytesWritten = outcomes.reduce((sum, { written }) => sum + written, 0);
    const { leftover } = this.#file;
    return {
      target: this.#file.target,
      bytesWritten,
      sparseBytes: fileSize - bytesWritten,
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

const undecodable = (bytes: number) => `${formatSize(bytes)} of memory could not be decoded and are zero in the file; the list names them.`;
