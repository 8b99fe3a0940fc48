/**
 * The core of a process as a file: its mappings, the notes about it, and what can be told of what is missing. Written by Linux (core_pattern), gdb's gcore,
 * or whoever writes PT_LOAD segments by virtual address with NT_FILE or NT_AUXV.
 */
import type { Diagnostic } from '#shared/model/diagnostic.ts';
import { PHYSICAL_LIMIT } from '#shared/units.ts';
import { PT_LOAD, PT_NOTE, word, type ElfHeader, type ElfKind } from '../../elf-object/layout.ts';
import { decodeSegments, type ElfSegment } from '../../elf-object/segments.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import { countPrograms, readHeader } from '../elf/header.ts';
import { NT_AUXV, NT_FILE, NT_PRPSINFO } from '../elf/layout.ts';
import { readNotes, type FoundNote } from '../elf/notes.ts';
import { parseAuxv, parseFileMappings, parseProcessInfo, type FileMapping, type ProcessInfo } from './core-notes.ts';

/** PF_W of p_flags. */
const WRITABLE = 2;

/** A stretch of the process's addresses with the same rights. */
export interface ProcessSegment {
  start: number;
  /** Half-open. */
  end: number;
  /** Of the bytes from `start` on, as many as p_filesz says: those that whoever wrote the core meant to write. */
  fileSize: number;
  /** As many of those as the file really holds. */
  held: number;
  /** In the source. */
  offset: number;
  /** PF_…: 1 execute, 2 write, 4 read. */
  flags: number;
}

export class ProcessCore {
  readonly source: ByteSource;
  readonly start: number;
  readonly header: ElfHeader;
  readonly kind: ElfKind;
  /** Ascending and disjoint. */
  readonly segments: readonly ProcessSegment[];
  /** Bytes of memory that the file should hold and that lie beyond its end. */
  readonly missing: number;
  /** Segments whose addresses do not fit 52 bits (vsyscall), or that overlap others. */
  readonly leftOut: number;
  readonly notes: readonly FoundNote[];
  /** Ascending and disjoint. */
  readonly files: readonly FileMapping[];
  readonly auxv: ReadonlyMap<number, bigint>;
  readonly info: ProcessInfo | undefined;
  readonly diagnostics: Diagnostic[] = [];
  /** Whether all segments have p_paddr 0. */
  readonly #withoutPhysical: boolean;

  /** Throws DumpFormatError for what is no ELF core. `start`: where the ELF header lies. */
  constructor(source: ByteSource, start: number) {
    this.source = source;
    this.start = start;
    this.header = readHeader(source, start);
    this.kind = this.header.kind;
    const { programs, withoutPhysical } = this.#readPrograms();
    this.#withoutPhysical = withoutPhysical;
    const notes = programs.filter(({ type }) => type === PT_NOTE).map((segment) => ({ ...segment, offset: start + segment.offset }));
    const { notes: found, cutAt } = readNotes(source, notes, this.kind.littleEndian);
    this.notes = found;
    if (cutAt !== undefined) {
      this.diagnostics.push({
        severity: 'data-loss',
        code: 'notes-truncated',
        message: `The notes end at 0x${cutAt.toString(16)}, inside one of them.`,
        consequence: 'Threads and names of mapped files may be missing.',
        fileOffset: cutAt,
      });
    }
    const loads = programs.filter(({ type, memorySize }) => type === PT_LOAD && memorySize > 0);
    this.segments = disjoint(loads.flatMap((load) => this.#segment(load)));
    this.leftOut = loads.length - this.segments.length;
    this.missing = this.segments.reduce((sum, { fileSize, held }) => sum + fileSize - held, 0);
    this.files = disjoint(parsed(found, NT_FILE, (bytes) => parseFileMappings(bytes, this.kind)) ?? []);
    this.auxv = parsed(found, NT_AUXV, (bytes) => parseAuxv(bytes, this.kind)) ?? new Map();
    this.info = parsed(found, NT_PRPSINFO, (bytes) => parseProcessInfo(bytes, this.kind));
  }

  /**
   * Whether it is the core of a process, and no vmcore: only those have NT_FILE or NT_AUXV. gcore writes its notes last, so a file that was cut has none: it is then told by its segments, which have
   * virtual addresses alone.
   */
  get isProcess(): boolean {
    if (this.notes.some(({ owner, type }) => owner === 'CORE' && (type === NT_FILE || type === NT_AUXV))) return true;
    return this.notes.length === 0 && this.segments.length > 1 && this.#withoutPhysical;
  }

  /** The segment that holds the address. */
  segmentAt(at: number): ProcessSegment | undefined {
    return this.segments[lastAtOrBelow(this.segments, at)];
  }

  /** The file that the address shows, as NT_FILE says. */
  fileAt(at: number): FileMapping | undefined {
    return this.files[lastAtOrBelow(this.files, at)];
  }

  #readPrograms(): { programs: ElfSegment[]; withoutPhysical: boolean } {
    const { count, diagnostic } = countPrograms(this.source, this.start, this.header);
    if (diagnostic) this.diagnostics.push(diagnostic);
    const bytes = new Uint8Array(count * this.kind.class.programHeaderSize);
    this.source.readStreaming(this.start + this.header.programOffset, bytes);
    const { programHeaderSize, program } = this.kind.class;
    const view = new DataView(bytes.buffer);
    const programs = decodeSegments(bytes, this.kind);
    const withoutPhysical = programs.every(
      ({ type }, index) => type !== PT_LOAD || word(view, index * programHeaderSize + program.paddr, this.kind) === 0,
    );
    return { programs, withoutPhysical };
  }

  #segment({ address, memorySize, fileSize, offset, flags }: ElfSegment): ProcessSegment[] {
    const start = Number(address);
    const end = start + memorySize;
    if (end > PHYSICAL_LIMIT || fileSize > memorySize) return [];
    const held = Math.max(0, Math.min(fileSize, this.source.size - this.start - offset));
    return [{ start, end, fileSize, held, offset: this.start + offset, flags }];
  }
}

/** `rwx` as /proc/PID/maps writes it. */
export function rightsInWords(flags: number): string {
  return `${flags & 4 ? 'r' : '-'}${flags & WRITABLE ? 'w' : '-'}${flags & 1 ? 'x' : '-'}`;
}

export const isWritable = ({ flags }: Pick<ProcessSegment, 'flags'>): boolean => (flags & WRITABLE) !== 0;

function parsed<T>(notes: readonly FoundNote[], wanted: number, parse: (bytes: Uint8Array) => T): T | undefined {
  const note = notes.find(({ owner, type }) => owner === 'CORE' && type === wanted);
  return note && parse(note.description);
}

/** Ascending, without those that overlap one before. */
function disjoint<Range extends { start: number; end: number }>(ranges: Range[]): Range[] {
  let last = 0;
  return ranges
    .sort((a, b) => a.start - b.start)
    .filter(({ start, end }) => {
      if (start < last) return false;
      last = end;
      return true;
    });
}

/** Index of the range that holds `at`; -1 when none does. */
function lastAtOrBelow(ranges: readonly { start: number; end: number }[], at: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ranges[middle]!.start <= at) low = middle + 1;
    else high = middle;
  }
  return low > 0 && at < ranges[low - 1]!.end ? low - 1 : -1;
}
