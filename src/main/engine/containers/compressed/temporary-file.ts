/**
 * The file that a stream is decompressed into: without a name from the start where the system allows that, so that it is gone with the process
 * whatever happens; readable by its owner only; with holes where it is zero; and no larger than leaves the disk some room.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { formatSize } from '#shared/address-text.ts';
import { WorkbenchError } from '#shared/errors.ts';
import { FileSource } from '../../io/file-source.ts';

/** A guest's memory holds its secrets. */
const OWNER_ONLY = 0o600;
/** What is left to the rest of the system: this, or a hundredth of the disk where that is less. */
const RESERVE = 64 * 1024 * 1024;
/** How much is written between two looks at the free space. */
const CHECK_EVERY = 16 * 1024 * 1024;
const BLOCK = 1024 * 1024;
const PAGE = 4096;
const ZEROS = Buffer.alloc(PAGE);

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

export class TemporaryFile {
  readonly #folder: string;
  readonly #fd: number;
  readonly #leftBehind: string | undefined;
  readonly #block = Buffer.alloc(BLOCK);
  #inBlock = 0;
  #written = 0;
  #unchecked = CHECK_EVERY;
  #open = true;

  private constructor(folder: string, fd: number, leftBehind: string | undefined) {
    this.#folder = folder;
    this.#fd = fd;
    this.#leftBehind = leftBehind;
  }

  /** In the system's folder for such files (TMPDIR). `expected`: bytes that will be written, where that is known. Throws `no-space`, `cannot-write`. */
  static create(expected: number | undefined, folder = os.tmpdir()): TemporaryFile {
    const location = path.join(folder, `vmcore-workbench-${randomBytes(12).toString('hex')}`);
    try {
      checkSpace(folder, expected ?? 0);
      const fd = fs.openSync(location, 'wx+', OWNER_ONLY);
      return new TemporaryFile(folder, fd, removed(location) ? undefined : location);
    } catch (error) {
      throw asProblem(error, folder);
    }
  }

  /** Bytes so far. */
  get size(): number {
    return this.#written + this.#inBlock;
  }

  append(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const count = Math.min(bytes.length - done, BLOCK - this.#inBlock);
      this.#block.set(bytes.subarray(done, done + count), this.#inBlock);
      this.#inBlock += count;
      done += count;
      if (this.#inBlock === BLOCK) this.#flush();
    }
  }

  /** The file, complete, as a source that owns it. This object is of no more use. */
  finish(name: string, mapping: boolean): FileSource {
    this.#flush();
    try {
      // A hole at the end counts, too.
      fs.ftruncateSync(this.#fd, this.#written);
    } catch (error) {
      throw asProblem(error, this.#folder);
    }
    const source = FileSource.ofTemporary(this.#fd, { mapping, name, folder: this.#folder, leftBehind: this.#leftBehind });
    this.#open = false;
    return source;
  }

  /** Takes the file away, unless it was finished. */
  discard(): void {
    if (!this.#open) return;
    this.#open = false;
    fs.closeSync(this.#fd);
    if (this.#leftBehind !== undefined) fs.rmSync(this.#leftBehind, { force: true });
  }

  #flush(): void {
    const length = this.#inBlock;
    try {
      for (let at = 0; at < length;) {
        const end = this.#runEnd(at, length);
        if (end > at) this.#write(at, end);
        at = end;
        while (at < length && this.#isZero(at, length)) at += PAGE;
      }
    } catch (error) {
      throw asProblem(error, this.#folder);
    }
    this.#written += length;
    this.#inBlock = 0;
  }

  /** Where the pages from `at` on that are not zero end. */
  #runEnd(at: number, length: number): number {
    while (at < length && !this.#isZero(at, length)) at += PAGE;
    return Math.min(at, length);
  }

  /** Of a page that is cut off at the end of the file: no hole, so that the rule stays simple. */
  #isZero(at: number, length: number): boolean {
    return at + PAGE <= length && this.#block.compare(ZEROS, 0, PAGE, at, at + PAGE) === 0;
  }

  #write(from: number, end: number): void {
    for (let at = from; at < end;) at += fs.writeSync(this.#fd, this.#block, at, end - at, this.#written + at);
    this.#unchecked -= end - from;
    if (this.#unchecked > 0) return;
    this.#unchecked = CHECK_EVERY;
    checkSpace(this.#folder, 0);
  }
}

/** Takes a name away from a file that is open; false where the system does not allow that (Windows). */
function removed(location: string): boolean {
  try {
    fs.unlinkSync(location);
    return true;
  } catch {
    return false;
  }
}

/** Throws `no-space` unless the disk has room for so much more, and the reserve. */
function checkSpace(folder: string, more: number): void {
  const { bavail, blocks, bsize } = fs.statfsSync(folder);
  const free = bavail * bsize;
  if (free - Math.min(RESERVE, (blocks * bsize) / 100) >= more) return;
  throw noSpace(folder, more > 0 ? `it needs ${formatSize(more)}, and ${formatSize(free)} are free` : `only ${formatSize(free)} are left`);
}

function noSpace(folder: string, why: string): WorkbenchError {
  return new WorkbenchError('no-space', `no space in ${folder} for the decompressed dump: ${why}`, {
    source: folder,
    hint: 'Free some space, or set TMPDIR to a folder that has more, and start again.',
  });
}

function asProblem(error: unknown, folder: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof WorkbenchError || code === undefined) return error;
  if (FULL.has(code)) return noSpace(folder, 'the system refused to write more');
  return new WorkbenchError('cannot-write', `cannot write a temporary file in ${folder}: ${message}`, { source: folder, found: code });
}
