/**
 * One pass over the page descriptors of a part, which makes extents of them: runs of plain pages become data, pages of zeros a fill, the rest coded units.
 *
 * The pass also finds out whether the descriptors belong to the pages that bitmap 2 names. Nothing in a descriptor says which page it is for, so a single
 * wrong bit in the bitmap gives every later page the bytes of its neighbour. But writers put the data right behind the last descriptor: where it
 * begins tells how many descriptors there are.
 */
import { WorkbenchError } from '#shared/errors.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import type { ExtentBuilder } from '../../memory/extent-builder.ts';
import { ExtentKind } from '../../memory/extent-table.ts';
import type { Progress } from '../format.ts';
import { DESCRIPTOR_SIZE, PageFlags, STATUS_INCOMPLETE } from './layout.ts';
import { descriptorProblem } from './page-decoder.ts';
import type { KdumpPart } from './part.ts';
import { ZeroPages } from './zero-pages.ts';

const CHUNK = 32768 * DESCRIPTOR_SIZE;
/** A shorter run of plain pages between compressed ones stays with them: an extent takes more room than it saves. */
const MIN_PLAIN_RUN = 8;
/** From this many extents on, all pages of the file are coded units (a run of which is one extent). */
const COARSE_FROM = 1_000_000;
/** 61 MB of extents, and at most three times that while they are made. */
const MAX_EXTENTS = 2 ** 21;

/** Something wrong with descriptors: how many, and where the first one is (an offset in the source). */
export interface Count {
  pages: number;
  first: number;
}

/** What a part's descriptors say. In pages. */
export class PageCounts {
  zero = 0;
  plain = 0;
  zlib = 0;
  lzo = 0;
  snappy = 0;
  zstd = 0;
  /** All bytes zero: incomplete files have those, for pages that there was no room for. */
  readonly neverWritten: Count = { pages: 0, first: -1 };
  /** Their descriptor or data is beyond the end of the file. */
  readonly beyondEnd: Count = { pages: 0, first: -1 };
  readonly impossible: Count = { pages: 0, first: -1 };
  /** Not where the page before ends. */
  readonly misplaced: Count = { pages: 0, first: -1 };
}

function count(what: Count, place: number, pages = 1): void {
  if (what.pages === 0) what.first = place;
  what.pages += pages;
}

export class DescriptorScan {
  readonly counts = new PageCounts();
  readonly #source: ByteSource;
  readonly #part: KdumpPart;
  readonly #builder: ExtentBuilder;
  readonly #progress: Progress;
  readonly #zeros: ZeroPages;
  /** Where the data begins when bitmap 2 is right: an offset in the source. */
  readonly #dataStart: number;
  readonly #end: number;
  readonly #firstUnit: number;
  #next = 0;
  readonly #chunk: Uint8Array;
  readonly #view: DataView;
  #chunkAt = 0;
  #chunkLength = 0;
  /** Where the next page's data is to be when all goes in order; and where, when the page before was not misplaced but started a new order. */
  #expected: number;
  #alternative = -1;
  /** A page has no place that could be believed: the next one may begin anywhere behind. */
  #orderLost = false;
  #lowest = Infinity;
  #belowData = 0;
  /** Plain pages in a row that are in no extent yet. */
  #plainPfn = 0;
  #plainUnit = 0;
  #plainPlace = 0;
  #plainCount = 0;

  /** `room` is for how many descriptors the table is made: for all that bitmap 2 names, though a part of a split set fills in its own only. */
  constructor(source: ByteSource, part: KdumpPart, room: number, firstUnit: number, builder: ExtentBuilder, progress: Progress) {
    this.#source = source;
    this.#part = part;
    this.#builder = builder;
    this.#progress = progress;
    this.#zeros = new ZeroPages(source, part.header.blockSize);
    this.#chunk = new Uint8Array(Math.max(1, Math.min(CHUNK, room * DESCRIPTOR_SIZE)));
    this.#view = new DataView(this.#chunk.buffer);
    this.#dataStart = part.descriptors + room * DESCRIPTOR_SIZE;
    this.#end = part.end;
    this.#firstUnit = firstUnit;
    this.#expected = this.#dataStart;
  }

  /** The next `pages` descriptors are for the pages from `pfn` on. Throws WorkbenchError `unsupported` when memory is in too many pieces. */
  add(pfn: number, pages: number): void {
    this.#checkRoom();
    for (let page = 0; page < pages; page++) {
      if (!this.#load()) {
        count(this.counts.beyondEnd, this.#part.descriptors + this.#next * DESCRIPTOR_SIZE, pages - page);
        this.#next += pages - page;
        break;
      }
      this.#page(pfn + page, this.#next++);
    }
  }

  /** Pages that exist and have no descriptors. */
  addExcluded(pfn: number, pages: number): void {
    this.#flushPlain();
    this.#checkRoom();
    const { blockSize } = this.#part.header;
    this.#builder.addUnreadable(pfn * blockSize, pages * blockSize, ExtentKind.Excluded);
  }

  #checkRoom(): void {
    if (this.#builder.count <= MAX_EXTENTS) return;
    throw new WorkbenchError('unsupported', `${this.#part.name}: memory is in more than ${MAX_EXTENTS} pieces`, { source: this.#part.name });
  }

  /** True when the descriptors are those of the pages that bitmap 2 names, as far as can be known. Call it when all are added. */
  finish(): boolean {
    this.#flushPlain();
    const { blockSize, diskdump, status } = this.#part.header;
    const gap = this.#lowest - this.#dataStart;
    // No page at all; a page of zeros that none points at; DISKDUMP, whose writers are long gone.
    if (this.#lowest === Infinity || gap === 0 || gap === blockSize || diskdump) return true;
    if (gap % DESCRIPTOR_SIZE !== 0) return this.#belowData === 0 && gap < blockSize;
    // makedumpfile writes bitmap 2 and the pages in turns: where it had to stop, the table is longer than the bitmap knows.
    const { neverWritten, beyondEnd } = this.counts;
    return (status & STATUS_INCOMPLETE) !== 0 || neverWritten.pages > 0 || beyondEnd.pages > 0;
  }

  /** Brings the next descriptor into the chunk; false beyond the end of the file. */
  #load(): boolean {
    const at = this.#part.descriptors + this.#next * DESCRIPTOR_SIZE;
    if (at + DESCRIPTOR_SIZE <= this.#chunkAt + this.#chunkLength) return true;
    if (at + DESCRIPTOR_SIZE > this.#end) return false;
    this.#progress.report('reading page descriptors', at - this.#part.descriptors, this.#dataStart - this.#part.descriptors);
    const wanted = Math.min(this.#chunk.length, this.#end - at);
    this.#chunkAt = at;
    this.#chunkLength = this.#source.readStreaming(at, this.#chunk.subarray(0, wanted));
    return this.#chunkLength >= DESCRIPTOR_SIZE;
  }

  #page(pfn: number, index: number): void {
    const { littleEndian, blockSize } = this.#part.header;
    const { counts } = this;
    const view = this.#view;
    const place = this.#part.descriptors + index * DESCRIPTOR_SIZE;
    const at = place - this.#chunkAt;
    const high = view.getUint32(at + (littleEndian ? 4 : 0), littleEndian);
    const low = view.getUint32(at + (littleEndian ? 0 : 4), littleEndian);
    const size = view.getUint32(at + 8, littleEndian);
    const flags = view.getUint32(at + 12, littleEndian);
    if (low === 0 && high === 0 && size === 0) return this.#lose(counts.neverWritten, place);
    const offset = this.#part.start + high * 2 ** 32 + low;
    if (offset < this.#dataStart) this.#belowData++;
    else if (offset < this.#lowest) this.#lowest = offset;
    if (offset < this.#dataStart || descriptorProblem(size, flags, blockSize) !== undefined) {
      this.#lose(counts.impossible, place);
      this.#flushPlain();
      return this.#builder.addUnreadable(pfn * blockSize, blockSize, ExtentKind.Corrupt);
    }
    if (offset + size > this.#end) return this.#lose(counts.beyondEnd, place);

    const inOrder = offset === this.#expected || offset === this.#alternative || (this.#orderLost && offset > this.#expected);
    if ((!inOrder || offset === this.#dataStart) && this.#zeros.isZero(offset, size, flags)) {
      counts.zero++;
      if (inOrder) this.#expected = offset + size;
      this.#flushPlain();
      if (this.#builder.count < COARSE_FROM) this.#builder.addFill(pfn * blockSize, blockSize, 0);
      else this.#builder.addCoded(pfn * blockSize, blockSize, this.#firstUnit + index, blockSize);
      return;
    }
    if (inOrder) {
      this.#expected = offset + size;
      this.#alternative = -1;
      this.#orderLost = false;
    } else {
      // The page of zeros may be passed over: none of the pages so far was one.
      const first = offset === this.#dataStart + blockSize && this.#expected === this.#dataStart;
      this.#alternative = offset + size;
      this.#expected += size;
      if (!first) count(counts.misplaced, place);
      // A compressed page from a wrong place does not decode; of a plain one nothing would show that it is another's.
      if (!first && flags === 0 && !this.#part.header.diskdump) {
        this.#flushPlain();
        return this.#builder.addUnreadable(pfn * blockSize, blockSize, ExtentKind.Corrupt);
      }
    }
    this.#countCodec(flags);
    if (flags === 0 && this.#builder.count < COARSE_FROM) return this.#plain(pfn, index, offset);
    this.#flushPlain();
    this.#builder.addCoded(pfn * blockSize, blockSize, this.#firstUnit + index, blockSize);
  }

  #lose(what: Count, place: number): void {
    count(what, place);
    this.#orderLost = true;
  }

  #countCodec(flags: number): void {
    const { counts } = this;
    if (flags === 0) counts.plain++;
    else if (flags === PageFlags.Zlib) counts.zlib++;
    else if (flags === PageFlags.Lzo) counts.lzo++;
    else if (flags === PageFlags.Snappy) counts.snappy++;
    else counts.zstd++;
  }

  #plain(pfn: number, index: number, offset: number): void {
    const { blockSize } = this.#part.header;
    const goesOn = this.#plainPfn + this.#plainCount === pfn && this.#plainPlace + this.#plainCount * blockSize === offset;
    if (this.#plainCount > 0 && goesOn) {
      this.#plainCount++;
      return;
    }
    this.#flushPlain();
    this.#plainPfn = pfn;
    this.#plainUnit = this.#firstUnit + index;
    this.#plainPlace = offset;
    this.#plainCount = 1;
  }

  #flushPlain(): void {
    const pages = this.#plainCount;
    if (pages === 0) return;
    const { blockSize } = this.#part.header;
    this.#plainCount = 0;
    if (pages >= MIN_PLAIN_RUN) this.#builder.addData(this.#plainPfn * blockSize, pages * blockSize, this.#plainPlace);
    else this.#builder.addCoded(this.#plainPfn * blockSize, pages * blockSize, this.#plainUnit, blockSize);
  }
}
