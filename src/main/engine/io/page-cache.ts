/**
 * A cache of file pages in shared memory, used by all worker threads of an open dump at once.
 *
 * 64 KiB a slot: the size at which mmap, pread and a cold disk cost the same per call (reference/platform.md, section 7).
 * Four slots form a set; a page belongs to the set that its number modulo the number of sets names. Nothing blocks: a slot carries a
 * sequence number that is odd while somebody fills it (a seqlock), and a reader who saw it change under the copy tries again.
 *
 * ```
 * tags       Int32 a slot   page number + 1, 0 = empty: files of up to 2^47 bytes
 * sequences  Int32 a slot   odd while being filled
 * used       Int32 a slot   set on a hit, cleared by the replacement's hand (second chance)
 * hands      Int32 a set    next way to look at
 * ```
 */
import { assert } from '#shared/errors.ts';

export const SLOT_SIZE = 65536;
const WAYS = 4;

/** The cache as plain data, to be handed to other threads. */
export interface SharedPageCache {
  control: SharedArrayBuffer;
  data: SharedArrayBuffer;
}

/** Room for `bytes`, rounded up to a power of two of sets. Memory is touched, and so resident, only as slots fill. */
export function createPageCache(bytes: number): SharedPageCache {
  const sets = 2 ** Math.max(0, Math.ceil(Math.log2(bytes / (SLOT_SIZE * WAYS))));
  const slots = sets * WAYS;
  return { control: new SharedArrayBuffer((slots * 3 + sets) * 4), data: new SharedArrayBuffer(slots * SLOT_SIZE) };
}

/** One thread's view of a shared page cache over one file. */
export class PageCache {
  readonly #tags: Int32Array;
  readonly #sequences: Int32Array;
  readonly #used: Int32Array;
  readonly #hands: Int32Array;
  readonly #slots: Uint8Array[];
  readonly #words: DataView;
  readonly #setMask: number;
  readonly #fill: (offset: number, target: Uint8Array) => void;
  readonly #size: number;

  /** Unsigned halves of the last `readU64`. */
  low = 0;
  high = 0;

  /** `fill` copies a stretch of the file, inside its `size`, into `target`; what it throws reaches the reader. */
  constructor(shared: SharedPageCache, size: number, fill: (offset: number, target: Uint8Array) => void) {
    assert(size < 2 ** 47, 'the page cache numbers pages with 31 bits');
    const slots = shared.data.byteLength / SLOT_SIZE;
    this.#tags = new Int32Array(shared.control, 0, slots);
    this.#sequences = new Int32Array(shared.control, slots * 4, slots);
    this.#used = new Int32Array(shared.control, slots * 8, slots);
    this.#hands = new Int32Array(shared.control, slots * 12, slots / WAYS);
    this.#setMask = slots / WAYS - 1;
    this.#words = new DataView(shared.data);
    this.#slots = Array.from({ length: slots }, (_, slot) => new Uint8Array(shared.data, slot * SLOT_SIZE, SLOT_SIZE));
    this.#fill = fill;
    this.#size = size;
  }

  /** Copies file bytes that lie within one page; the range is inside the file. */
  copy(offset: number, target: Uint8Array): void {
    const page = Math.floor(offset / SLOT_SIZE);
    const inPage = offset - page * SLOT_SIZE;
    for (;;) {
      const slot = this.#find(page) ?? this.#load(page);
      if (slot === undefined) {
        this.#fill(offset, target);
        return;
      }
      const before = Atomics.load(this.#sequences, slot);
      target.set(this.#slots[slot]!.subarray(inPage, inPage + target.length));
      if (this.#unchanged(slot, page, before)) return;
    }
  }

  /** 8 bytes, little-endian, that lie within one page. */
  readU64(offset: number): void {
    const page = Math.floor(offset / SLOT_SIZE);
    const inPage = offset - page * SLOT_SIZE;
    for (;;) {
      const slot = this.#find(page) ?? this.#load(page);
      if (slot === undefined) {
        const bytes = new Uint8Array(8);
        this.#fill(offset, bytes);
        const view = new DataView(bytes.buffer);
        this.low = view.getUint32(0, true);
        this.high = view.getUint32(4, true);
        return;
      }
      const before = Atomics.load(this.#sequences, slot);
      const at = slot * SLOT_SIZE + inPage;
      this.low = this.#words.getUint32(at, true);
      this.high = this.#words.getUint32(at + 4, true);
      if (this.#unchanged(slot, page, before)) return;
    }
  }

  #unchanged(slot: number, page: number, before: number): boolean {
    return (before & 1) === 0 && this.#tags[slot] === page + 1 && Atomics.load(this.#sequences, slot) === before;
  }

  #find(page: number): number | undefined {
    const first = (page & this.#setMask) * WAYS;
    for (let slot = first; slot < first + WAYS; slot++) {
      if (this.#tags[slot] === page + 1) {
        this.#used[slot] = 1;
        return slot;
      }
    }
    return undefined;
  }

  /** Fills a slot with the page. Undefined when other threads hold every candidate: the caller then reads past the cache. */
  #load(page: number): number | undefined {
    const set = page & this.#setMask;
    for (let attempt = 0; attempt < WAYS * 2; attempt++) {
      const slot = set * WAYS + (Atomics.add(this.#hands, set, 1) & (WAYS - 1));
      if (attempt < WAYS && this.#used[slot]) {
        this.#used[slot] = 0;
        continue;
      }
      const sequence = Atomics.load(this.#sequences, slot);
      if (sequence & 1 || Atomics.compareExchange(this.#sequences, slot, sequence, sequence + 1) !== sequence) continue;
      try {
        this.#tags[slot] = 0;
        const offset = page * SLOT_SIZE;
        this.#fill(offset, this.#slots[slot]!.subarray(0, Math.min(SLOT_SIZE, this.#size - offset)));
        this.#tags[slot] = page + 1;
        this.#used[slot] = 1;
      } finally {
        Atomics.store(this.#sequences, slot, (sequence + 2) | 0);
      }
      return slot;
    }
    return undefined;
  }
}
