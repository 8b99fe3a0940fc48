/**
 * A guest's physical memory out of a dump: regions say which piece of RAM an address shows, extents where its bytes lie.
 *
 * One per thread; regions may be exchanged (the user corrects the map), extents never change.
 */
import { assert, WorkbenchError } from '#shared/errors.ts';
import type { MemoryState, StateSpan } from '#shared/model/memory.ts';
import type { ByteSource } from './byte-source.ts';
import { ExtentKind, PAGE_SIZE, stateOfExtent, type ExtentTable } from './extent-table.ts';
import { NearbyReads } from './nearby-reads.ts';
import type { PhysicalMemory } from './physical-memory.ts';
import type { PhysicalRegions } from './physical-regions.ts';
import { DecodedUnits, type UnitDecoder, type UnitFault } from './unit-decoder.ts';

/** What a stretch of physical addresses shows. */
export interface Stretch {
  start: number;
  length: number;
  /** Of coded memory `present`, whether or not it can be decoded: that is known once it is read. */
  state: MemoryState;
  /** File offset of the first byte where the bytes lie in the file one after the other, else null. */
  fileOffset: number | null;
  /** The value of every byte, for fills. */
  fill: number;
  /** Why it is absent, where the dump tells. */
  reason?: string;
  /** For coded memory the unit that holds all of it, its size, and the first byte's offset in it; undefined otherwise. */
  coded?: { unit: number; unitSize: number; offset: number };
}

/**
 * Pages of tables kept as copies of this thread's own, at most 16 MiB in all: a walk reads a few tables over and over, and a copy is ten times nearer than
 * the shared page cache. Measured on the lab's 5-level guest: see npm run bench.
 */
const TABLE_SLOTS = 4096;
/** What a slot knows of its page: its bytes, that none of it is there, or that it must be read piece by piece. */
const SLOT_COPIED = 1;
const SLOT_MISSING = 2;
const SLOT_PIECES = 3;

export class GuestMemory implements PhysicalMemory {
  readonly source: ByteSource;
  readonly extents: ExtentTable;
  #regions: PhysicalRegions;
  /** Undefined where no extent is coded. */
  readonly decoder: UnitDecoder | undefined;
  readonly #decoded: DecodedUnits | undefined;
  /** Made for the first pass over memory. */
  #streaming: NearbyReads | undefined;
  readonly #slotPages = new Float64Array(TABLE_SLOTS).fill(-1);
  readonly #slotKinds = new Uint8Array(TABLE_SLOTS);
  /** Made for the first walk: who only copies memory needs none. */
  #slotWords = new DataView(new ArrayBuffer(0));

  low = 0;
  high = 0;

  constructor(source: ByteSource, extents: ExtentTable, regions: PhysicalRegions, decoder?: UnitDecoder) {
    this.source = source;
    this.extents = extents;
    this.#regions = regions;
    this.decoder = decoder;
    this.#decoded = decoder && new DecodedUnits(decoder);
  }

  get regions(): PhysicalRegions {
    return this.#regions;
  }

  set regions(regions: PhysicalRegions) {
    this.#regions = regions;
    this.#slotPages.fill(-1);
  }

  readU64(address: number): boolean {
    const page = Math.floor(address / PAGE_SIZE);
    const slot = page & (TABLE_SLOTS - 1);
    if (this.#slotPages[slot] !== page) this.#fillSlot(page, slot);
    const kind = this.#slotKinds[slot];
    if (kind === SLOT_COPIED) {
      const at = slot * PAGE_SIZE + (address - page * PAGE_SIZE);
      this.low = this.#slotWords.getUint32(at, true);
      this.high = this.#slotWords.getUint32(at + 4, true);
      return true;
    }
    this.low = 0;
    this.high = 0;
    return kind === SLOT_PIECES && this.#readPieces(address);
  }

  #fillSlot(page: number, slot: number): void {
    // Until the copy is whole the slot belongs to no page: reading may throw.
    this.#slotPages[slot] = -1;
    const stretch = this.stretchAt(page * PAGE_SIZE, PAGE_SIZE);
    if (this.#slotWords.byteLength === 0) this.#slotWords = new DataView(new ArrayBuffer(TABLE_SLOTS * PAGE_SIZE));
    const bytes = new Uint8Array(this.#slotWords.buffer, slot * PAGE_SIZE, PAGE_SIZE);
    let kind = SLOT_PIECES;
    if (stretch.length === PAGE_SIZE) {
      if (stretch.fileOffset !== null) {
        this.source.read(stretch.fileOffset, bytes);
        kind = SLOT_COPIED;
      } else if (stretch.coded) kind = this.#decode(stretch.coded, bytes) ? SLOT_MISSING : SLOT_COPIED;
      else if (stretch.state === 'zero' || stretch.state === 'present') {
        bytes.fill(stretch.fill);
        kind = SLOT_COPIED;
      } else kind = SLOT_MISSING;
    }
    this.#slotKinds[slot] = kind;
    this.#slotPages[slot] = page;
  }

  /** For a page in which a region or an extent ends. */
  #readPieces(address: number): boolean {
    const bytes = new Uint8Array(8);
    if (this.read(address, bytes).some((span) => span.state !== 'present' && span.state !== 'zero')) return false;
    const view = new DataView(bytes.buffer);
    this.low = view.getUint32(0, true);
    this.high = view.getUint32(4, true);
    return true;
  }

  stateAt(address: number): MemoryState {
    const { state, coded } = this.stretchAt(address, 1);
    return (coded && this.#decode(coded, new Uint8Array(1))?.state) ?? state;
  }

  #decode({ unit, unitSize, offset }: NonNullable<Stretch['coded']>, target: Uint8Array): UnitFault | undefined {
    assert(this.#decoded, 'a dump with coded memory has a decoder');
    return this.#decoded.read(unit, unitSize, offset, target);
  }

  /** What shows at `address`, as far as it goes on the same way, at most `length` bytes (at least 1). */
  stretchAt(address: number, length: number): Stretch {
    const regions = this.#regions;
    const region = regions.lowerBound(address);
    if (region === regions.count) return { start: address, length, state: 'absent', fileOffset: null, fill: 0 };
    const start = regions.starts[region]!;
    if (start > address) return { start: address, length: Math.min(length, start - address), state: 'absent', fileOffset: null, fill: 0 };
    const ram = regions.rams[region]! + (address - start);
    return this.#stretchOfRam(address, ram, Math.min(length, regions.lasts[region]! - address + 1));
  }

  #stretchOfRam(address: number, ram: number, length: number): Stretch {
    const { extents } = this;
    const index = extents.lowerBound(ram);
    const begin = index < extents.count ? extents.starts[index]! : Infinity;
    if (begin > ram) return this.#absent(address, ram, Math.min(length, begin - ram));
    const kind = extents.kinds[index]!;
    const place = extents.places[index]!;
    const left = Math.min(length, begin + extents.lengths[index]! - ram);
    const state = stateOfExtent(kind, place);
    if (kind === ExtentKind.Coded) {
      const unitSize = extents.strides[index]!;
      const units = Math.floor((ram - begin) / unitSize);
      const offset = ram - begin - units * unitSize;
      const coded = { unit: place + units, unitSize, offset };
      return { start: address, length: Math.min(left, unitSize - offset), state, fileOffset: null, fill: 0, coded };
    }
    if (kind !== ExtentKind.Data) return { start: address, length: left, state, fileOffset: null, fill: kind === ExtentKind.Fill ? place : 0 };
    const inPage = extents.strides[index] === PAGE_SIZE ? left : Math.min(left, PAGE_SIZE - ((ram - begin) % PAGE_SIZE));
    return { start: address, length: inPage, state, fileOffset: extents.fileOffset(index, ram), fill: 0 };
  }

  #absent(address: number, ram: number, length: number): Stretch {
    const known = this.extents.absences?.at(ram);
    const absent: Stretch = { start: address, length, state: 'absent', fileOffset: null, fill: 0 };
    return known ? { ...absent, length: Math.min(length, known.length), reason: known.reason } : absent;
  }

  /** The stretches of a range, in order and without gaps. */
  *stretches(address: number, length: number): Generator<Stretch> {
    const end = address + length;
    for (let at = address; at < end;) {
      const stretch = this.stretchAt(at, end - at);
      yield stretch;
      at += stretch.length;
    }
  }

  /** As `read`, past the page cache: for a pass over much of the memory, which would fill the cache, and the process, with what nobody asks for again. */
  readStreaming(address: number, target: Uint8Array): StateSpan[] {
    const reads = (this.#streaming ??= new NearbyReads(this.source));
    reads.begin();
    const spans = this.#read(address, target, (place, piece) => reads.read(place, piece));
    reads.finish();
    return spans;
  }

  read(address: number, target: Uint8Array): StateSpan[] {
    return this.#read(address, target, (place, piece) => this.source.read(place, piece));
  }

  /** `fetch` fills a piece of the target from a file offset. */
  #read(address: number, target: Uint8Array, fetch: (place: number, piece: Uint8Array) => void): StateSpan[] {
    const spans: StateSpan[] = [];
    for (const stretch of this.stretches(address, target.length)) {
      const start = stretch.start - address;
      const end = start + stretch.length;
      const fault = stretch.coded && this.#decode(stretch.coded, target.subarray(start, end));
      if (stretch.fileOffset !== null) fetch(stretch.fileOffset, target.subarray(start, end));
      else if (!stretch.coded) target.fill(stretch.fill, start, end);
      const state = fault?.state ?? stretch.state;
      const reason = fault?.reason ?? stretch.reason;
      const last = spans.at(-1);
      if (last?.state === state && last.reason === reason) last.end = end;
      else spans.push({ start, end, state, ...(reason === undefined ? {} : { reason }) });
    }
    return spans;
  }

  readExact(address: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    const hole = this.read(address, bytes).find((span) => span.state !== 'present' && span.state !== 'zero');
    if (!hole) return bytes;
    const reason = hole.reason === undefined ? '' : ` (${hole.reason})`;
    throw new WorkbenchError('hole', `GPA 0x${(address + hole.start).toString(16)}: memory is ${hole.state} in this dump${reason}`, {
      source: this.source.name,
      found: hole.state,
    });
  }
}
