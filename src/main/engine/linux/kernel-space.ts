/** A kernel's virtual memory, read by the types that C has. Whatever the dump lacks is undefined, never zero. */
import type { PhysicalMemory } from '../memory/physical-memory.ts';
import type { TranslationSpace } from '../translate/translation-space.ts';

/** Longest string that is read: PATH_MAX. */
const MAX_STRING = 4096;
const DECODER = new TextDecoder();

export interface KernelSpaceOptions {
  littleEndian: boolean;
  /** Bytes of a pointer and of a long. */
  wordSize: 4 | 8;
}

export class KernelSpace {
  readonly littleEndian: boolean;
  readonly wordSize: 4 | 8;
  readonly memory: PhysicalMemory;
  readonly tables: TranslationSpace;
  readonly #scratch = new DataView(new ArrayBuffer(8));

  constructor(memory: PhysicalMemory, tables: TranslationSpace, { littleEndian, wordSize }: KernelSpaceOptions) {
    this.memory = memory;
    this.tables = tables;
    this.littleEndian = littleEndian;
    this.wordSize = wordSize;
  }

  /** Exactly `length` bytes in a buffer of the caller's own; undefined when one of them is not mapped or not in the dump. */
  bytes(address: bigint, length: number): Uint8Array | undefined {
    const bytes = new Uint8Array(length);
    return this.fill(address, bytes) === length ? bytes : undefined;
  }

  /** Fills `target` as far as memory goes without a gap; returns how far. */
  fill(address: bigint, target: Uint8Array): number {
    let done = 0;
    while (done < target.length) {
      const at = address + BigInt(done);
      if (!this.tables.translateAddress(at)) return done;
      const { physical, pageSize } = this.tables.found;
      const piece = target.subarray(done, Math.min(target.length, done + pageSize - (physical % pageSize)));
      for (const span of this.memory.read(physical, piece)) {
        if (span.state !== 'present' && span.state !== 'zero') return done + span.start;
      }
      done += piece.length;
    }
    return done;
  }

  u8(address: bigint): number | undefined {
    return this.#load(address, 1)?.getUint8(0);
  }

  u16(address: bigint): number | undefined {
    return this.#load(address, 2)?.getUint16(0, this.littleEndian);
  }

  u32(address: bigint): number | undefined {
    return this.#load(address, 4)?.getUint32(0, this.littleEndian);
  }

  s32(address: bigint): number | undefined {
    return this.#load(address, 4)?.getInt32(0, this.littleEndian);
  }

  u64(address: bigint): bigint | undefined {
    return this.#load(address, 8)?.getBigUint64(0, this.littleEndian);
  }

  /** A pointer, or an unsigned long. */
  word(address: bigint): bigint | undefined {
    if (this.wordSize === 8) return this.u64(address);
    const value = this.u32(address);
    return value === undefined ? undefined : BigInt(value);
  }

  /** Bytes up to a NUL, as UTF-8; as far as `limit` or memory goes. Undefined when not even the first byte is there. */
  string(address: bigint, limit: number = MAX_STRING): string | undefined {
    const bytes = new Uint8Array(Math.min(limit, MAX_STRING));
    const length = this.fill(address, bytes);
    if (length === 0) return undefined;
    const end = bytes.subarray(0, length).indexOf(0);
    return DECODER.decode(bytes.subarray(0, end < 0 ? length : end));
  }

  #load(address: bigint, size: number): DataView | undefined {
    const { tables, memory } = this;
    if (!tables.translateAddress(address)) return undefined;
    const { physical, pageSize } = tables.found;
    // All but the last few bytes of a page, the frequent case, without allocating.
    const inWord = physical % 8;
    if (inWord + size <= 8 && (physical % pageSize) + size <= pageSize) {
      if (!memory.readU64(physical - inWord)) return undefined;
      const word = this.#scratch;
      word.setUint32(0, memory.low, true);
      word.setUint32(4, memory.high, true);
      if (inWord !== 0) shift(word, inWord);
      return word;
    }
    const bytes = this.bytes(address, size);
    return bytes && new DataView(bytes.buffer);
  }
}

/** Moves the bytes from `from` on to the front. */
function shift(word: DataView, from: number): void {
  const bytes = new Uint8Array(word.buffer);
  bytes.copyWithin(0, from);
}
