/** A ByteSource over bytes in memory, for inputs that a test makes or damages itself. */
import type { ByteSource } from '#engine/memory/byte-source.ts';

export class ArraySource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  low = 0;
  high = 0;
  /** Bytes that were read, over and over included. */
  traffic = 0;

  constructor(bytes: Uint8Array, name = 'bytes') {
    this.name = name;
    this.size = bytes.length;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  read(offset: number, target: Uint8Array): number {
    // As a file: nothing is read beyond the end, however far; a negative offset is a bug of the caller.
    if (!(offset >= 0)) throw new Error(`read at ${offset}`);
    if (offset >= this.size) return 0;
    const piece = this.#bytes.subarray(offset, offset + target.length);
    target.set(piece);
    this.traffic += piece.length;
    return piece.length;
  }

  readStreaming(offset: number, target: Uint8Array): number {
    return this.read(offset, target);
  }

  readU64(offset: number): boolean {
    if (offset < 0 || offset + 8 > this.size) return false;
    this.low = this.#view.getUint32(offset, true);
    this.high = this.#view.getUint32(offset + 4, true);
    return true;
  }
}
