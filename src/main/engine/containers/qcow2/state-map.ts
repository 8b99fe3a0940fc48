/**
 * Where the bytes of a snapshot's machine state lie in the file. The state is stored like disk content, at guest offsets behind the disk's end: from
 * the first entry of the snapshot's L1 table on that describes no part of the disk (docs/interop/qcow2, "Snapshots"; block/qcow2.c, 7.2).
 *
 * QEMU writes the state in one go: every cluster is there, none is compressed. Other tools may do otherwise, so clusters that are compressed, marked
 * as zeros or not there (which read as zeros: a backing file is never asked for machine state) are read as QEMU would.
 */
import { decodeUnit } from '../../codecs/codec.ts';
import { UnitRecordBuilder, type SharedUnitRecords } from '../../codecs/unit-records.ts';
import { ExtentBuilder } from '../../memory/extent-builder.ts';
import type { ExtentTable } from '../../memory/extent-table.ts';
import type { Progress } from '../container.ts';
import type { ImageHeader } from './header.ts';
import { WordTable, type Image } from './image.ts';
import { compressedPlace, hasReservedL1Bits, hasReservedL2Bits, isCompressed, MAX_L1_SIZE, SUBCLUSTERS, tableOffset } from './layout.ts';
import type { Snapshot } from './snapshot-table.ts';
import { zstdFrameLength } from './zstd-frame.ts';

/** Extents, compressed clusters and L2 tables at most, all in all: 64 GiB of state in clusters of 64 KiB of which no two lie side by side. */
const MAX_PIECES = 2 ** 20;
/** Zeros that were never written, at most: QEMU's own states have none. */
const MAX_UNWRITTEN = 2 ** 40;
/** Bytes of compressed clusters at most, decoded: they are all tried, which takes a minute for so many. */
const MAX_COMPRESSED = 2 ** 34;
const PHASE = "reading the snapshot's tables";

export interface StateMap {
  /** Bytes of state that can be read, from its start on. */
  size: number;
  /** Numbered by offsets of the state; lead to offsets of the source. */
  extents: ExtentTable;
  units?: SharedUnitRecords;
  /** Why the state ends before it should; the entry at `place` in the image says so. */
  cut?: { reason: string; place: number };
  /** Bytes that no cluster holds: they read as zeros. */
  unwritten: number;
  /** Entries with bits set that must be clear, and where the first lies in the image. */
  odd: { count: number; place: number };
  /** Offsets in the image of the L2 tables that were read: a cluster each. */
  tables: ReadonlySet<number>;
  /** Offsets in the image at which compressed clusters start. */
  compressed: readonly number[];
}

/** Throws DumpFormatError when the snapshot's L1 table cannot be where it is said to be, `cancelled` when progress says so. */
export function mapState(image: Image, header: ImageHeader, snapshot: Snapshot, progress: Progress): StateMap {
  return new StateMapper(image, header, snapshot, progress).map();
}

/** Thrown inside only: the state ends here. */
class Cut {
  readonly reason: string;
  readonly place: number;
  constructor(reason: string, place: number) {
    this.reason = reason;
    this.place = place;
  }
}

class StateMapper {
  readonly #image: Image;
  readonly #header: ImageHeader;
  readonly #snapshot: Snapshot;
  readonly #progress: Progress;
  readonly #clusterSize: number;
  /** Words of an L2 entry: 1, or 2 for extended ones. */
  readonly #entryWords: number;
  readonly #extents = new ExtentBuilder();
  readonly #units = new UnitRecordBuilder();
  readonly #tables = new Set<number>();
  readonly #odd = { count: 0, place: 0 };
  readonly #decoded: Uint8Array;
  readonly #compressed: number[] = [];
  #unwritten = 0;
  /** Bytes of state that are mapped. */
  #at = 0;

  constructor(image: Image, header: ImageHeader, snapshot: Snapshot, progress: Progress) {
    this.#image = image;
    this.#header = header;
    this.#snapshot = snapshot;
    this.#progress = progress;
    this.#clusterSize = 2 ** header.clusterBits;
    this.#entryWords = header.extendedL2 ? 2 : 1;
    this.#decoded = new Uint8Array(this.#clusterSize);
  }

  map(): StateMap {
    this.#check();
    const cut = this.#mapTables();
    const units = this.#units.count > 0 ? this.#units.finish() : undefined;
    return {
      size: this.#at,
      extents: this.#extents.finish(),
      units,
      cut,
      unwritten: this.#unwritten,
      odd: this.#odd,
      tables: this.#tables,
      compressed: this.#compressed,
    };
  }

  #check(): void {
    const { l1Offset, l1Size, stateSize, place } = this.#snapshot;
    const problem = (at: number, field: string, expected: string, found: string) =>
      this.#image.problem('snapshot', place + at, field, expected, found);
    if (l1Offset === 0 || l1Offset % this.#clusterSize !== 0 || l1Offset >= this.#image.size) {
      const expected = `a multiple of ${this.#clusterSize} inside the file's ${this.#image.size} bytes`;
      throw problem(0, 'l1_table_offset', expected, `0x${l1Offset.toString(16)}`);
    }
    if (l1Size > MAX_L1_SIZE) throw problem(8, 'l1_size', `at most ${MAX_L1_SIZE}`, String(l1Size));
    if (stateSize > Number.MAX_SAFE_INTEGER) throw problem(32, 'vm_state_size', 'less than 2^53', `about ${stateSize}`);
  }

  /** Goes through the L1 entries of the state, as far as it can be read. */
  #mapTables(): Cut | undefined {
    const { l1Offset, l1Size, stateSize, diskSize } = this.#snapshot;
    const span = this.#clusterSize * (this.#clusterSize / (8 * this.#entryWords));
    const first = Math.ceil(diskSize / span);
    const l1 = new WordTable(this.#image, l1Offset, l1Size);
    try {
      for (let index = first; this.#at < stateSize; index++) {
        this.#progress.report(PHASE, this.#at, stateSize);
        const place = l1.placeOf(index);
        if (index >= l1Size) throw new Cut(`the snapshot's L1 table has ${l1Size} entries and no more`, this.#snapshot.place + 8);
        if (!l1.load(index)) throw new Cut("the snapshot's L1 table goes on beyond the end of the file", place);
        if (hasReservedL1Bits(l1.high, l1.low)) this.#noteOdd(place);
        const table = tableOffset(l1.high, l1.low);
        const length = Math.min(span, stateSize - this.#at);
        if (table === 0) this.#addZeros(length, place);
        else this.#mapTable(table, place, this.#at + length);
      }
    } catch (error) {
      if (error instanceof Cut) return error;
      throw error;
    }
    return undefined;
  }

  /** Maps the clusters of an L2 table, to state offset `end`. */
  #mapTable(table: number, place: number, end: number): void {
    this.#checkOffset(table, 0, 'an L2 table', place);
    // Without this a small file could ask for work without end.
    if (this.#tables.has(table)) throw new Cut('an L2 table serves twice', place);
    this.#tables.add(table);
    const words = new WordTable(this.#image, table, this.#clusterSize / 8);
    for (let index = 0; this.#at < end; index += this.#entryWords) {
      const entry = words.placeOf(index);
      if (this.#extents.count + this.#units.count + this.#tables.size > MAX_PIECES) {
        throw new Cut(`it lies in more than ${MAX_PIECES} pieces, which is as many as are read`, entry);
      }
      if (!words.load(index)) throw new Cut('an L2 table goes on beyond the end of the file', entry);
      const { high, low } = words;
      const length = Math.min(this.#clusterSize, end - this.#at);
      if (isCompressed(high)) this.#addCompressed(high, low, length, entry);
      else if (this.#entryWords === 2) {
        if (!words.load(index + 1)) throw new Cut('an L2 table goes on beyond the end of the file', entry);
        this.#addSubclusters(high, low, words.low, words.high, length, entry);
      } else this.#addCluster(high, low, length, entry);
    }
  }

  #addCluster(high: number, low: number, length: number, entry: number): void {
    const zeroFlag = this.#header.version === 3;
    if (hasReservedL2Bits(high, low, zeroFlag)) this.#noteOdd(entry);
    const offset = tableOffset(high, low);
    if (offset === 0 || (zeroFlag && (low & 1) !== 0)) this.#addZeros(length, entry);
    else this.#addData(offset, 0, length, entry);
  }

  /** A cluster in 32 parts of which each may be there, be marked as zeros, or be neither, which makes it zeros too. */
  #addSubclusters(high: number, low: number, allocated: number, zeros: number, length: number, entry: number): void {
    if (hasReservedL2Bits(high, low, false)) this.#noteOdd(entry);
    const offset = tableOffset(high, low);
    const size = this.#clusterSize / SUBCLUSTERS;
    if ((allocated & zeros) !== 0) throw new Cut('a subcluster is both there and marked as zeros', entry + 8);
    for (let part = 0; part * size < length; part++) {
      const partLength = Math.min(size, length - part * size);
      if ((allocated & (1 << part)) === 0) this.#addZeros(partLength, entry);
      else if (offset === 0) throw new Cut('a subcluster is there, but not its cluster', entry);
      else this.#addData(offset, part * size, partLength, entry);
    }
  }

  #addZeros(length: number, entry: number): void {
    if (this.#unwritten + length > MAX_UNWRITTEN) throw new Cut(`more than ${MAX_UNWRITTEN} bytes were never written`, entry);
    this.#extents.addFill(this.#at, length, 0);
    this.#unwritten += length;
    this.#at += length;
  }

  /** `length` bytes of the cluster at `offset`, from `within` on; what the file has of them when it ends there. */
  #addData(offset: number, within: number, length: number, entry: number): void {
    this.#checkOffset(offset, within, 'a cluster', entry);
    const here = Math.min(length, this.#image.size - offset - within);
    this.#extents.addData(this.#at, here, this.#image.start + offset + within);
    this.#at += here;
    if (here < length) throw new Cut('a cluster goes on beyond the end of the file', entry);
  }

  /** Decodes the cluster once, so that damage is known now and not when somebody reads there. */
  #addCompressed(high: number, low: number, length: number, entry: number): void {
    this.#progress.report(PHASE, this.#at, this.#snapshot.stateSize);
    const { compression } = this.#header;
    if (this.#compressed.length * this.#clusterSize >= MAX_COMPRESSED)
      throw new Cut(`more than ${MAX_COMPRESSED} bytes are compressed, which is as many as are read`, entry);
    const { offset, size } = compressedPlace(high, low, this.#header.clusterBits);
    if (offset >= this.#image.size) throw new Cut('a compressed cluster lies beyond the end of the file', entry);
    const stored = this.#image.bytes(offset, size);
    // What follows up to the end of the sector may be another cluster's.
    const used = compression === 'zstd' ? (zstdFrameLength(stored) ?? stored.length) : stored.length;
    if (decodeUnit(compression, stored.subarray(0, used), this.#decoded) !== this.#clusterSize) {
      throw new Cut(`the compressed cluster at 0x${(this.#image.start + offset).toString(16)} is damaged (${compression})`, entry);
    }
    this.#compressed.push(offset);
    const unit = this.#units.add(compression, this.#image.start + offset, used);
    this.#extents.addCoded(this.#at, length, unit, this.#clusterSize);
    this.#at += length;
  }

  #checkOffset(offset: number, within: number, what: string, place: number): void {
    const found = `0x${offset.toString(16)}`;
    if (offset % this.#clusterSize !== 0) throw new Cut(`${what} is said to lie at ${found}, which is no multiple of the cluster size`, place);
    if (offset + within >= this.#image.size) throw new Cut(`${what} at ${found} lies beyond the end of the file`, place);
  }

  #noteOdd(place: number): void {
    if (this.#odd.count++ === 0) this.#odd.place = place;
  }
}
