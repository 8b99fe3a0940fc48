/**
 * AVML's version 2: physical memory range by range, each a Snappy stream between a header (lime/layout.ts) and the stream's length. Version 1 is
 * LiME's format. Source: AVML src/image.rs and src/io/snappy.rs (0.1 to 0.14).
 *
 * ```
 * 32 bytes   range header, magic 0x4c4d5641, version 2
 * …          Snappy stream with framing (codecs/snappy-framed.ts): chunks of 64 KiB of memory but for the last
 * u64        bytes of the stream, little-endian
 * ```
 * The chunks are listed, not decoded: any of them can be read by itself.
 */
import { formatSize } from '#shared/address-text.ts';
import { counted } from '#shared/counted.ts';
import type { Diagnostic } from '#shared/model/index.ts';
import { listSnappyChunks, type SnappyStream } from '../../codecs/snappy-framed.ts';
import { UnitRecordBuilder } from '../../codecs/unit-records.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import { ExtentBuilder } from '../../memory/extent-builder.ts';
import type { Coding } from '../coding.ts';
import type { DumpFormat, OpenContext, OpenedDump, Progress } from '../format.ts';
import { layerOf } from '../lime/index.ts';
import { isRangeHeader, readRanges, type MemoryRange, type StoredRange } from '../lime/range-file.ts';
import { familyOfMemory } from '../raw/family-of-memory.ts';

export const AVML_MAGIC = 0x4c4d5641;
export const AVML_VERSION = 2;
/** Most chunks that are listed: 256 GiB of memory, 13 bytes of index each. */
const MAX_CHUNKS = 2 ** 22;

export const avml: DumpFormat = {
  id: 'avml',
  title: 'AVML memory image',

  probe(head) {
    return isRangeHeader(head, AVML_MAGIC, AVML_VERSION) ? 'yes' : 'no';
  },

  open(source, context): OpenedDump {
    const streams = new Streams(source, context);
    const { count, length, regions, diagnostics } = readRanges(source, context, {
      name: 'AVML range header',
      magic: AVML_MAGIC,
      version: AVML_VERSION,
      store: (range, leaveOut) => streams.store(range, leaveOut),
    });
    const { extents, coding, stored } = streams.finish();
    const family = familyOfMemory(source, { regions, extents, coding }, context);
    return {
      format: 'avml',
      formatTitle: avml.title,
      sentence: `An AVML memory image with ${formatSize(length)} of memory in ${counted(count, 'range')}, compressed to ${formatSize(stored)}, and no CPU registers.`,
      layers: [layerOf(avml.title, source, context, count)],
      architecture: family.architecture,
      blocks: [],
      regions,
      extents: extents.shared,
      coding,
      cpus: [],
      notes: [],
      facts: family.facts,
      diagnostics: [...diagnostics, ...family.diagnostics],
    };
  },
};

/** Ends a listing. */
class TooManyChunks extends Error {}

/** Where the chunks of all ranges lie. */
class Streams {
  readonly #source: ByteSource;
  readonly #progress: Progress;
  readonly #start: number;
  readonly #extents = new ExtentBuilder();
  readonly #records = new UnitRecordBuilder();
  #stored = 0;
  #chunks = 0;

  constructor(source: ByteSource, { progress, start }: OpenContext) {
    this.#source = source;
    this.#progress = progress;
    this.#start = start;
  }

  store({ start, length, offset }: MemoryRange, leaveOut: boolean): StoredRange {
    const source = this.#source;
    let at = start;
    let stream: SnappyStream;
    try {
      stream = listSnappyChunks(source, offset, length, ({ codec, offset: place, size, length: bytes }) => {
        if (this.#chunks === MAX_CHUNKS) throw new TooManyChunks();
        if (this.#chunks++ % 4096 === 0) this.#progress.report('reading memory ranges', place - this.#start, source.size - this.#start);
        if (!leaveOut) this.#extents.addCoded(at, bytes, this.#records.add(codec, place, size), bytes);
        at += bytes;
      });
    } catch (error) {
      if (!(error instanceof TooManyChunks)) throw error;
      return { next: undefined, problem: tooMany(offset) };
    }
    this.#stored += stream.end - offset;
    if (stream.problem) return { next: undefined, problem: damaged(stream, length) };
    const next = stream.end + 8;
    const written = lengthAfter(source, stream.end);
    return written === stream.end - offset ? { next } : { next, problem: otherLength(stream, offset, written) };
  }

  finish() {
    const coding: Coding = { kind: 'records', records: this.#records.finish() };
    return { extents: this.#extents.finish(), coding, stored: this.#stored };
  }
}

/** The number behind a stream; undefined where the file ends before it. */
function lengthAfter(source: ByteSource, offset: number): number | undefined {
  const bytes = new Uint8Array(8);
  return source.read(offset, bytes) === 8 ? Number(new DataView(bytes.buffer).getBigUint64(0, true)) : undefined;
}

function damaged({ problem, length: read, end }: SnappyStream, length: number): Diagnostic {
  return {
    severity: 'data-loss',
    code: 'range-incomplete',
    message: `The Snappy stream of a range breaks off at 0x${end.toString(16)}, ${formatSize(length - read)} before its end: expected ${problem?.expected}, found ${problem?.found}.`,
    consequence: 'The memory beyond is shown as absent, as are the ranges that follow.',
    fileOffset: end,
  };
}

function otherLength({ end }: SnappyStream, offset: number, written: number | undefined): Diagnostic {
  const found = written === undefined ? 'the end of the file' : `0x${written.toString(16)}`;
  return {
    severity: 'suspect',
    code: 'stream-length',
    message: `The length behind the Snappy stream at 0x${offset.toString(16)} should be 0x${(end - offset).toString(16)}; found ${found}.`,
    consequence: 'Each chunk of the stream has a checksum of its own, which is looked at when it is read.',
    fileOffset: end,
  };
}

function tooMany(fileOffset: number): Diagnostic {
  return {
    severity: 'data-loss',
    code: 'ranges-unread',
    message: `The file has more than ${MAX_CHUNKS} compressed chunks.`,
    consequence: 'Memory in the rest of the file is not shown.',
    fileOffset,
  };
}
