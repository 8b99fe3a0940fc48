/** A window over a source: what is asked for in order is read in large pieces, what is asked for here and there in small ones through the page cache. */
import type { ByteSource } from '../../memory/byte-source.ts';

export class ReadAhead {
  readonly #source: ByteSource;
  readonly #windowBytes: number;
  #window = new Uint8Array(0);
  /** Of the window; positions in it are `at`. Another one after a call of `get`. */
  view = new DataView(this.#window.buffer);
  /** Where in the window the last piece asked for begins. */
  at = 0;
  #start = 0;
  #length = 0;

  constructor(source: ByteSource, windowBytes: number) {
    this.#source = source;
    this.#windowBytes = windowBytes;
  }

  /** `length` bytes (at most the window's) of the source at `offset`, good until the next call. The caller has checked that the source has them. */
  get(offset: number, length: number): Uint8Array {
    const end = this.#start + this.#length;
    if (offset < this.#start || offset + length > end) {
      // In order means: the window ran out under the caller, who goes on at its end.
      const inOrder = this.#length > 0 && offset <= end && offset >= this.#start && offset + length > end;
      this.#makeRoom(inOrder ? this.#windowBytes : length);
      if (inOrder) this.#length = this.#source.readStreaming(offset, this.#window);
      else this.#length = this.#source.read(offset, this.#window.subarray(0, length));
      this.#start = offset;
    }
    this.at = offset - this.#start;
    return this.#window.subarray(this.at, this.at + length);
  }

  /** The window is made when it is wanted: most decoders of a hostile or small dump never read in order. */
  #makeRoom(bytes: number): void {
    if (this.#window.length >= bytes) return;
    this.#window = new Uint8Array(bytes);
    this.view = new DataView(this.#window.buffer);
  }
}
