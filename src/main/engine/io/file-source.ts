/** A dump's file as a ByteSource: page cache in front, a mapping or pread behind. Each thread of a dump has its own over the same shared parts. */
import fs from 'node:fs';
import path from 'node:path';
import { MappedReader, mapFile, unmapFile, type Access, type Mapping } from './mapping.ts';
import { nativeMemory } from './native-memory.ts';
import { openFile, type OpenFile } from './open-file.ts';
import type { OpenSource, SharedSource } from './open-source.ts';
import { createPageCache, PageCache, SLOT_SIZE, type SharedPageCache } from './page-cache.ts';
import { pread } from './pread.ts';

/** 96 MiB at most: page tables and the bytes on the screen; resident only as it fills. */
const CACHE_BYTES = 96 * 1024 * 1024;

/** What another thread needs to read the same file. The descriptor is the process's: one open file, even when its path now leads elsewhere. */
export interface SharedFile {
  path: string;
  fd: number;
  size: number;
  mapping?: Mapping;
  access: Access;
  cache: SharedPageCache;
}

export class FileSource implements OpenSource {
  readonly name: string;
  readonly size: number;
  readonly shared: SharedSource & { kind: 'file' };
  readonly #file: OpenFile;
  readonly #cache: PageCache;
  readonly #owner: boolean;
  #leftBehind: string | undefined;
  #pair = new Uint8Array(8);

  low = 0;
  high = 0;

  constructor(file: OpenFile, shared: SharedFile, owner: boolean) {
    this.name = file.name;
    this.size = file.size;
    this.shared = { kind: 'file', file: shared };
    this.#file = file;
    this.#owner = owner;
    const native = nativeMemory();
    const mapped = shared.mapping && native ? new MappedReader(file, shared.mapping, native) : undefined;
    this.#cache = new PageCache(shared.cache, file.size, mapped ? (at, target) => mapped.read(at, target) : (at, target) => pread(file, at, target));
  }

  /** Opens a file and makes the parts that its threads share. Throws WorkbenchError `io`. */
  static open(location: string, options: { mapping: boolean }): FileSource {
    const file = openFile(location);
    return new FileSource(file, shareFile(file, options.mapping), true);
  }

  /**
   * A complete file of our own making that has no name, or one that is `leftBehind` because the system keeps names of open files; it is taken away with
   * `close`. Takes over the descriptor. `folder`: where it lies; `name`: for messages.
   */
  static ofTemporary(fd: number, options: { mapping: boolean; name: string; folder: string; leftBehind?: string }): FileSource {
    const { folder, name } = options;
    const file: OpenFile = { fd, path: folder, name, size: fs.fstatSync(fd).size };
    // Other threads take the name from the path; no file is there.
    const source = new FileSource(file, { ...shareFile(file, options.mapping), path: path.join(folder, name) }, true);
    source.#leftBehind = options.leftBehind;
    return source;
  }

  /** Reads in another thread what `open` made in the first, which must outlive this one. */
  static adopt(shared: SharedFile): FileSource {
    return new FileSource({ fd: shared.fd, path: shared.path, name: path.basename(shared.path), size: shared.size }, shared, false);
  }

  read(offset: number, target: Uint8Array): number {
    const end = Math.min(offset + target.length, this.size);
    let at = offset;
    while (at < end) {
      const pageEnd = (Math.floor(at / SLOT_SIZE) + 1) * SLOT_SIZE;
      const stop = Math.min(pageEnd, end);
      this.#cache.copy(at, target.subarray(at - offset, stop - offset));
      at = stop;
    }
    return Math.max(0, end - offset);
  }

  readStreaming(offset: number, target: Uint8Array): number {
    const length = Math.max(0, Math.min(target.length, this.size - offset));
    pread(this.#file, offset, length === target.length ? target : target.subarray(0, length));
    return length;
  }

  readU64(offset: number): boolean {
    if (offset + 8 > this.size || offset < 0) return false;
    if ((offset % SLOT_SIZE) + 8 <= SLOT_SIZE) {
      this.#cache.readU64(offset);
      this.low = this.#cache.low;
      this.high = this.#cache.high;
    } else {
      const pair = this.#pair;
      this.read(offset, pair);
      this.low = (pair[0]! | (pair[1]! << 8) | (pair[2]! << 16) | (pair[3]! << 24)) >>> 0;
      this.high = (pair[4]! | (pair[5]! << 8) | (pair[6]! << 16) | (pair[7]! << 24)) >>> 0;
    }
    return true;
  }

  /** Ends the use of the file; the owner unmaps and closes it, so it goes last. */
  close(): void {
    if (!this.#owner) return;
    const { mapping } = this.shared.file;
    if (mapping) unmapFile(mapping);
    fs.closeSync(this.#file.fd);
    if (this.#leftBehind !== undefined) fs.rmSync(this.#leftBehind, { force: true });
  }
}

function shareFile(file: OpenFile, mappingAllowed: boolean): SharedFile {
  const { mapping, access } = mapFile(file, mappingAllowed);
  const cache = createPageCache(Math.min(CACHE_BYTES, Math.max(file.size, SLOT_SIZE)));
  return { path: file.path, fd: file.fd, size: file.size, mapping, access, cache };
}
