/** The records of a flattened file, one after the other; layout: index.ts. */
import type { ByteSource } from '../../memory/byte-source.ts';

const SIGNATURE = 'makedumpfile';
export const HEADER_SIZE = 4096;
const RECORD_HEADER = 16;
/** No file inside is longer: 64 TiB. */
const MAX_SIZE = 2 ** 46;
/** QEMU's records are of 4 and 16 KiB: their headers are found fastest in large reads. makedumpfile's may be of many MiB: those are jumped over. */
const WINDOW = 1024 * 1024;
const SMALL_RECORD = 65536;

export interface FlatRecord {
  /** In the file inside. */
  offset: number;
  size: number;
  /** Where its data lies in the source; it may go on beyond the end. */
  place: number;
}

/** True for the header of a flattened file of the only type and version that there are. */
export function isFlattened(head: Uint8Array): boolean {
  if (head.length < 32) return false;
  const text = String.fromCharCode(...head.subarray(0, 16));
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  return text === SIGNATURE.padEnd(16, '\0') && view.getBigInt64(16) === 1n && view.getBigInt64(24) === 1n;
}

export class RecordReader {
  /** Where the next record's header lies. */
  at: number;
  readonly #source: ByteSource;
  readonly #window = new Uint8Array(WINDOW);
  readonly #view = new DataView(this.#window.buffer);
  #start = 0;
  #length = 0;
  #lastSize = 0;

  constructor(source: ByteSource, at: number) {
    this.#source = source;
    this.at = at;
  }

  /** The next record; `end` at the mark of the end, `truncated` where the file ends before it, `damaged` for numbers that cannot be. */
  next(): FlatRecord | 'end' | 'truncated' | 'damaged' {
    const { at } = this;
    if (at + RECORD_HEADER > this.#source.size) return 'truncated';
    if (at < this.#start || at + RECORD_HEADER > this.#start + this.#length) {
      this.#start = at;
      const wanted = this.#lastSize < SMALL_RECORD ? WINDOW : RECORD_HEADER;
      this.#length = this.#source.readStreaming(at, this.#window.subarray(0, wanted));
    }
    const view = this.#view;
    const offset = Number(view.getBigInt64(at - this.#start));
    const size = Number(view.getBigInt64(at - this.#start + 8));
    if (offset === -1 && size === -1) return 'end';
    if (offset < 0 || size < 0 || offset + size > MAX_SIZE) return 'damaged';
    this.#lastSize = size;
    const place = at + RECORD_HEADER;
    this.at = place + size;
    return { offset, size, place };
  }
}
