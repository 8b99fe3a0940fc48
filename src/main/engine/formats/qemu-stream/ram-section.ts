/**
 * The payload of a `ram` section: records, until an EOS record.
 *
 * ```
 * u64 address | flags      flags in the bits below the page size
 *   MEM_SIZE        address = sum of the blocks' lengths; the list of blocks: ram-blocks.ts
 *   PAGE            [name] page                      XBZRLE         [name] u8 1, u16 length, changes since the copy before
 *   ZERO            [name] u8 fill                   COMPRESS_PAGE  [name] u32 length, zlib stream
 *   FULL            {u16 0xfabe, u16 length, bytes}… all of RAM as one zlib stream; wrote nothing that was released
 *   EOS             end of this section's payload
 *   HOOK, MULTIFD_FLUSH                              nothing that a file needs
 * ```
 * [name] (u8 length, bytes) is absent with CONTINUE, and in version 3, whose addresses are flat. Later copies of a page override earlier ones.
 * Facts: QEMU migration/ram.c, ram_save_setup, save_page_header, ram_load_precopy (v5.2 to v10.0), vl.c, ram_save_live and ram_load (v0.10).
 * Not decoded: FULL.
 */
import { DumpFormatError } from '#shared/errors.ts';
import { isValidXbzrle } from '../../codecs/xbzrle.ts';
import { ExtentBuilder } from '../../memory/extent-builder.ts';
import { ExtentKind, PAGE_SIZE } from '../../memory/extent-table.ts';
import type { Progress } from '../format.ts';
import { MAPPED_RAM_HEADER_SIZE, RAM_VERSION_FLAT, RamFlag } from './layout.ts';
import { readMappedRam } from './mapped-ram.ts';
import { PageUnitBuilder } from './page-units.ts';
import { RamBlocks, type BlockListOptions, type StreamBlock } from './ram-blocks.ts';
import type { StreamCursor } from './stream-cursor.ts';

export interface RamOptions extends BlockListOptions {
  /** Of the section. */
  version: number;
}

/** How often progress is reported, in bytes; a run of pages is passed in pieces of no more. */
const REPORT_EVERY = 16 * 1024 * 1024;
/** XBZRLE's only encoding. */
const ENCODING_XBZRLE = 1;
/** Starts each piece of a FULL record; no record does, as no address is that high. */
const FULL_PIECE = 0xfabe;

export class RamReader {
  readonly extents = new ExtentBuilder();
  readonly units = new PageUnitBuilder();
  /** Pages by kind of record, over all passes. */
  readonly records = { page: 0, zero: 0, xbzrle: 0, compressed: 0, mapped: 0 };
  /** Records that announce pages on connections of their own, which a file does not hold. */
  flushes = 0;
  /** XBZRLE records whose data is malformed, and the file offset of the first. */
  readonly badDeltas = { count: 0, first: 0 };
  /** File offset of a FULL record. */
  full: number | undefined;
  readonly #cursor: StreamCursor;
  readonly #progress: Progress;
  readonly #options: RamOptions;
  readonly #pageSize: number;
  readonly #blocks: RamBlocks;
  #block: StreamBlock | undefined;
  #reportAt = 0;

  constructor(cursor: StreamCursor, progress: Progress, options: RamOptions) {
    this.#cursor = cursor;
    this.#progress = progress;
    this.#options = options;
    this.#pageSize = 2 ** options.pageBits;
    this.#blocks = new RamBlocks(cursor, options);
  }

  get blocks(): readonly StreamBlock[] {
    return this.#blocks.list;
  }

  /** True when the stream knows no blocks, only addresses. */
  get isFlat(): boolean {
    return this.#options.version === RAM_VERSION_FLAT;
  }

  /** Reads one section's payload up to and including its EOS record. */
  readPayload(): void {
    const cursor = this.#cursor;
    for (;;) {
      const at = cursor.position;
      if (at >= this.#reportAt) {
        this.#progress.report('reading RAM pages', at, cursor.source.size);
        this.#reportAt = at + REPORT_EVERY;
      }
      const high = cursor.u32();
      const low = cursor.u32();
      const flags = low % this.#pageSize;
      const address = high * 2 ** 32 + (low - flags);
      const kind = flags & ~RamFlag.Continue;
      if (kind === RamFlag.Eos) return;
      if (kind === RamFlag.MemSize) this.#readBlocks(address, at);
      else if (kind === RamFlag.MultifdFlush) this.flushes++;
      else if (kind === RamFlag.Full) this.#passFull(at);
      else if (kind !== RamFlag.Hook) this.#readPage(kind, flags, address, at);
    }
  }

  /** Takes what was sent of a range, in whole pages, as outdated: it comes again, or is lost. What lies outside the block is ignored. */
  discard(name: string, start: number, length: number): void {
    const block = this.#blocks.find(name);
    if (!block) return;
    const size = this.#pageSize;
    const first = Math.floor(start / size);
    const end = Math.min(Math.ceil((start + length) / size), Math.floor(block.length / size));
    this.extents.addUnreadable(block.ram + first * size, (end - first) * size, ExtentKind.Corrupt);
  }

  #readPage(kind: number, flags: number, address: number, at: number): void {
    const isPage = kind === RamFlag.Page || kind === RamFlag.Zero || kind === RamFlag.Xbzrle || kind === RamFlag.CompressPage;
    if (!isPage) throw this.#problem('record flags', at, 'a known RAM record', `0x${flags.toString(16)}`);
    // A page of its own for one that has a fixed place would hide the place; QEMU refuses it as well.
    if (this.#options.mappedRam) throw this.#problem('record flags', at, 'no page records with mapped-ram', `0x${flags.toString(16)}`);
    const block = this.#blockOf(flags, address, at);
    const ram = block.ram + address;
    const most = Math.min(Math.floor((block.length - address) / this.#pageSize) - 1, REPORT_EVERY / this.#pageSize);
    if (kind === RamFlag.Page) this.#addPages(ram, address, most);
    else if (kind === RamFlag.Zero) this.#addFills(ram, address, most);
    else if (kind === RamFlag.Xbzrle) this.#addDelta(ram, at);
    else this.#addCompressed(ram, at);
  }

  /** The block that a page record is of; reads its name where the record has one. */
  #blockOf(flags: number, address: number, at: number): StreamBlock {
    if (!(flags & RamFlag.Continue) && !this.isFlat) {
      const name = this.#cursor.name();
      this.#block = this.#blocks.find(name);
      if (!this.#block) throw this.#problem('block name', at, 'a block of the list', JSON.stringify(name));
    }
    const block = this.#block;
    if (!block) {
      const expected = this.isFlat ? 'the size of RAM before the first page' : 'a block name before the first CONTINUE';
      throw this.#problem('record flags', at, expected, `0x${flags.toString(16)}`);
    }
    if (address + this.#pageSize > block.length) {
      throw this.#problem('page address', at, `less than ${block.name}'s length 0x${block.length.toString(16)}`, `0x${address.toString(16)}`);
    }
    return block;
  }

  /** The page at the cursor, and those right behind it that follow it in memory: at most `most`. */
  #addPages(ram: number, address: number, most: number): void {
    const cursor = this.#cursor;
    const pageSize = this.#pageSize;
    const place = cursor.position;
    cursor.skip(pageSize);
    const run = this.#passRun(address, RamFlag.Page, pageSize, most);
    const stride = 8 + pageSize;
    if (pageSize === PAGE_SIZE) this.extents.addPage(ram, place);
    else this.extents.addData(ram, pageSize, place);
    if (pageSize === PAGE_SIZE) this.extents.addPages(ram + pageSize, place + stride, stride, run);
    else for (let page = 1; page <= run; page++) this.extents.addData(ram + page * pageSize, pageSize, place + page * stride);
    this.records.page += 1 + run;
  }

  #addFills(ram: number, address: number, most: number): void {
    const fill = this.#cursor.u8();
    this.extents.addFill(ram, this.#pageSize, fill);
    this.records.zero++;
    const run = this.#passRun(address, RamFlag.Zero, 1, most, fill);
    this.extents.addFill(ram + this.#pageSize, run * this.#pageSize, fill);
    this.records.zero += run;
  }

  /** Passes over the records of the pages after the one at `address`, as long as they are of the same kind. */
  #passRun(address: number, flag: number, payload: number, most: number, fill?: number): number {
    const flags = this.isFlat ? flag : flag | RamFlag.Continue;
    const next = address + this.#pageSize;
    const high = Math.floor(next / 2 ** 32);
    return this.#cursor.passRun(high, next - high * 2 ** 32 + flags, this.#pageSize, payload, most, fill);
  }

  #addDelta(ram: number, at: number): void {
    const cursor = this.#cursor;
    const encoding = cursor.u8();
    if (encoding !== ENCODING_XBZRLE) throw this.#problem('XBZRLE encoding', at, String(ENCODING_XBZRLE), String(encoding));
    const length = cursor.u16();
    if (length > this.#pageSize) throw this.#problem('XBZRLE length', at, `at most ${this.#pageSize}`, String(length));
    const place = cursor.position;
    const delta = cursor.bytes(length);
    this.records.xbzrle++;
    if (isValidXbzrle(delta, this.#pageSize)) this.extents.addDelta(ram, this.units.addDelta(place, length), this.#pageSize);
    else {
      this.extents.addUnreadable(ram, this.#pageSize, ExtentKind.Corrupt);
      if (this.badDeltas.count++ === 0) this.badDeltas.first = place;
    }
  }

  #addCompressed(ram: number, at: number): void {
    const cursor = this.#cursor;
    const length = cursor.u32();
    // What zlib may make of a page that cannot be compressed (compressBound).
    const most = this.#pageSize + 64;
    if (length === 0 || length > most) throw this.#problem('length of a compressed page', at, `1 to ${most}`, String(length));
    const place = cursor.position;
    cursor.skip(length);
    this.extents.addCoded(ram, this.#pageSize, this.units.addCompressed(place, length), this.#pageSize);
    this.records.compressed++;
  }

  #passFull(at: number): void {
    const cursor = this.#cursor;
    while (cursor.source.size - cursor.position >= 4) {
      const start = cursor.position;
      if (cursor.u16() !== FULL_PIECE) {
        cursor.seek(start);
        break;
      }
      cursor.skip(cursor.u16());
    }
    this.full ??= at;
    for (const { ram, length } of this.blocks) this.extents.addUnreadable(ram, length, ExtentKind.Corrupt);
  }

  #readBlocks(total: number, at: number): void {
    if (this.isFlat) this.#block = this.#blocks.declareFlat(total, at);
    else this.#blocks.read(total, at, (block) => this.#readMapped(block));
  }

  #readMapped(block: StreamBlock): void {
    const cursor = this.#cursor;
    const at = cursor.position;
    const header = cursor.bytes(MAPPED_RAM_HEADER_SIZE);
    const { pages, end } = readMappedRam(cursor.source, header, at, block, this.extents, this.#options);
    this.records.mapped += pages;
    cursor.seek(Math.min(end, cursor.source.size));
  }

  #problem(field: string, fileOffset: number, expected: string, found: string): DumpFormatError {
    return new DumpFormatError({ format: 'RAM section', source: this.#cursor.source.name, fileOffset, field, expected, found });
  }
}
