/** Memory as the user sees it: states of bytes, regions, RAM blocks. */

/**
 * What a byte of an address space is; exactly one of these holds for each.
 *
 * - `present`: the dump holds it.
 * - `zero`: the dump says that it is zero (a zero page record, the tail of a segment with filesz below memsz).
 * - `excluded`: whoever made the dump left it out on purpose.
 * - `absent`: there is no memory here, or the dump does not hold it.
 * - `corrupt`: the dump should hold it, but what it holds cannot be read.
 * - `encrypted`: the bytes are ciphertext.
 * - `unmapped`: (virtual spaces only) no page is mapped here.
 */
export type MemoryState = 'present' | 'zero' | 'excluded' | 'absent' | 'corrupt' | 'encrypted' | 'unmapped';

/** A stretch of a memory chunk that has one state. `start` and `end` are offsets into the chunk, half-open. */
export interface StateSpan {
  start: number;
  end: number;
  state: MemoryState;
  /** Why, in a few words, for states other than present. */
  reason?: string;
}

/** A piece of an address space. `bytes.length` is what was asked for; bytes that are not present or zero read as 0 and have a span that says so. */
export interface MemoryChunk {
  address: bigint;
  bytes: Uint8Array;
  spans: StateSpan[];
}

/** How a region came to its place. */
export interface Evidence {
  /** `proven`: the dump says so. `derived`: follows from the machine type's rules. `guessed`. `user`: typed in. */
  strength: 'proven' | 'derived' | 'guessed' | 'user';
  /** One or two sentences, naming section, field or rule. */
  text: string;
}

/** A range of guest-physical addresses backed by one piece of a RAM block. */
export interface MemoryRegion {
  start: number;
  /** Inclusive. */
  last: number;
  /** Name of the RAM block behind it; a vmcore without names has `null`. */
  block: string | null;
  /** Offset of `start` in the block. */
  blockOffset: number;
  readOnly: boolean;
  evidence: Evidence;
  /** Bytes by state; adds up to last - start + 1. */
  states: Partial<Record<MemoryState, number>>;
}

/** A RAM block of the emulator: memory with a name, whose place in the guest-physical map a stream does not tell. */
export interface RamBlock {
  name: string;
  length: number;
  /** Where its pages show up in the guest-physical map; empty when they do not. */
  mappedAt: number[];
  /** What it is, in words, when known: "firmware", "main memory". */
  role?: string;
  /** HVA of its first byte, where the dump knows it. */
  host?: number;
  states: Partial<Record<MemoryState, number>>;
}

export interface MemoryMap {
  /** Sorted by start, disjoint. */
  regions: MemoryRegion[];
  blocks: RamBlock[];
  /** The corrections in force, as they were given, so that the next edit can send all of them again. */
  corrections: RegionCorrection[];
}

/** One correction: this range is that piece of that block. `block: null` says that nothing is there. */
export interface RegionCorrection {
  start: number;
  /** Inclusive. */
  last: number;
  block: string | null;
  blockOffset: number;
}
