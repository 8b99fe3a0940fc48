/**
 * The list of RAM blocks that starts a stream's RAM, as far as the record MEM_SIZE: version 4 of the section names them, version 3 (QEMU up to 0.12) knew
 * none.
 *
 * ```
 * u8 len, name | u64 length                                                          until the lengths add up to what MEM_SIZE says
 *   [u64 page size]       capability postcopy-ram, of a block whose host pages are larger than usual
 *   [u64 mr->addr]        capability x-ignore-shared
 *   [mapped-ram header]   capability mapped-ram
 * ```
 * Facts: QEMU migration/ram.c, ram_save_setup and parse_ramblock(s) (v5.2 to v10.0). Nothing in the stream announces the page size: see #isPageSize.
 */
import { DumpFormatError } from '#shared/errors.ts';
import { PAGE_SIZE } from '../../memory/extent-table.ts';
import { isRecordFlags, MAX_BLOCKS } from './layout.ts';
import type { StreamCursor } from './stream-cursor.ts';

export interface StreamBlock {
  name: string;
  length: number;
  /** Where the blocks lie when laid end to end, each on a page boundary. */
  ram: number;
  /** Host page size, when the stream tells it. */
  pageSize?: number;
  /**
   * `mr->addr`, when the stream tells it: the block's offset in the memory region that contains it. That is its guest-physical address where QEMU maps the
   * block itself into system memory (virt, s390x, pseries, ROMs, BARs), and 0 where it maps aliases of it (main memory of a PC).
   */
  containerOffset?: number;
}

/** Name that the one block of a version 3 section goes by here; the stream has none. */
export const FLAT_BLOCK = 'RAM (flat)';

export interface BlockListOptions {
  pageBits: number;
  ignoreShared: boolean;
  mappedRam: boolean;
}

const SMALLEST_HUGE_PAGE = 8192;
const LARGEST_HUGE_PAGE = 2 ** 34;

export class RamBlocks {
  readonly list: StreamBlock[] = [];
  readonly #cursor: StreamCursor;
  readonly #options: BlockListOptions;
  readonly #byName = new Map<string, StreamBlock>();
  #end = 0;

  constructor(cursor: StreamCursor, options: BlockListOptions) {
    this.#cursor = cursor;
    this.#options = options;
  }

  find(name: string): StreamBlock | undefined {
    return this.#byName.get(name);
  }

  /** RAM as version 3 has it: one block of `length` bytes. `at` is the record's file offset, for errors. */
  declareFlat(length: number, at: number): StreamBlock {
    if (length === 0 || length > 2 ** 52) throw this.#problem('RAM size', at, 'more than 0, at most 2^52', `0x${length.toString(16)}`);
    return this.#declare(FLAT_BLOCK, length, at);
  }

  /** Reads the list behind a MEM_SIZE record, whose address is `total`. `mapped` is called with the cursor at a block's mapped-ram header, which it passes. */
  read(total: number, at: number, mapped: (block: StreamBlock) => void): void {
    const cursor = this.#cursor;
    for (let left = total; left > 0;) {
      const start = cursor.position;
      const name = cursor.name();
      if (name === '') throw this.#problem('block name', start, 'a name', 'none');
      const length = cursor.u64();
      if (length === 0 || length > left || length > 2 ** 52) {
        throw this.#problem(`length of block ${JSON.stringify(name)}`, start, `1 to 0x${left.toString(16)}`, `0x${length.toString(16)}`);
      }
      left -= length;
      const block = this.#declare(name, length, at);
      const { ignoreShared, mappedRam } = this.#options;
      // mapped-ram excludes postcopy, and its header could be taken for a page size.
      if (!mappedRam && this.#isPageSize(left)) block.pageSize = cursor.u64();
      if (ignoreShared) block.containerOffset = cursor.u64();
      if (mappedRam) mapped(block);
    }
  }

  #declare(name: string, length: number, at: number): StreamBlock {
    const known = this.#byName.get(name);
    if (known) {
      // Postcopy recovery and snapshots in a row repeat the list; a block cannot change its size in between.
      if (known.length !== length) throw this.#problem(`length of block ${name}`, at, `0x${known.length.toString(16)}`, `0x${length.toString(16)}`);
      return known;
    }
    if (this.list.length >= MAX_BLOCKS) throw this.#problem('block list', at, `at most ${MAX_BLOCKS} blocks`, 'more');
    const block: StreamBlock = { name, length, ram: this.#end };
    this.#end += Math.ceil(length / PAGE_SIZE) * PAGE_SIZE;
    this.list.push(block);
    this.#byName.set(name, block);
    return block;
  }

  /**
   * Whether the next 8 bytes are a page size. They are when they are a power of two and the list cannot go on without taking them for one: a
   * name is never empty, and a record has flags, while a page size or a page-aligned address starts with a zero byte and has no flags.
   */
  #isPageSize(left: number): boolean {
    const cursor = this.#cursor;
    const start = cursor.position;
    const address = this.#options.ignoreShared ? 8 : 0;
    if (start + 8 + address > cursor.source.size) return false;
    const value = cursor.u64();
    const isPower = value >= SMALLEST_HUGE_PAGE && value <= LARGEST_HUGE_PAGE && Number.isInteger(Math.log2(value));
    cursor.seek(start + address);
    const goesOn = isPower && this.#canGoOn(left);
    cursor.seek(start);
    return isPower && !goesOn;
  }

  /** Whether the cursor stands where the next block may start, or with nothing `left` to list, the next record. */
  #canGoOn(left: number): boolean {
    const cursor = this.#cursor;
    const room = cursor.source.size - cursor.position;
    if (left > 0) return room < 1 || cursor.u8() > 0;
    if (room < 8) return true;
    cursor.skip(4);
    return isRecordFlags(cursor.u32() % 2 ** this.#options.pageBits);
  }

  #problem(field: string, fileOffset: number, expected: string, found: string): DumpFormatError {
    return new DumpFormatError({ format: 'RAM section', source: this.#cursor.source.name, fileOffset, field, expected, found });
  }
}
