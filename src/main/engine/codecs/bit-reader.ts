/** Bits out of bytes, the highest of each byte first. Beyond the end there are zeros; `overrun` tells. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  /** The lowest #count bits of #bits are the next ones. */
  #bits = 0;
  #count = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The next bits, at most 24, without passing over them. */
  peek(count: number): number {
    while (this.#count < count) {
      this.#bits = (this.#bits << 8) | (this.#at < this.#bytes.length ? this.#bytes[this.#at]! : 0);
      this.#at++;
      this.#count += 8;
    }
    return (this.#bits >>> (this.#count - count)) & ((1 << count) - 1);
  }

  /** Passes over bits that were peeked. */
  skip(count: number): void {
    this.#count -= count;
  }

  /** At most 24 bits. */
  read(count: number): number {
    const bits = this.peek(count);
    this.#count -= count;
    return bits;
  }

  /** Bits read so far. */
  get position(): number {
    return this.#at * 8 - this.#count;
  }

  /** True when more was read than there is. */
  get overrun(): boolean {
    return this.position > this.#bytes.length * 8;
  }
}
