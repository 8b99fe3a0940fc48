/**
 * Pages that share their data. makedumpfile and QEMU keep one page of zeros, right behind the descriptors, and point every page of zeros at it; so it is
 * enough to look once at each place that more than one page points at.
 */
import { decodeUnit } from '../../codecs/codec.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import { codecOf } from './page-decoder.ts';

/** Places that are looked at: one or two in a real file. */
const MAX_PLACES = 64;

export class ZeroPages {
  readonly #source: ByteSource;
  readonly #page: Uint8Array;
  readonly #known = new Map<number, { size: number; flags: number; zero: boolean }>();

  constructor(source: ByteSource, blockSize: number) {
    this.#source = source;
    this.#page = new Uint8Array(blockSize);
  }

  /** True when the data at `offset` is a page of zeros. False also where that was not looked at. The descriptor is a possible one, inside the file. */
  isZero(offset: number, size: number, flags: number): boolean {
    const known = this.#known.get(offset);
    if (known) return known.zero && known.size === size && known.flags === flags;
    if (this.#known.size === MAX_PLACES) return false;
    const data = new Uint8Array(size);
    const zero =
      this.#source.read(offset, data) === size &&
      decodeUnit(codecOf(flags)!, data, this.#page) === this.#page.length &&
      this.#page.every((byte) => byte === 0);
    this.#known.set(offset, { size, flags, zero });
    return zero;
  }
}
