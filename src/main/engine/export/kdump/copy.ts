/**
 * Compresses a piece of memory after the other into a kdump file: by as many threads as there are, each with its own compressor. Pieces are small, and their data
 * lies in the file in the order of memory: readers read ahead, and some (ours, of pages that are not compressed) take anything else for damage. So a thread that is done with
 * a piece waits until the pieces before it have their places. Descriptors have theirs from the start.
 */
import { WorkbenchError } from '#shared/errors.ts';
import type { ExportCompression } from '#shared/model/export.ts';
import type { Progress } from '../../formats/format.ts';
import type { GuestMemory } from '../../memory/guest-memory.ts';
import type { PageTarget } from '../file-writer.ts';
import { reserve } from '../flattened-target.ts';
import { noteMissing } from '../memory-ranges.ts';
import { countHandled, isStopped, takePiece, type Lost, type Piece, type SharedCopy } from '../memory-copy.ts';
import { isKnown } from '../memory-runs.ts';
import { DESCRIPTOR_SIZE, encodeDescriptor } from './encode.ts';
import { FLAG_OF, PageCompressor } from './page-compressor.ts';
import { isZero } from './page-runs.ts';

/** Work that threads share. Plain data. */
export interface SharedPages {
  /** Pieces of whole pages; `position` is the number of the piece's first descriptor. */
  copy: SharedCopy;
  /** Next free byte for pages' data. */
  data: SharedArrayBuffer;
  /** One Int32: the piece that is to reserve its place next. */
  turn: SharedArrayBuffer;
  compression: ExportCompression;
  blockSize: number;
  littleEndian: boolean;
  descriptorOffset: number;
  /** Where the page of zeros is that all zero pages share. */
  zeroPage: number;
}

/** Memory that is read and compressed at once: a piece. */
export const BATCH = 1024 * 1024;
/** How often a thread that waits looks whether it should go on waiting, in milliseconds. */
const PATIENCE = 50;

export function copyPages(memory: GuestMemory, target: PageTarget, shared: SharedPages, progress: Progress): Lost {
  const lost: Lost = { missing: [], missingCut: false, missingSize: 0 };
  const writer = new PieceWriter(memory, target, shared, lost, progress);
  for (let piece = takePiece(shared.copy); piece; piece = takePiece(shared.copy)) {
    writer.write(piece);
    progress.report('compressing memory', countHandled(shared.copy, piece.length), shared.copy.total);
  }
  return lost;
}

class PieceWriter {
  readonly #memory: GuestMemory;
  readonly #target: PageTarget;
  readonly #shared: SharedPages;
  readonly #lost: Lost;
  readonly #progress: Progress;
  readonly #turn: Int32Array;
  readonly #compressor: PageCompressor;
  readonly #flag: number;
  readonly #input = new Uint8Array(BATCH);
  readonly #output = new Uint8Array(BATCH);
  readonly #descriptors: Uint8Array;
  readonly #view: DataView;

  constructor(memory: GuestMemory, target: PageTarget, shared: SharedPages, lost: Lost, progress: Progress) {
    this.#progress = progress;
    this.#turn = new Int32Array(shared.turn);
    this.#memory = memory;
    this.#target = target;
    this.#shared = shared;
    this.#lost = lost;
    this.#compressor = new PageCompressor(shared.compression, shared.blockSize);
    this.#flag = FLAG_OF[shared.compression];
    this.#descriptors = new Uint8Array((BATCH / shared.blockSize) * DESCRIPTOR_SIZE);
    this.#view = new DataView(this.#descriptors.buffer);
  }

  /** A piece of whole pages, BATCH at most. */
  write({ index, physical, length, position: firstDescriptor }: Piece): void {
    const { blockSize, littleEndian, descriptorOffset, zeroPage } = this.#shared;
    const unknown = this.#read(physical, length);
    const pages = length / blockSize;
    // Places are relative to the batch until it is known where that goes.
    const offsets = new Float64Array(pages).fill(-1);
    const sizes = new Uint32Array(pages);
    let filled = 0;
    for (let page = 0; page < pages; page++) {
      if (unknown.has(page)) continue;
      const at = page * blockSize;
      if (isZero(this.#input, at, blockSize)) {
        sizes[page] = blockSize;
        continue;
      }
      const plain = this.#input.subarray(at, at + blockSize);
      const stored = this.#compressor.compress(plain) ?? plain;
      this.#output.set(stored, filled);
      offsets[page] = filled;
      sizes[page] = stored.length;
      filled += stored.length;
    }
    const start = this.#reserveInTurn(index, filled);
    for (let page = 0; page < pages; page++) {
      const offset = offsets[page]!;
      const size = sizes[page]!;
      const at = page * DESCRIPTOR_SIZE;
      // A page that could not be read has a descriptor of zeros: "incomplete" to every reader.
      if (size === 0) encodeDescriptor(this.#view, at, littleEndian, 0, 0, 0);
      else if (offset < 0) encodeDescriptor(this.#view, at, littleEndian, zeroPage, blockSize, 0);
      else encodeDescriptor(this.#view, at, littleEndian, start + offset, size, size < blockSize ? this.#flag : 0);
    }
    this.#target.write(start, this.#output, 0, filled);
    this.#target.write(descriptorOffset + firstDescriptor * DESCRIPTOR_SIZE, this.#descriptors, 0, pages * DESCRIPTOR_SIZE);
  }

  /** Where the piece's data goes: behind that of the pieces before it. Throws when one of those will never come. */
  #reserveInTurn(index: number, size: number): number {
    const { copy, data } = this.#shared;
    for (let turn = Atomics.load(this.#turn, 0); turn !== index; turn = Atomics.load(this.#turn, 0)) {
      if (isStopped(copy)) throw new WorkbenchError('cancelled', 'another thread of this export failed');
      this.#progress.report('compressing memory', countHandled(copy, 0), copy.total);
      Atomics.wait(this.#turn, 0, turn, PATIENCE);
    }
    const start = reserve(data, size);
    Atomics.store(this.#turn, 0, index + 1);
    Atomics.notify(this.#turn, 0);
    return start;
  }

  /** Reads the batch; returns the pages that cannot be read. */
  #read(physical: number, length: number): Set<number> {
    const { blockSize } = this.#shared;
    const unknown = new Set<number>();
    for (const { start, end, state, reason } of this.#memory.readStreaming(physical, this.#input.subarray(0, length))) {
      if (isKnown(state)) continue;
      for (let page = Math.floor(start / blockSize); page * blockSize < end; page++) {
        if (!unknown.has(page)) noteMissing(this.#lost, physical + page * blockSize, blockSize, reason ?? state);
        unknown.add(page);
      }
    }
    return unknown;
  }
}
