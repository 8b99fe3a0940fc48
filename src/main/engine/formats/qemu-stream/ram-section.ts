/**
 * The payload of a `ram` section, version 4: a list of blocks, then page records, until an EOS record.
 *
 * ```
 * u64 address | flags      flags in the bits below the page size
 *   MEM_SIZE   address = sum of the blocks' lengths; per block: u8 len, name, u64 length
 *              [u64 page size]     huge-page blocks when postcopy is on: told by being a power of two of at least 64 KiB
 *              [u64 mr->addr]      capability x-ignore-shared
 *              [mapped-ram header] capability mapped-ram
 *   ZERO       [name] u8 fill      PAGE  [name] page      name absent with CONTINUE
 *   EOS        end of this section's payload
 * ```
 * Facts: QEMU migration/ram.c, ram_save_setup, save_page_header, ram_load_precopy (v5.2 to v10.0).
 * Not decoded yet: XBZRLE and COMPRESS_PAGE records; their pages are marked as unreadable, never shown stale.
 */
import { DumpFormatError } from '#shared/errors.ts';
import { ExtentBuilder } from '../../memory/extent-builder.ts';
import { ExtentKind, PAGE_SIZE } from '../../memory/extent-table.ts';
import type { Progress } from '../format.ts';
import { MAPPED_RAM_HEADER_SIZE, MAX_BLOCKS, RamFlag } from './layout.ts';
import { readMappedRam } from './mapped-ram.ts';
import type { StreamCursor } from './stream-cursor.ts';

export interface StreamBlock {
  name: string;
  length: number;
  /** Where the blocks lie when laid end to end, each on a page boundary. */
  ram: number;
  /** Host page size, when the stream tells it. */
  pageSize?: number;
}

export interface RamOptions {
  pageBits: number;
  ignoreShared: boolean;
  mappedRam: boolean;
}

/** How often progress is reported, in bytes. */
const REPORT_EVERY = 16 * 1024 * 1024;

export class RamReader {
  readonly blocks: StreamBlock[] = [];
  readonly extents = new ExtentBuilder();
  /** Pages by kind of record, over all passes. */
  readonly records = { page: 0, zero: 0, xbzrle: 0, compressed: 0, mapped: 0 };
  readonly #cursor: StreamCursor;
  readonly #progress: Progress;
  readonly #options: RamOptions;
  readonly #pageSize: number;
  readonly #byName = new Map<string, StreamBlock>();
  #ramEnd = 0;
  #block: StreamBlock | undefined;
  #reportAt = 0;

  constructor(cursor: StreamCursor, progress: Progress, options: RamOptions) {
    this.#cursor = cursor;
    this.#progress = progress;
    this.#options = options;
    this.#pageSize = 2 ** options.pageBits;
  }

  /** Reads one section's payload up to and including its EOS record. */
  readPayload(): void {
    const cursor = this.#cursor;
    const pageSize = this.#pageSize;
    for (;;) {
      const at = cursor.position;
      if (at >= this.#reportAt) {
        this.#progress.report('reading RAM pages', at, cursor.source.size);
        this.#reportAt = at + REPORT_EVERY;
      }
      const high = cursor.u32();
      const low = cursor.u32();
      const flags = low % pageSize;
      const address = high * 2 ** 32 + (low - flags);

      if (flags & RamFlag.Page) {
        const ram = this.#place(flags, address, at);
        const place = cursor.position;
        cursor.skip(pageSize);
        if (pageSize === PAGE_SIZE) this.extents.addPage(ram, place);
        else this.extents.addData(ram, pageSize, place);
        this.records.page++;
      } else if (flags & RamFlag.Zero) {
        const ram = this.#place(flags, address, at);
        this.extents.addFill(ram, pageSize, cursor.u8());
        this.records.zero++;
      } else if (flags & RamFlag.Eos) {
        return;
      } else if (flags & RamFlag.MemSize) {
        this.#readBlocks(address, at);
      } else if (flags & RamFlag.Xbzrle) {
        const ram = this.#place(flags, address, at);
        cursor.skip(1);
        cursor.skip(cursor.u16());
        this.extents.addUnreadable(ram, pageSize, ExtentKind.Corrupt);
        this.records.xbzrle++;
      } else if (flags & RamFlag.CompressPage) {
        const ram = this.#place(flags, address, at);
        cursor.skip(cursor.u32());
        this.extents.addUnreadable(ram, pageSize, ExtentKind.Corrupt);
        this.records.compressed++;
      } else if (!(flags & (RamFlag.Hook | RamFlag.MultifdFlush))) {
        throw this.#problem('record flags', at, 'a known RAM record', `0x${flags.toString(16)}`);
      }
    }
  }

  /** Address in RAM space of a page record; reads the block's name where the record has one. */
  #place(flags: number, address: number, at: number): number {
    if (!(flags & RamFlag.Continue)) {
      const name = this.#cursor.name();
      this.#block = this.#byName.get(name);
      if (!this.#block) throw this.#problem('block name', at, 'a block of the list', JSON.stringify(name));
    }
    const block = this.#block;
    if (!block) throw this.#problem('record flags', at, 'a block name before the first CONTINUE', 'CONTINUE');
    if (address + this.#pageSize > block.length) {
      throw this.#problem('page address', at, `less than ${block.name}'s length 0x${block.length.toString(16)}`, `0x${address.toString(16)}`);
    }
    return block.ram + address;
  }

  #readBlocks(total: number, at: number): void {
    const cursor = this.#cursor;
    for (let left = total; left > 0;) {
      const start = cursor.position;
      const name = cursor.name();
      const length = cursor.u64();
      if (length === 0 || length > left || length > 2 ** 52) {
        throw this.#problem(`length of block ${JSON.stringify(name)}`, start, `1 to 0x${left.toString(16)}`, `0x${length.toString(16)}`);
      }
      left -= length;
      const block = this.#declare(name, length, at);
      const pageSize = this.#peekHugePageSize();
      if (pageSize !== undefined) block.pageSize = pageSize;
      if (this.#options.ignoreShared) cursor.u64();
      if (this.#options.mappedRam) this.#readMapped(block);
    }
  }

  #declare(name: string, length: number, at: number): StreamBlock {
    const known = this.#byName.get(name);
    if (known) {
      // Postcopy recovery and snapshots in a row repeat the list; a block cannot change its size in between.
      if (known.length !== length) throw this.#problem(`length of block ${name}`, at, `0x${known.length.toString(16)}`, `0x${length.toString(16)}`);
      return known;
    }
    if (this.blocks.length >= MAX_BLOCKS) throw this.#problem('block list', at, `at most ${MAX_BLOCKS} blocks`, 'more');
    const block: StreamBlock = { name, length, ram: this.#ramEnd };
    this.#ramEnd += Math.ceil(length / PAGE_SIZE) * PAGE_SIZE;
    this.blocks.push(block);
    this.#byName.set(name, block);
    return block;
  }

  /** The page size that postcopy adds after a block on huge pages; nothing announces it, but no other record can look like it. */
  #peekHugePageSize(): number | undefined {
    const cursor = this.#cursor;
    const at = cursor.position;
    // mapped-ram excludes postcopy, and its header could be taken for a page size.
    if (this.#options.mappedRam || at + 8 > cursor.source.size) return undefined;
    const value = cursor.u64();
    if (value >= 65536 && value <= 2 ** 34 && Number.isInteger(Math.log2(value))) return value;
    cursor.seek(at);
    return undefined;
  }

  #readMapped(block: StreamBlock): void {
    const cursor = this.#cursor;
    const at = cursor.position;
    const header = cursor.bytes(MAPPED_RAM_HEADER_SIZE);
    const { pages, end } = readMappedRam(cursor.source, header, at, block, this.extents);
    this.records.mapped += pages;
    cursor.seek(Math.min(end, cursor.source.size));
  }

  #problem(field: string, fileOffset: number, expected: string, found: string): DumpFormatError {
    return new DumpFormatError({ format: 'RAM section', source: this.#cursor.source.name, fileOffset, field, expected, found });
  }
}
