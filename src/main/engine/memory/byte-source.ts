/** The only way to a file's bytes. Implementations: io/. Synchronous, as everything inside a worker. */

export interface ByteSource {
  /** File name without folder, for messages. */
  readonly name: string;
  /** Bytes; as of opening. */
  readonly size: number;

  /**
   * Copies bytes from `offset` on into `target`; returns how many there were (fewer only at the end of the file).
   * Throws WorkbenchError `source-changed` when the file has become shorter than it was, `io` when the system refuses.
   * For small reads all over the file: goes through the page cache.
   */
  read(offset: number, target: Uint8Array): number;

  /** As `read`, for passes over much of the file: bypasses the page cache. Best with 1 to 4 MiB a call. */
  readStreaming(offset: number, target: Uint8Array): number;

  /** 8 bytes, little-endian, into `low` and `high` (unsigned 32-bit) without allocating; false past the end. `offset` may be unaligned. */
  readU64(offset: number): boolean;
  readonly low: number;
  readonly high: number;
}
