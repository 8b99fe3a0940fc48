/** What translation, decoding and display need of a guest's physical memory; they never see a file. */
import type { MemoryState, StateSpan } from '#shared/model/memory.ts';

export interface PhysicalMemory {
  /**
   * Reads 8 bytes, little-endian, into `low` and `high` (unsigned 32-bit halves) without allocating.
   * `address` must be a multiple of 8. False when the dump does not hold all of them; `low` and `high` are then 0.
   * A `zero` page reads as 0 and is true.
   */
  readU64(address: number): boolean;
  readonly low: number;
  readonly high: number;

  /** Fills `target` from `address` on; bytes that are not there become 0. The spans cover all of `target`, merged where the state goes on. */
  read(address: number, target: Uint8Array): StateSpan[];

  /** Exactly `length` bytes in a buffer of the caller's own; throws WorkbenchError `hole` at the first byte that is neither present nor zero. */
  readExact(address: number, length: number): Uint8Array;

  /** State of the byte at `address`. */
  stateAt(address: number): MemoryState;
}
