/**
 * Copies a dump's memory into a file in pieces, by as many threads as there are: each takes the next piece off a shared counter. What decompresses
 * pages then does so on all cores.
 *
 * ```
 * pieces    Float64 x 3   guest-physical start, bytes, position in the file; ascending
 * counters  Int32 x 2     number of the next piece; 1 once a thread has failed
 *           BigInt64      bytes that have been handled
 * ```
 */
import type { Progress } from '../formats/format.ts';
import type { GuestMemory } from '../memory/guest-memory.ts';
import type { PageTarget } from './file-writer.ts';
import { noteMissing, type Missing } from './memory-ranges.ts';
import { isKnown, memoryRuns } from './memory-runs.ts';
import { PageCopier } from './page-copier.ts';

/** A piece: small enough for the threads to end together, large enough for long reads. */
const PIECE = 16 * 1024 * 1024;
const REPORT_EVERY_MS = 100;

/** Work that threads share. Plain data. */
export interface SharedCopy {
  pieces: SharedArrayBuffer;
  counters: SharedArrayBuffer;
  /** Bytes of memory in all pieces. */
  total: number;
  /** False writes zeros, too. */
  sparse: boolean;
}

/** Memory that turned out to be unreadable while it was written; it is zero in the file. */
export type Lost = Missing;

const NEXT = 0;
const STOPPED = 1;
const DONE = 1;

/** Divides memory and its places in the file into pieces of `size` bytes at most. `step`: bytes of memory for one of position, 1 where it is left out. */
export function shareCopy(
  memory: readonly { physical: number; length: number; position: number; step?: number }[],
  sparse = true,
  size = PIECE,
): SharedCopy {
  const rows: number[] = [];
  let total = 0;
  for (const { physical, length, position, step = 1 } of memory) {
    total += length;
    for (let done = 0; done < length; done += size) rows.push(physical + done, Math.min(size, length - done), position + done / step);
  }
  const pieces = new SharedArrayBuffer(rows.length * 8);
  new Float64Array(pieces).set(rows);
  return { pieces, counters: new SharedArrayBuffer(16), total, sparse };
}

/** Ends the work of all threads after the pieces that they have in hand. */
export function stopCopy({ pieces, counters }: SharedCopy): void {
  const words = new Int32Array(counters);
  Atomics.store(words, STOPPED, 1);
  Atomics.store(words, NEXT, pieces.byteLength / 24);
}

/** Whether a thread has failed, so that nobody needs to wait for its share. */
export function isStopped({ counters }: SharedCopy): boolean {
  return Atomics.load(new Int32Array(counters), STOPPED) !== 0;
}

/** A stretch of memory and its place in the file; `index` counts from 0 in the order in which pieces are taken. */
export interface Piece {
  index: number;
  physical: number;
  length: number;
  position: number;
}

/** The next piece that nobody has taken yet; undefined when there is none. */
export function takePiece(shared: SharedCopy): Piece | undefined {
  const pieces = new Float64Array(shared.pieces);
  const index = Atomics.add(new Int32Array(shared.counters), NEXT, 1);
  if (index >= pieces.length / 3) return undefined;
  return { index, physical: pieces[index * 3]!, length: pieces[index * 3 + 1]!, position: pieces[index * 3 + 2]! };
}

/** Counts bytes as handled; returns how many are, by all threads. */
export function countHandled({ counters }: SharedCopy, bytes: number): number {
  return Number(Atomics.add(new BigInt64Array(counters), DONE, BigInt(bytes))) + bytes;
}

/** Takes pieces until there are none left. `progress` throws to cancel. */
export function copyMemory(memory: GuestMemory, target: PageTarget, shared: SharedCopy, progress: Progress): Lost {
  const lost: Lost = { missing: [], missingCut: false, missingSize: 0 };
  const copier = new PageCopier(memory.source, target, shared.sparse);
  let reportAt = 0;
  const count = (bytes: number) => {
    const done = countHandled(shared, bytes);
    const now = performance.now();
    if (now < reportAt) return;
    progress.report('writing memory', done, shared.total);
    reportAt = now + REPORT_EVERY_MS;
  };
  for (let piece = takePiece(shared); piece; piece = takePiece(shared)) copyPiece(memory, copier, piece, lost, count);
  copier.finish();
  return lost;
}

function copyPiece(
  memory: GuestMemory,
  copier: PageCopier,
  piece: { physical: number; length: number; position: number },
  lost: Lost,
  count: (bytes: number) => void,
): void {
  for (const { physical, length, state, place, stride, fill, coded } of memoryRuns(memory, piece.physical, piece.physical + piece.length)) {
    const position = piece.position + (physical - piece.physical);
    if (!isKnown(state)) count(length);
    else if (place >= 0) copier.copy(place, stride, length, position, count);
    else if (coded) {
      copier.produce(length, position, (done, target) => {
        for (const { start, end, state: found, reason } of memory.read(physical + done, target)) {
          if (!isKnown(found)) noteMissing(lost, physical + done + start, end - start, reason ?? found);
        }
        count(target.length);
      });
    } else {
      copier.fill(fill, length, position);
      count(length);
    }
  }
}
