/**
 * Pages of a kdump file, decoded on demand. A page's unit number is the number of its descriptor; the parts of a split set are numbered one after the other.
 *
 * Descriptors and data are read ahead when pages are asked for in order, as an export does.
 */
import { decodeUnit, type CodecId } from '../../codecs/codec.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import type { UnitDecoder, UnitFault } from '../../memory/unit-decoder.ts';
import { DESCRIPTOR_SIZE, PageFlags } from './layout.ts';
import { ReadAhead } from './read-ahead.ts';

/** The descriptors of one part. Offsets in the source. */
export interface DescriptorTable {
  /** Unit number of its first descriptor. */
  firstUnit: number;
  count: number;
  at: number;
  /** Where the part starts: descriptors count from there. */
  start: number;
  /** Where the part ends. */
  end: number;
}

/** What a decoder needs, as plain data. Tables are in the order of their units. */
export interface KdumpUnits {
  blockSize: number;
  littleEndian: boolean;
  tables: DescriptorTable[];
}

/** How a page with these flags is compressed; undefined for flags that no writer sets. */
export function codecOf(flags: number): CodecId | undefined {
  switch (flags) {
    case 0:
      return 'stored';
    case PageFlags.Zlib:
      return 'zlib';
    case PageFlags.Lzo:
      return 'lzo1x';
    case PageFlags.Snappy:
      return 'snappy';
    case PageFlags.Zstd:
      return 'zstd';
    default:
      return undefined;
  }
}

/** Why a descriptor cannot be right; undefined when it can. Compressed pages are never longer than plain ones: writers store those plain. */
export function descriptorProblem(size: number, flags: number, blockSize: number): string | undefined {
  const codec = codecOf(flags);
  if (codec === undefined) return `unknown page flags 0x${flags.toString(16)}`;
  if (codec === 'stored' ? size !== blockSize : size === 0 || size > blockSize) return `impossible page size ${size}`;
  return undefined;
}

/** Bytes of descriptors read at once when they are read in order: 1365 of them. */
const DESCRIPTORS_AHEAD = 1365 * DESCRIPTOR_SIZE;
const DATA_AHEAD = 256 * 1024;

export class KdumpPageDecoder implements UnitDecoder {
  readonly #units: KdumpUnits;
  readonly #descriptors: ReadAhead;
  readonly #data: ReadAhead;

  constructor(source: ByteSource, units: KdumpUnits) {
    this.#units = units;
    this.#descriptors = new ReadAhead(source, DESCRIPTORS_AHEAD);
    this.#data = new ReadAhead(source, DATA_AHEAD);
  }

  decode(unit: number, target: Uint8Array): UnitFault | undefined {
    const { littleEndian, tables, blockSize } = this.#units;
    const table = tables.findLast(({ firstUnit }) => firstUnit <= unit)!;
    const place = table.at + (unit - table.firstUnit) * DESCRIPTOR_SIZE;
    if (place + DESCRIPTOR_SIZE > table.end) return { state: 'absent', reason: 'its descriptor is beyond the end of the file' };
    this.#descriptors.get(place, DESCRIPTOR_SIZE);
    const { view, at } = this.#descriptors;
    const high = view.getUint32(at + (littleEndian ? 4 : 0), littleEndian);
    const offset = table.start + high * 2 ** 32 + view.getUint32(at + (littleEndian ? 0 : 4), littleEndian);
    const size = view.getUint32(at + 8, littleEndian);
    const flags = view.getUint32(at + 12, littleEndian);
    const problem = descriptorProblem(size, flags, blockSize);
    if (problem !== undefined) return { state: 'corrupt', reason: `${problem} in the descriptor at 0x${place.toString(16)}` };
    if (offset + size > table.end) return { state: 'absent', reason: 'beyond the end of the file' };
    const codec = codecOf(flags)!;
    if (decodeUnit(codec, this.#data.get(offset, size), target) === target.length) return undefined;
    return { state: 'corrupt', reason: `damaged ${codec} data at 0x${offset.toString(16)}` };
  }
}
