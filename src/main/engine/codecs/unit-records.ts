/**
 * A table of coded units that lie each in one piece somewhere in a file: what AVML frames, image clusters and compressed pages have in common. Units
 * are numbered by their row.
 *
 * ```
 * offsets  Float64   file offset of the coded bytes
 * sizes    Uint32    how many they are
 * codecs   Uint8     index into CODECS
 * ```
 */
import type { ByteSource } from '../memory/byte-source.ts';
import type { UnitDecoder, UnitFault } from '../memory/unit-decoder.ts';
import { decodeUnit, type CodecId } from './codec.ts';

const CODECS: readonly CodecId[] = ['stored', 'zlib', 'deflate', 'lzo1x', 'snappy', 'zstd', 'snappy-crc', 'stored-crc'];
const ROW_BYTES = 8 + 4 + 1;

/** As plain data, for other threads. */
export interface SharedUnitRecords {
  buffer: SharedArrayBuffer;
  count: number;
}

/** Collects units; memory grows with their number. */
export class UnitRecordBuilder {
  readonly #offsets: number[] = [];
  readonly #sizes: number[] = [];
  readonly #codecs: number[] = [];

  get count(): number {
    return this.#offsets.length;
  }

  /** Returns the unit's number. */
  add(codec: CodecId, offset: number, size: number): number {
    this.#offsets.push(offset);
    this.#sizes.push(size);
    this.#codecs.push(CODECS.indexOf(codec));
    return this.#offsets.length - 1;
  }

  finish(): SharedUnitRecords {
    const count = this.count;
    const buffer = new SharedArrayBuffer(count * ROW_BYTES);
    new Float64Array(buffer, 0, count).set(this.#offsets);
    new Uint32Array(buffer, count * 8, count).set(this.#sizes);
    new Uint8Array(buffer, count * 12, count).set(this.#codecs);
    return { buffer, count };
  }
}

/** Reads units by their records. A unit whose coded bytes give less than it is long is corrupt. */
export class UnitRecordDecoder implements UnitDecoder {
  readonly #source: ByteSource;
  readonly #offsets: Float64Array;
  readonly #sizes: Uint32Array;
  readonly #codecs: Uint8Array;
  #input = new Uint8Array(65536);

  constructor(source: ByteSource, { buffer, count }: SharedUnitRecords) {
    this.#source = source;
    this.#offsets = new Float64Array(buffer, 0, count);
    this.#sizes = new Uint32Array(buffer, count * 8, count);
    this.#codecs = new Uint8Array(buffer, count * 12, count);
  }

  decode(unit: number, target: Uint8Array): UnitFault | undefined {
    const offset = this.#offsets[unit]!;
    const size = this.#sizes[unit]!;
    const codec = CODECS[this.#codecs[unit]!]!;
    if (offset + size > this.#source.size) return { state: 'absent', reason: 'beyond the end of the file' };
    if (size > this.#input.length) this.#input = new Uint8Array(size);
    const input = this.#input.subarray(0, size);
    this.#source.read(offset, input);
    if (decodeUnit(codec, input, target) === target.length) return undefined;
    return { state: 'corrupt', reason: `damaged ${codec} data at 0x${offset.toString(16)}` };
  }
}
