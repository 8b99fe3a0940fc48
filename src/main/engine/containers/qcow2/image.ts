/** The bytes of an image, which may lie anywhere in its source: offsets as the format counts them. */
import { DumpFormatError } from '#shared/errors.ts';
import type { Wrapped } from '../container.ts';
import type { OpenSource } from '../../io/open-source.ts';

/** A part of the image, as offsets in it; `end` is exclusive. */
export interface Place {
  start: number;
  end: number;
}

const WORDS_A_CHUNK = 8192;

export class Image {
  readonly source: OpenSource;
  /** Offset of the image's first byte in the source. */
  readonly start: number;
  /** Bytes of the image that there are. */
  readonly size: number;

  constructor({ source, start }: Wrapped) {
    this.source = source;
    this.start = start;
    this.size = Math.max(0, source.size - start);
  }

  /** A copy of the bytes from `offset` on, fewer than `length` at the end of the file. */
  bytes(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.size - offset)));
    this.source.read(this.start + offset, bytes);
    return bytes;
  }

  problem(part: string, offset: number, field: string, expected: string, found: string): DumpFormatError {
    return new DumpFormatError({ format: `qcow2 ${part}`, source: this.source.name, fileOffset: this.start + offset, field, expected, found });
  }
}

/** The 64-bit words of a table in the image (L1, L2), read at most 64 KiB at a time. */
export class WordTable {
  readonly #image: Image;
  readonly #offset: number;
  readonly #chunk: DataView;
  #first = 0;
  #loaded = 0;

  /** Halves of the last word that `load` found. */
  high = 0;
  low = 0;

  /** `count` words from `offset` on. */
  constructor(image: Image, offset: number, count: number) {
    this.#image = image;
    this.#offset = offset;
    this.#chunk = new DataView(new ArrayBuffer(Math.min(count, WORDS_A_CHUNK) * 8));
  }

  /** Offset of a word in the image. */
  placeOf(index: number): number {
    return this.#offset + index * 8;
  }

  /** False when the word lies beyond the end of the file. */
  load(index: number): boolean {
    if (index < this.#first || index >= this.#first + this.#loaded) {
      const bytes = new Uint8Array(this.#chunk.buffer);
      this.#first = index;
      this.#loaded = Math.floor(this.#image.source.read(this.#image.start + this.placeOf(index), bytes) / 8);
      if (this.#loaded === 0) return false;
    }
    const at = (index - this.#first) * 8;
    this.high = this.#chunk.getUint32(at);
    this.low = this.#chunk.getUint32(at + 4);
    return true;
  }
}
