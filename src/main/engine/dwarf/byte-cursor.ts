/** Reads one field after the other, never beyond the end. */
import { DumpFormatError } from '#shared/errors.ts';

/** Where the bytes come from, for errors. */
export interface CursorPlace {
  /** File name. */
  source: string;
  section: string;
  /** Offset of the first byte in the section. */
  base: number;
}

export class ByteCursor {
  readonly bytes: Uint8Array;
  readonly littleEndian: boolean;
  readonly place: CursorPlace;
  readonly #view: DataView;
  /** Offset in `bytes`. */
  at: number;

  constructor(bytes: Uint8Array, littleEndian: boolean, place: CursorPlace, at = 0) {
    this.bytes = bytes;
    this.littleEndian = littleEndian;
    this.place = place;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.at = at;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  /** Moves on and returns where it was. Throws DumpFormatError beyond the end. */
  skip(length: number): number {
    const { at } = this;
    if (!(length >= 0) || at < 0 || at + length > this.bytes.length)
      throw this.problem('a value', `${length} more bytes`, `${Math.max(0, this.left)}`);
    this.at = at + length;
    return at;
  }

  u8(): number {
    return this.bytes[this.skip(1)]!;
  }

  u16(): number {
    return this.#view.getUint16(this.skip(2), this.littleEndian);
  }

  u32(): number {
    return this.#view.getUint32(this.skip(4), this.littleEndian);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.skip(8), this.littleEndian);
  }

  /** An unsigned number of 1 to 8 bytes; above 2^53 rounded. */
  unsigned(width: number): number {
    switch (width) {
      case 1:
        return this.u8();
      case 2:
        return this.u16();
      case 4:
        return this.u32();
      case 8:
        return Number(this.u64());
      default: {
        const at = this.skip(width);
        let value = 0;
        for (let index = 0; index < width; index++) value = value * 256 + this.bytes[this.littleEndian ? at + width - 1 - index : at + index]!;
        return value;
      }
    }
  }

  /** An address of `width` bytes. */
  address(width: number): bigint {
    return width === 8 ? this.u64() : BigInt(this.unsigned(width));
  }

  uleb(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.u8();
      // Zeros may pad a number; its value has 64 bits at most.
      if (shift < 64n) value |= BigInt(byte & 0x7f) << shift;
      if (!(byte & 0x80)) return BigInt.asUintN(64, value);
    }
  }

  sleb(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.u8();
      if (shift < 64n) value |= BigInt(byte & 0x7f) << shift;
      if (byte & 0x80) continue;
      const end = shift + 7n;
      return end < 64n && byte & 0x40 ? value - (1n << end) : BigInt.asIntN(64, value);
    }
  }

  /** A number of variable length; above 2^53 rounded. */
  count(): number {
    const first = this.bytes[this.at];
    if (first !== undefined && first < 0x80) {
      this.at++;
      return first;
    }
    return Number(this.uleb());
  }

  take(length: number): Uint8Array {
    const at = this.skip(length);
    return this.bytes.subarray(at, at + length);
  }

  /** Moves over a string and its zero byte; returns where it began. */
  skipString(): number {
    const { at } = this;
    const end = this.bytes.indexOf(0, at);
    if (end < 0) throw this.problem('a string', 'a zero byte', 'the end');
    this.at = end + 1;
    return at;
  }

  problem(field: string, expected: string, found: string): DumpFormatError {
    const { source, section, base } = this.place;
    return new DumpFormatError({ format: `DWARF ${section}`, source, fileOffset: base + Math.max(0, this.at), field, expected, found });
  }
}
