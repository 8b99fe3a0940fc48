/**
 * Copies runs of a dump's pages into a sparse file: few large reads, page headers squeezed out in place, pages of zeros left out, large writes.
 *
 * Runs whose bytes lie close together in the source are read in one go: in a migration stream zero pages (17 bytes) lie between the data.
 */
import type { ByteSource } from '../memory/byte-source.ts';
import { PAGE_SIZE } from '../memory/extent-table.ts';
import type { PageTarget } from './file-writer.ts';

/** Bytes of the source that are read at once. */
const READ_SIZE = 1024 * 1024;
/** A gap in the source that is cheaper to read over than to skip. */
const NEAR = 65536;
/** Pieces from here on are written from where they were read; shorter ones are gathered. */
const DIRECT = 128 * 1024;

interface Piece {
  /** In the read buffer. */
  at: number;
  stride: number;
  length: number;
  /** In the target. */
  position: number;
}

export class PageCopier {
  readonly #source: ByteSource;
  readonly #target: PageTarget;
  readonly #sparse: boolean;
  readonly #read = new Uint8Array(READ_SIZE);
  readonly #words = new DataView(this.#read.buffer);
  readonly #gathered = new Uint8Array(READ_SIZE);
  #pieces: Piece[] = [];
  /** File range of the source that the pieces lie in. */
  #start = 0;
  #end = 0;
  /** Where the gathered bytes go, and how many they are. */
  #position = 0;
  #filled = 0;

  /** `sparse`: pages of zeros are left out. */
  constructor(source: ByteSource, target: PageTarget, sparse = true) {
    this.#sparse = sparse;
    this.#source = source;
    this.#target = target;
  }

  /** Copies `length` bytes, pages of `stride` bytes from `place` on, to `position`. `done` is called with the bytes copied by each read. */
  copy(place: number, stride: number, length: number, position: number, done: (bytes: number) => void): void {
    const most = stride === PAGE_SIZE ? READ_SIZE : (Math.floor((READ_SIZE - PAGE_SIZE) / stride) + 1) * PAGE_SIZE;
    for (let copied = 0; copied < length;) {
      const size = Math.min(most, length - copied);
      const from = place + (copied / PAGE_SIZE) * stride;
      const span = (Math.ceil(size / PAGE_SIZE) - 1) * stride + (size - (Math.ceil(size / PAGE_SIZE) - 1) * PAGE_SIZE);
      const joins = this.#pieces.length > 0 && from >= this.#end && from - this.#end <= NEAR && from + span - this.#start <= READ_SIZE;
      if (!joins) {
        this.#readPieces();
        this.#start = from;
      }
      this.#pieces.push({ at: from - this.#start, stride, length: size, position: position + copied });
      this.#end = from + span;
      copied += size;
      done(size);
    }
  }

  /** Writes a fill; zeros are left out of a sparse file. */
  fill(value: number, length: number, position: number): void {
    if (value === 0 && this.#sparse) return;
    // What is gathered goes out in the order of the target.
    this.#readPieces();
    const bytes = new Uint8Array(Math.min(length, PAGE_SIZE)).fill(value);
    for (let done = 0; done < length; done += bytes.length) this.#gather(bytes, 0, Math.min(bytes.length, length - done), position + done);
  }

  /** Writes memory that `produce` makes: it fills its argument, at most READ_SIZE bytes from `done` on, until all `length` are there. */
  produce(length: number, position: number, produce: (done: number, target: Uint8Array) => void): void {
    this.#readPieces();
    for (let done = 0; done < length; done += READ_SIZE) {
      const size = Math.min(READ_SIZE, length - done);
      produce(done, this.#read.subarray(0, size));
      this.#writeData(0, size, position + done);
    }
  }

  /** Writes whatever is still held back. */
  finish(): void {
    this.#readPieces();
    this.#flush();
  }

  #readPieces(): void {
    const buffer = this.#read;
    if (this.#pieces.length === 0) return;
    this.#source.readStreaming(this.#start, buffer.subarray(0, this.#end - this.#start));
    for (const { at, stride, length, position } of this.#pieces) {
      if (stride !== PAGE_SIZE) {
        const pages = Math.ceil(length / PAGE_SIZE);
        for (let page = 1; page < pages; page++) buffer.copyWithin(at + page * PAGE_SIZE, at + page * stride, at + page * stride + PAGE_SIZE);
      }
      this.#writeData(at, length, position);
    }
    this.#pieces = [];
  }

  /** Writes what is not left out of a stretch of the read buffer. */
  #writeData(at: number, length: number, position: number): void {
    let done = 0;
    while (done < length) {
      let stop = done;
      while (stop < length && !this.#isZero(at + stop, Math.min(PAGE_SIZE, length - stop))) stop = Math.min(length, stop + PAGE_SIZE);
      const size = stop - done;
      if (size >= DIRECT) {
        this.#flush();
        this.#target.write(position + done, this.#read, at + done, size);
      } else if (size > 0) this.#gather(this.#read, at + done, size, position + done);
      done = stop;
      while (done < length && this.#isZero(at + done, Math.min(PAGE_SIZE, length - done))) done = Math.min(length, done + PAGE_SIZE);
    }
  }

  /** Whether a page may be left out. */
  #isZero(at: number, length: number): boolean {
    if (!this.#sparse) return false;
    const words = this.#words;
    const whole = at + length - (length % 8);
    for (let offset = at; offset < whole; offset += 8) if ((words.getInt32(offset) | words.getInt32(offset + 4)) !== 0) return false;
    for (let offset = whole; offset < at + length; offset++) if (this.#read[offset] !== 0) return false;
    return true;
  }

  /** Adds bytes, at most READ_SIZE, to those that are written together. Nothing is written between them: a header (LiME's) may lie there. */
  #gather(bytes: Uint8Array, start: number, length: number, position: number): void {
    if (this.#filled === 0 || position !== this.#position + this.#filled || this.#filled + length > READ_SIZE) {
      this.#flush();
      this.#position = position;
    }
    this.#gathered.set(bytes.subarray(start, start + length), this.#filled);
    this.#filled += length;
  }

  #flush(): void {
    if (this.#filled > 0) this.#target.write(this.#position, this.#gathered, 0, this.#filled);
    this.#filled = 0;
  }
}
