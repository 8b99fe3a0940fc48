/**
 * A file that is ranges of physical memory, one after the other, each behind a header (layout.ts): LiME's format and AVML's, which differ in how
 * they keep a range's bytes.
 *
 * Ranges may come in any order. One that overlaps another before it, which no tool writes, is left out whole. A file that ends early opens with
 * what it holds.
 */
import { formatAddress, formatSize } from '#shared/address-text.ts';
import { counted } from '#shared/counted.ts';
import { DumpFormatError } from '#shared/errors.ts';
import type { Diagnostic } from '#shared/model/index.ts';
import { PHYSICAL_LIMIT } from '#shared/units.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import type { OpenContext, OpenedRegion } from '../format.ts';
import { RANGE_HEADER_SIZE, decodeRangeHeader } from './layout.ts';
import { MergedRanges } from './merged-ranges.ts';

/** Most ranges that are read: with AVML's of 16 MiB that is 16 TiB. */
const MAX_RANGES = 2 ** 20;

/** A range and where its bytes begin in the source. */
export interface MemoryRange {
  start: number;
  length: number;
  offset: number;
}

/** What a format found of a range's bytes. */
export interface StoredRange {
  /** Offset at which the next header is expected; undefined where what follows cannot be found. */
  next: number | undefined;
  problem?: Diagnostic;
}

/** What is particular to one of the formats. */
export interface RangeFormat {
  /** For errors: "LiME range header". */
  name: string;
  magic: number;
  version: number;
  /** Finds the bytes of a range; unless `leaveOut`, takes note of where they lie. */
  store(range: MemoryRange, leaveOut: boolean): StoredRange;
}

export interface RangeList {
  /** Number of ranges in the file, and the bytes of memory that they stand for. */
  count: number;
  length: number;
  regions: OpenedRegion[];
  diagnostics: Diagnostic[];
}

/** Throws DumpFormatError when the first header is none. */
export function readRanges(source: ByteSource, { start, progress }: OpenContext, format: RangeFormat): RangeList {
  const diagnostics: Diagnostic[] = [];
  const merged = new MergedRanges();
  const bytes = new Uint8Array(RANGE_HEADER_SIZE);
  let count = 0;
  let overlapping = 0;
  for (let at: number | undefined = start; at !== undefined && at < source.size;) {
    if (count % 256 === 0) progress.report('reading memory ranges', at - start, source.size - start);
    const header = bytes.subarray(0, source.read(at, bytes));
    const problem = checkHeader(source, format, header, at);
    if (problem !== undefined) {
      if (count === 0) throw problem;
      // A file that was written in blocks of a disk ends with the rest of its last block.
      const isPadding = header.length < RANGE_HEADER_SIZE && header.every((byte) => byte === 0);
      if (!isPadding) diagnostics.push(unread(at, problem.message));
      break;
    }
    const { start: first, last } = decodeRangeHeader(new DataView(bytes.buffer));
    const length = last - first + 1;
    const added = count < MAX_RANGES ? merged.add(first, length) : 'full';
    if (added === 'full') {
      diagnostics.push(unread(at, `${source.name}: there are more than ${count} memory ranges`));
      break;
    }
    if (added === 'overlaps') overlapping++;
    const stored = format.store({ start: first, length, offset: at + RANGE_HEADER_SIZE }, added === 'overlaps');
    if (stored.problem) diagnostics.push(stored.problem);
    count++;
    at = stored.next;
  }
  if (count === 0) throw problemWith(source, format, 'magic', start, 'a range header', 'the end of the file');
  if (overlapping > 0) diagnostics.push(overlap(overlapping));
  const regions = merged.pieces().map(regionOf);
  return { count, length: regions.reduce((sum, region) => sum + region.last - region.start + 1, 0), regions, diagnostics };
}

/** Whether a header of this format could be here. */
export function isRangeHeader(bytes: Uint8Array, magic: number, version: number): boolean {
  if (bytes.length < 8) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return view.getUint32(0, true) === magic && view.getUint32(4, true) === version;
}

function checkHeader(source: ByteSource, format: RangeFormat, bytes: Uint8Array, at: number): DumpFormatError | undefined {
  const hex = (value: number) => `0x${value.toString(16)}`;
  if (bytes.length < RANGE_HEADER_SIZE) return problemWith(source, format, 'magic', at, `${RANGE_HEADER_SIZE} bytes`, `${bytes.length}`);
  const { magic, version, start, last } = decodeRangeHeader(new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
  if (magic !== format.magic) return problemWith(source, format, 'magic', at, hex(format.magic), hex(magic));
  if (version !== format.version) return problemWith(source, format, 'version', at + 4, String(format.version), String(version));
  if (start >= PHYSICAL_LIMIT) return problemWith(source, format, 's_addr', at + 8, 'an address below 2^52', hex(start));
  if (last < start || last >= PHYSICAL_LIMIT)
    return problemWith(source, format, 'e_addr', at + 16, `an address from ${formatAddress(start)} up to 2^52`, hex(last));
  return undefined;
}

function problemWith(source: ByteSource, format: RangeFormat, field: string, fileOffset: number, expected: string, found: string): DumpFormatError {
  return new DumpFormatError({ format: format.name, source: source.name, fileOffset, field, expected, found });
}

function unread(at: number, message: string): Diagnostic {
  return {
    severity: 'data-loss',
    code: 'ranges-unread',
    message: `${message}.`,
    consequence: 'Memory in the rest of the file is not shown.',
    fileOffset: at,
  };
}

function overlap(count: number): Diagnostic {
  return {
    severity: 'data-loss',
    code: 'ranges-overlap',
    message: `${counted(count, 'range')} of memory overlap others before them.`,
    consequence: 'They are left out; the first ones are shown.',
  };
}

function regionOf({ start, last, count }: { start: number; last: number; count: number }): OpenedRegion {
  const text =
    count === 1
      ? `A range of the file from ${formatAddress(start)} to ${formatAddress(last)} (s_addr, e_addr).`
      : `${counted(count, 'range')} of the file that follow each other, ${formatSize(last - start + 1)} in all.`;
  return { start, last, block: -1, blockOffset: 0, ram: start, readOnly: false, evidence: { strength: 'proven', text } };
}
