/** Forward reading of a stream in 4 MiB pieces: big-endian integers, skipping, and an end that is noticed. */
import type { ByteSource } from '../../memory/byte-source.ts';

/** The stream ends inside a record. Caught where the stream is opened: what came before is still good. */
export class StreamEnd extends Error {
  readonly position: number;

  constructor(position: number) {
    super(`the stream ends at 0x${position.toString(16)}`);
    this.position = position;
  }
}

const CHUNK = 4 * 1024 * 1024;

export class StreamCursor {
  readonly source: ByteSource;
  readonly #buffer: Uint8Array;
  readonly #view: DataView;
  /** File offset of the buffer's first byte, bytes in it, and the next one to read, which may lie behind the buffer's end. */
  #base: number;
  #filled = 0;
  #at = 0;

  constructor(source: ByteSource, position = 0) {
    this.source = source;
    this.#base = position;
    this.#buffer = new Uint8Array(Math.min(CHUNK, Math.max(16, source.size)));
    this.#view = new DataView(this.#buffer.buffer);
  }

  /** File offset of the next byte. */
  get position(): number {
    return this.#base + this.#at;
  }

  get atEnd(): boolean {
    return this.position >= this.source.size;
  }

  seek(position: number): void {
    const at = position - this.#base;
    if (at >= 0 && at <= this.#filled) {
      this.#at = at;
      return;
    }
    this.#base = position;
    this.#filled = 0;
    this.#at = 0;
  }

  /** Passes over bytes; throws StreamEnd when they are not all there. */
  skip(length: number): void {
    const target = this.position + length;
    if (target > this.source.size) throw new StreamEnd(this.source.size);
    if (this.#at + length <= this.#filled) this.#at += length;
    else this.seek(target);
  }

  u8(): number {
    if (this.#at >= this.#filled) this.#need(1);
    return this.#buffer[this.#at++]!;
  }

  /** The next byte without passing it; undefined at the end of the file. */
  peek(): number | undefined {
    if (this.atEnd) return undefined;
    if (this.#at >= this.#filled) this.#need(1);
    return this.#buffer[this.#at];
  }

  u16(): number {
    if (this.#at + 2 > this.#filled) this.#need(2);
    const value = this.#view.getUint16(this.#at);
    this.#at += 2;
    return value;
  }

  u32(): number {
    if (this.#at + 4 > this.#filled) this.#need(4);
    const value = this.#view.getUint32(this.#at);
    this.#at += 4;
    return value;
  }

  /** A 64-bit integer; exact up to 2^53, above it rounded (nothing above can be an offset or size that makes sense). */
  u64(): number {
    const high = this.u32();
    return high * 2 ** 32 + this.u32();
  }

  /**
   * Passes over records that all have the same form, as pages in a row have: an 8-byte header, `payload` bytes (at least 1). The first header is `high`,
   * `low`, and each next one `step` more; the payload starts with the byte `first`, or with any. Returns how many there were, at most `most`; each is whole
   * in the file. Header after header without a call between them: this is where the time of opening a stream goes.
   */
  passRun(high: number, low: number, step: number, payload: number, most: number, first = -1): number {
    const { size } = this.source;
    const stride = 8 + payload;
    const bytes = this.#buffer;
    const view = this.#view;
    let nextHigh = high;
    let nextLow = low;
    let count = 0;
    while (count < most) {
      const room = size - this.position;
      if (room < stride) break;
      if (this.#at + 9 > this.#filled) this.#need(9);
      const last = Math.min(this.#filled - 9, this.#at + room - stride);
      let at = this.#at;
      while (at <= last && count < most && view.getUint32(at + 4) === nextLow && view.getUint32(at) === nextHigh) {
        if (first >= 0 && bytes[at + 8] !== first) break;
        at += stride;
        count++;
        nextLow += step;
        if (nextLow >= 2 ** 32) {
          nextLow -= 2 ** 32;
          nextHigh++;
        }
      }
      this.#at = at;
      if (at <= last) break;
    }
    return count;
  }

  /** A copy of the next bytes. */
  bytes(length: number): Uint8Array {
    if (this.position + length > this.source.size) throw new StreamEnd(this.source.size);
    if (length <= this.#buffer.length) {
      if (this.#at + length > this.#filled) this.#need(length);
      return this.#buffer.slice(this.#at, (this.#at += length));
    }
    const target = new Uint8Array(length);
    this.source.readStreaming(this.position, target);
    this.seek(this.position + length);
    return target;
  }

  /** A name: u8 length and as many bytes, read as Latin-1 so that no byte is lost. */
  name(): string {
    return latin1(this.bytes(this.u8()));
  }

  #need(length: number): void {
    const position = this.position;
    if (position + length > this.source.size) throw new StreamEnd(this.source.size);
    this.#base = position;
    this.#at = 0;
    this.#filled = this.source.readStreaming(position, this.#buffer);
  }
}

export function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
