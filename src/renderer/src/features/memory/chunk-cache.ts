/**
 * Pieces of one address space as the engine gave them, a few at a time.
 *
 * The view says which chunks it wants now; those are read, at most IN_FLIGHT at once, nearest wish first. What was wished for and
 * not yet begun is forgotten with the next wish, so that scrolling fast does not leave a queue behind. What arrives after
 * `reset` belongs to another place and is dropped.
 */
import { READ_LIMIT } from '#shared/contract.ts';
import type { MemoryChunk } from '#shared/model/index.ts';

/** Bytes a chunk; a power of two. As much as one read may bring, because a long hole is found chunk by chunk. */
export const CHUNK_SIZE = READ_LIMIT;
const KEPT = 32;
const IN_FLIGHT = 2;

export type ChunkEntry = { kind: 'data'; chunk: MemoryChunk } | { kind: 'failed'; message: string };
export type ReadChunk = (address: bigint, length: number) => Promise<MemoryChunk>;

export function chunkStart(address: bigint): bigint {
  return address - (address % BigInt(CHUNK_SIZE));
}

export class ChunkCache {
  readonly #read: ReadChunk;
  readonly #onArrival: (entry: ChunkEntry, address: bigint) => void;
  readonly #entries = new Map<bigint, ChunkEntry>();
  readonly #flying = new Set<bigint>();
  #wanted: bigint[] = [];
  #spaceLast: bigint;
  #generation = 0;

  constructor(read: ReadChunk, spaceLast: bigint, onArrival: (entry: ChunkEntry, address: bigint) => void) {
    this.#read = read;
    this.#spaceLast = spaceLast;
    this.#onArrival = onArrival;
  }

  /** The chunk that holds `address`, when it is here. */
  peek(address: bigint): ChunkEntry | undefined {
    const start = chunkStart(address);
    const entry = this.#entries.get(start);
    if (entry) {
      this.#entries.delete(start);
      this.#entries.set(start, entry);
    }
    return entry;
  }

  /** Replaces the earlier wish by the chunks that hold these addresses; the first matter most. */
  want(addresses: readonly bigint[]): void {
    this.#wanted = [...new Set(addresses.map(chunkStart))].filter((start) => !this.#entries.has(start) && !this.#flying.has(start));
    this.#pump();
  }

  /** Another space, root or dump: everything here is void, and so is what is still on its way. */
  reset(spaceLast: bigint): void {
    this.#generation++;
    this.#entries.clear();
    this.#flying.clear();
    this.#wanted = [];
    this.#spaceLast = spaceLast;
  }

  /** Forgets failures, so that the next wish tries them again. */
  retry(): void {
    for (const [start, entry] of this.#entries) if (entry.kind === 'failed') this.#entries.delete(start);
  }

  #pump(): void {
    while (this.#flying.size < IN_FLIGHT) {
      const start = this.#wanted.shift();
      if (start === undefined) return;
      this.#flying.add(start);
      void this.#fetch(start, this.#generation);
    }
  }

  async #fetch(start: bigint, generation: number): Promise<void> {
    const room = this.#spaceLast - start + 1n;
    const length = room < BigInt(CHUNK_SIZE) ? Number(room) : CHUNK_SIZE;
    let entry: ChunkEntry;
    try {
      entry = { kind: 'data', chunk: await this.#read(start, length) };
    } catch (error) {
      entry = { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
    }
    if (generation !== this.#generation) return;
    this.#flying.delete(start);
    this.#entries.set(start, entry);
    const oldest = this.#entries.keys().next().value;
    if (this.#entries.size > KEPT && oldest !== undefined) this.#entries.delete(oldest);
    this.#onArrival(entry, start);
    this.#pump();
  }
}
