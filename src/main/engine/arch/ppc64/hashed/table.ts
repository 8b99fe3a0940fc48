/**
 * A hashed page table, wherever it lies: kept by the hypervisor and saved beside the guest's memory (section spapr/htab of a pseries machine), or in memory (SDR1).
 *
 * Stream: QEMU hw/ppc/spapr.c, htab_save_setup, _iterate, _complete (5.2 to 9.0): each part begins with be32 (log2 of the table's bytes in the first one that is not 0, -1 for a
 * guest without such a table), then chunks: be32 index of an entry, be16 valid entries, be16 invalid ones behind them, 16 bytes for each valid one; a chunk of zeros ends the part. Parts repeat what
 * changed, so later ones override.
 */
import type { HashTable } from '../../cpu-state.ts';
import type { PhysicalMemory } from '#engine/memory/physical-memory.ts';

/** Smallest and largest table (Power ISA 2.07B, section 5.7.7.2; 2 GiB is that of 256 GiB of memory). */
const MIN_SHIFT = 18;
const MAX_SHIFT = 31;
const ENTRY_SIZE = 16;
const CHUNK_HEADER = 8;
/** The new form: what the first doubleword has of the old one, and the size of the segment in the second. */
const OLD_BITS = 0x000f_ffff_ffff_ffffn;
const SIZE_BITS = 3n << 58n;

/** Undefined for a guest without such a table, for one that is too large to be held, and for bytes that are none. Ends at the first damaged chunk. */
export function readHashTable(parts: readonly Uint8Array[]): HashTable | undefined {
  let shift = 0;
  let entries: Uint8Array | undefined;
  for (const part of parts) {
    if (part.length < 4) continue;
    const view = new DataView(part.buffer, part.byteOffset, part.length);
    const header = view.getInt32(0);
    if (entries === undefined) {
      if (header < MIN_SHIFT || header > MAX_SHIFT) return undefined;
      shift = header;
      entries = emptyTable(shift);
      if (entries === undefined) return undefined;
    }
    for (let at = 4; at + CHUNK_HEADER <= part.length;) {
      const first = view.getUint32(at) * ENTRY_SIZE;
      const valid = view.getUint16(at + 4) * ENTRY_SIZE;
      const invalid = view.getUint16(at + 6) * ENTRY_SIZE;
      at += CHUNK_HEADER;
      if (valid + invalid === 0) break;
      if (at + valid > part.length || first + valid + invalid > entries.length) return { shift, bytes: entries.buffer as SharedArrayBuffer };
      entries.set(part.subarray(at, at + valid), first);
      entries.fill(0, first + valid, first + valid + invalid);
      at += valid;
    }
  }
  return entries && { shift, bytes: entries.buffer as SharedArrayBuffer };
}

/** Undefined where this process cannot have so much memory; what is not written to costs none. */
function emptyTable(shift: number): Uint8Array | undefined {
  try {
    return new Uint8Array(new SharedArrayBuffer(2 ** shift));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Reads entries by number. */
export interface EntryReader {
  /** log2 of the table's bytes. */
  readonly shift: number;
  /** Of its first byte: 0 for a table outside of guest memory. */
  readonly start: number;
  first: bigint;
  second: bigint;
  /** False for an entry that is surely not valid; fast, for passes over the whole table. */
  mayBeValid(index: number): boolean;
  /** False where the dump does not hold the entry; `first` and `second` are its doublewords otherwise. */
  read(memory: PhysicalMemory, index: number): boolean;
}

export class SavedTable implements EntryReader {
  readonly shift: number;
  readonly start = 0;
  first = 0n;
  second = 0n;
  readonly #view: DataView;

  constructor({ shift, bytes }: HashTable) {
    this.shift = shift;
    this.#view = new DataView(bytes);
  }

  mayBeValid(index: number): boolean {
    return (this.#view.getUint8(index * ENTRY_SIZE + 7) & 1) !== 0;
  }

  read(_memory: PhysicalMemory, index: number): boolean {
    this.first = this.#view.getBigUint64(index * ENTRY_SIZE);
    this.second = this.#view.getBigUint64(index * ENTRY_SIZE + 8);
    return true;
  }
}

/**
 * A table in memory. `newForm`: as a POWER9 and later have it without a hypervisor, with the size of the segment in the second doubleword (Power ISA 3.0B, section 5.7.9.1); `first` and
 * `second` have it in the first, as before.
 */
export class MemoryTable implements EntryReader {
  readonly shift: number;
  readonly start: number;
  first = 0n;
  second = 0n;

  readonly #newForm: boolean;

  constructor(start: number, shift: number, newForm: boolean) {
    this.start = start;
    this.shift = shift;
    this.#newForm = newForm;
  }

  mayBeValid(): boolean {
    return true;
  }

  read(memory: PhysicalMemory, index: number): boolean {
    const at = this.start + index * ENTRY_SIZE;
    const first = readBigEndian(memory, at);
    const second = readBigEndian(memory, at + 8);
    if (first === undefined || second === undefined) return false;
    this.first = this.#newForm ? (first & OLD_BITS) | ((second & SIZE_BITS) << 4n) : first;
    this.second = this.#newForm ? second & ~SIZE_BITS : second;
    return true;
  }
}

/** Eight bytes; undefined where the dump does not hold them. */
export function readBigEndian(memory: PhysicalMemory, address: number): bigint | undefined {
  if (!memory.readU64(address)) return undefined;
  const little = (BigInt(memory.high) << 32n) | BigInt(memory.low);
  let value = 0n;
  for (let byte = 0n; byte < 64n; byte += 8n) value = (value << 8n) | ((little >> byte) & 0xffn);
  return value;
}
