/** The compressed bytes, read from front to back; `position` tells how far, for progress and for messages. */
import type { ByteSource } from '../../memory/byte-source.ts';
import { StreamDamage } from './compressed-format.ts';

const PIECE = 256 * 1024;
/** Of whoever looks ahead: enough for headers. */
const GLANCE = 4096;

export class CompressedInput {
  readonly name: string;
  /** Offset of the stream's first byte in the source. */
  readonly start: number;
  /** Where the source ends. */
  readonly end: number;
  /** Offset in the source of the next byte. */
  position: number;
  readonly #source: ByteSource;
  #buffer: Uint8Array;
  #bufferStart = 0;
  #bufferEnd = 0;

  constructor(source: ByteSource, start: number, bufferSize = PIECE) {
    this.#source = source;
    this.#buffer = new Uint8Array(bufferSize);
    this.name = source.name;
    this.start = start;
    this.end = source.size;
    this.position = start;
  }

  get left(): number {
    return Math.max(0, this.end - this.position);
  }

  /** For a walk over what lies ahead, a few bytes here and there. */
  ahead(): CompressedInput {
    const ahead = new CompressedInput(this.#source, this.start, GLANCE);
    ahead.position = this.position;
    return ahead;
  }

  /** The next bytes, fewer at the end of the file, without passing over them. Good until the next call. */
  peek(length: number): Uint8Array {
    const there = Math.min(length, this.left);
    if (this.position < this.#bufferStart || this.position + there > this.#bufferEnd) this.#fill(there);
    const from = this.position - this.#bufferStart;
    return this.#buffer.subarray(from, from + there);
  }

  /** Exactly so many bytes, passed over. Throws StreamDamage when the file ends before; allocates no more than the file has. */
  take(length: number, field: string): Uint8Array {
    const bytes = this.peek(length);
    if (bytes.length < length)
      throw new StreamDamage('truncated', this.position, field, `${length} bytes`, `the end of the file after ${bytes.length}`);
    this.position += length;
    return bytes;
  }

  /** The bytes up to `end` in pieces of their own, which whoever gets them may keep. Does not move `position`. */
  *pieces(end = this.end): Generator<Uint8Array> {
    for (let at = this.position; at < end;) {
      const piece = new Uint8Array(Math.min(PIECE, end - at));
      this.#source.readStreaming(at, piece);
      yield piece;
      at += piece.length;
    }
  }

  #fill(length: number): void {
    if (length > this.#buffer.length) this.#buffer = new Uint8Array(length);
    const wanted = Math.min(this.#buffer.length, this.left);
    this.#bufferStart = this.position;
    this.#bufferEnd = this.position + this.#source.readStreaming(this.position, this.#buffer.subarray(0, wanted));
  }
}
