/**
 * makedumpfile's flattened form: a file as records in any order, so that it can go through a pipe; `makedumpfile -R` makes the file of it.
 *
 * ```
 * header, 4096 bytes   "makedumpfile" in 16 bytes | i64 type 1 | i64 version 1 | zeros       big-endian
 * record               i64 offset | i64 size | data                                          an offset and size of -1 end the file
 * ```
 * Threads reserve their places in the output from one shared counter.
 */
import type { PageTarget } from './file-writer.ts';

export const FLATTENED_HEADER_SIZE = 4096;
const RECORD_HEADER_SIZE = 16;

export function flattenedHeader(): Uint8Array {
  const bytes = new Uint8Array(FLATTENED_HEADER_SIZE);
  bytes.set(new TextEncoder().encode('makedumpfile'));
  const view = new DataView(bytes.buffer);
  view.setBigInt64(16, 1n);
  view.setBigInt64(24, 1n);
  return bytes;
}

export function flattenedEnd(): Uint8Array {
  return new Uint8Array(RECORD_HEADER_SIZE).fill(0xff);
}

/** A counter for the next free byte of the output. */
export function newPosition(start: number): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(8);
  new BigInt64Array(shared)[0] = BigInt(start);
  return shared;
}

/** Reserves `size` bytes; returns where they start. */
export function reserve(position: SharedArrayBuffer, size: number): number {
  return Number(Atomics.add(new BigInt64Array(position), 0, BigInt(size)));
}

export class FlattenedTarget implements PageTarget {
  readonly #output: PageTarget;
  readonly #position: SharedArrayBuffer;

  constructor(output: PageTarget, position: SharedArrayBuffer) {
    this.#output = output;
    this.#position = position;
  }

  write(position: number, bytes: Uint8Array, start = 0, length = bytes.length): void {
    if (length === 0) return;
    const at = reserve(this.#position, RECORD_HEADER_SIZE + length);
    const header = new Uint8Array(RECORD_HEADER_SIZE);
    const view = new DataView(header.buffer);
    view.setBigInt64(0, BigInt(position));
    view.setBigInt64(8, BigInt(length));
    this.#output.write(at, header);
    this.#output.write(at + RECORD_HEADER_SIZE, bytes, start, length);
  }
}
