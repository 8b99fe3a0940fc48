/** The memory of a dumped process by its own addresses: numbers and pointers as its CPU had them. What is not in the core is undefined, never zero. */
import type { AddressedBytes } from '../../elf-object/dynamic-symbols.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import type { ProcessCore } from './process-core.ts';

/** Bytes of a file that show where the core has none: pages of a program that was mapped and never written. */
export interface FilePages {
  start: number;
  /** Half-open. */
  end: number;
  source: ByteSource;
  /** In the source, of the byte at `start`. */
  offset: number;
}

/** Structures are read word by word, many of one page: pages are kept as copies, 8 MiB at most. */
const PAGE = 4096;
const MAX_COPIES = 2048;

const UTF8 = new TextDecoder();
/** Printable ASCII: what names inside a program are made of. */
const PRINTABLE = /^[\x20-\x7e]+$/;

export class ProcessMemory implements AddressedBytes {
  readonly core: ProcessCore;
  readonly #littleEndian: boolean;
  /** Bytes of a pointer. */
  readonly wordSize: 4 | 8;
  #pages: readonly FilePages[] = [];
  /** By address. */
  readonly #copies = new Map<number, DataView>();
  #at = 0;

  constructor(core: ProcessCore) {
    this.core = core;
    this.#littleEndian = core.kind.littleEndian;
    this.wordSize = core.kind.class.bits === 64 ? 8 : 4;
  }

  /** Lets the pages of files show where the core holds nothing. */
  set filePages(pages: readonly FilePages[]) {
    this.#pages = pages;
    this.#copies.clear();
  }

  read(virtualAddress: bigint, length: number): Uint8Array | undefined {
    return virtualAddress < 2n ** 52n ? this.bytes(Number(virtualAddress), length) : undefined;
  }

  /** `length` bytes at `at`; undefined when any of them is not there. */
  bytes(at: number, length: number): Uint8Array | undefined {
    const found = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const part = this.#readPart(at + done, found.subarray(done));
      if (part === 0) return undefined;
      done += part;
    }
    return found;
  }

  /** `length` bytes at `at`, with zero for those that are not there: for looking for what must be there to be found. */
  present(at: number, length: number): Uint8Array {
    const found = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const part = this.#readPart(at + done, found.subarray(done));
      done += part > 0 ? part : PAGE - ((at + done) % PAGE);
    }
    return found;
  }

  /** Where the byte lies in the core's source; undefined when it is not there. */
  fileOffset(at: number): number | undefined {
    const segment = this.core.segmentAt(at);
    return segment && at - segment.start < segment.held ? segment.offset + at - segment.start : undefined;
  }

  u8(at: number): number | undefined {
    return this.#view(at, 1)?.getUint8(this.#at);
  }

  u16(at: number): number | undefined {
    return this.#view(at, 2)?.getUint16(this.#at, this.#littleEndian);
  }

  u32(at: number): number | undefined {
    return this.#view(at, 4)?.getUint32(this.#at, this.#littleEndian);
  }

  i32(at: number): number | undefined {
    return this.#view(at, 4)?.getInt32(this.#at, this.#littleEndian);
  }

  u64(at: number): bigint | undefined {
    return this.#view(at, 8)?.getBigUint64(this.#at, this.#littleEndian);
  }

  /** An unsigned number of 1, 2, 4 or 8 bytes. */
  unsigned(at: number, size: number): bigint | undefined {
    const view = this.#view(at, size);
    if (!view) return undefined;
    switch (size) {
      case 1:
        return BigInt(view.getUint8(this.#at));
      case 2:
        return BigInt(view.getUint16(this.#at, this.#littleEndian));
      case 4:
        return BigInt(view.getUint32(this.#at, this.#littleEndian));
      default:
        return size === 8 ? view.getBigUint64(this.#at, this.#littleEndian) : undefined;
    }
  }

  /** A word of 64 bits as a number; undefined also for one above 2^53, which no size or address is. */
  number64(at: number): number | undefined {
    return this.#number(at, 8);
  }

  /** A pointer; undefined also for what cannot be one: above 52 bits, or into the first page. 0 is null. */
  pointer(at: number): number | undefined {
    const value = this.#number(at, this.wordSize);
    return value !== undefined && (value === 0 || (value >= 4096 && value < 2 ** 52)) ? value : undefined;
  }

  /** A string of printable ASCII with at most `most` characters, not empty; undefined for anything else. */
  text(at: number, most = 256): string | undefined {
    for (const length of [Math.min(most + 1, 64), most + 1]) {
      const bytes = this.bytes(at, length) ?? this.#upToEdge(at, length);
      const end = bytes?.indexOf(0) ?? -1;
      if (bytes && end >= 0) {
        const text = UTF8.decode(bytes.subarray(0, end));
        return PRINTABLE.test(text) ? text : undefined;
      }
    }
    return undefined;
  }

  /** The string that the pointer at `at` leads to. */
  textAt(at: number, most?: number): string | undefined {
    const place = this.pointer(at);
    return place ? this.text(place, most) : undefined;
  }

  #upToEdge(at: number, length: number): Uint8Array | undefined {
    const bytes = new Uint8Array(length);
    const read = this.#readPart(at, bytes);
    return read > 0 ? bytes.subarray(0, read) : undefined;
  }

  #number(at: number, size: number): number | undefined {
    const view = this.#view(at, size);
    if (!view) return undefined;
    const first = view.getUint32(this.#at, this.#littleEndian);
    if (size === 4) return first;
    const second = view.getUint32(this.#at + 4, this.#littleEndian);
    const high = this.#littleEndian ? second : first;
    return high < 2 ** 21 ? high * 2 ** 32 + (this.#littleEndian ? first : second) : undefined;
  }

  /** A view that holds `size` bytes at `at`, from its offset `#at` on. */
  #view(at: number, size: number): DataView | undefined {
    const within = at % PAGE;
    if (within + size <= PAGE) {
      const page = this.#page(at - within);
      if (page) {
        this.#at = within;
        return page;
      }
    }
    this.#at = 0;
    const bytes = this.bytes(at, size);
    return bytes && new DataView(bytes.buffer);
  }

  /** A copy of a whole page; undefined when not all of it is there. */
  #page(start: number): DataView | undefined {
    const known = this.#copies.get(start);
    if (known) return known;
    const bytes = this.bytes(start, PAGE);
    if (!bytes) return undefined;
    if (this.#copies.size >= MAX_COPIES) this.#copies.clear();
    const page = new DataView(bytes.buffer);
    this.#copies.set(start, page);
    return page;
  }

  /** As many bytes as lie in one piece; 0 when the first is missing. */
  #readPart(at: number, target: Uint8Array): number {
    const segment = this.core.segmentAt(at);
    const within = segment ? at - segment.start : 0;
    if (segment && within < segment.held)
      return this.core.source.read(segment.offset + within, target.subarray(0, Math.min(target.length, segment.held - within)));
    const pages = this.#pages.find(({ start, end }) => at >= start && at < end);
    if (!pages) return 0;
    return pages.source.read(pages.offset + at - pages.start, target.subarray(0, Math.min(target.length, pages.end - at)));
  }
}
