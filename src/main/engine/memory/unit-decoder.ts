/**
 * Memory that a dump holds in coded form: in units (a page of a kdump file, a cluster of an image) that must be decoded whole.
 *
 * Decoders live with the formats; memory/ only asks. A thread has its own decoder and its own cache.
 */
import type { MemoryState } from '#shared/model/memory.ts';

/** Why a unit's bytes cannot be had. */
export interface UnitFault {
  state: Extract<MemoryState, 'corrupt' | 'absent' | 'excluded'>;
  /** In a few words: "zlib stream damaged at 0x1f000". */
  reason: string;
}

export interface UnitDecoder {
  /**
   * Fills `target`, which is as long as the unit. Undefined when it succeeded; otherwise `target` holds nothing of use. Throws only what
   * reading the file throws.
   */
  decode(unit: number, target: Uint8Array): UnitFault | undefined;
}

/** Room for decoded units, in bytes: enough for the rows of a hex view and for what a walk keeps coming back to. */
const CACHE_BYTES = 4 * 1024 * 1024;

/** A thread's most recently used units, decoded. */
export class DecodedUnits {
  readonly #decoder: UnitDecoder;
  readonly #units = new Map<number, { bytes: Uint8Array; fault: UnitFault | undefined }>();
  #bytes = 0;

  constructor(decoder: UnitDecoder) {
    this.#decoder = decoder;
  }

  /** Copies a part of a unit of `unitSize` bytes; on a fault `target` is filled with zeros. */
  read(unit: number, unitSize: number, offset: number, target: Uint8Array): UnitFault | undefined {
    let found = this.#units.get(unit);
    if (found) this.#units.delete(unit);
    else {
      const bytes = this.#roomFor(unitSize);
      found = { bytes, fault: this.#decoder.decode(unit, bytes) };
      this.#bytes += unitSize;
    }
    this.#units.set(unit, found);
    if (found.fault) target.fill(0);
    else target.set(found.bytes.subarray(offset, offset + target.length));
    return found.fault;
  }

  /** A buffer of the size, that of the unit used longest ago when the cache is full. */
  #roomFor(unitSize: number): Uint8Array {
    let reused: Uint8Array | undefined;
    while (this.#bytes + unitSize > CACHE_BYTES && this.#units.size > 0) {
      const [oldest, { bytes }] = this.#units.entries().next().value!;
      this.#units.delete(oldest);
      this.#bytes -= bytes.length;
      if (bytes.length === unitSize) reused = bytes;
    }
    return reused ?? new Uint8Array(unitSize);
  }
}
