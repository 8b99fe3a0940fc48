/**
 * A file that grows under another name: NAME.part, with holes where it is zero, synced, then renamed to NAME. Whoever looks at NAME sees
 * what was there before, or the whole new file.
 */
import fs from 'node:fs';
import path from 'node:path';
import { formatSize } from '#shared/address-text.ts';
import { cannotWrite, FileWriter, translateWriteError, type PageTarget } from './file-writer.ts';
import { WriteBehind } from './write-behind.ts';

/** A guest's memory holds its secrets; QEMU's dumps are readable by their owner only, too. */
const OWNER_ONLY = 0o600;

function isSameFile(a: fs.Stats | undefined, b: fs.Stats | undefined): boolean {
  return a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev;
}

/** True when the file is one of `paths`, under whatever name. */
function isOneOf(file: fs.Stats | undefined, paths: readonly string[]): boolean {
  return paths.some((path) => isSameFile(file, statIfThere(path)));
}

const statIfThere = (file: string) => fs.statSync(file, { throwIfNoEntry: false });

/** Throws `cannot-write` unless `target` can become a new file without harm to the `sources`, and the folder has room for `size` bytes. */
function checkTarget(target: string, sources: readonly string[], size: number): void {
  const folder = path.dirname(target);
  const existing = statIfThere(target);
  const folderStat = statIfThere(folder);
  if (!folderStat) throw cannotWrite(target, `the folder ${folder} does not exist`);
  if (!folderStat.isDirectory()) throw cannotWrite(target, `${folder} is not a folder`);
  if (existing?.isDirectory()) throw cannotWrite(target, 'it is a folder');
  if (existing && !existing.isFile()) throw cannotWrite(target, 'it is a device, a pipe or a socket');
  if (isOneOf(existing, sources)) throw cannotWrite(target, 'it is the dump that is being exported', 'Choose another name.');
  fs.accessSync(folder, fs.constants.W_OK | fs.constants.X_OK);
  const { bavail, bsize } = fs.statfsSync(folder);
  if (bavail * bsize < size) {
    throw cannotWrite(target, `no space: up to ${formatSize(size)} are needed, ${formatSize(bavail * bsize)} are free in ${folder}`);
  }
}

function describeLeftover(part: string): string | undefined {
  const stat = statIfThere(part);
  if (!stat?.isFile()) return undefined;
  const when = stat.mtime.toISOString().slice(0, 16).replace('T', ' ');
  return `An export that was interrupted had left ${path.basename(part)} behind (${formatSize(stat.blocks * 512)} on the disk, last written ${when} UTC): it was removed.`;
}

export class SparseFile implements PageTarget {
  readonly target: string;
  readonly #part: string;
  /** For other threads, which write to it through a FileWriter of their own. */
  readonly fd: number;
  readonly #writer: FileWriter;
  readonly #writeBehind: WriteBehind;
  #open = true;
  /** What an interrupted export had left under the preliminary name, in a sentence for the report; it is gone. */
  readonly leftover: string | undefined;

  private constructor(target: string, part: string, fd: number, leftover: string | undefined) {
    this.target = target;
    this.leftover = leftover;
    this.#part = part;
    this.fd = fd;
    this.#writer = new FileWriter(fd, target);
    this.#writeBehind = new WriteBehind(part);
  }

  /** `size`: most bytes of data that will be written. Throws WorkbenchError `cannot-write`. */
  static create(target: string, sources: readonly string[], size: number): SparseFile {
    const part = `${target}.part`;
    try {
      checkTarget(target, sources, size);
      if (isOneOf(statIfThere(part), sources)) throw cannotWrite(part, 'it is the dump that is being exported', 'Choose another name.');
      // What an interrupted export left behind; `wx` then follows no link that somebody put there.
      const leftover = describeLeftover(part);
      fs.rmSync(part, { force: true });
      return new SparseFile(target, part, fs.openSync(part, 'wx', OWNER_ONLY), leftover);
    } catch (error) {
      throw translateWriteError(error, target);
    }
  }

  /** Bytes handed to the system so far by this thread. */
  get written(): number {
    return this.#writer.written;
  }

  write(position: number, bytes: Uint8Array, start = 0, length = bytes.length): void {
    this.#writer.write(position, bytes, start, length);
    this.#writeBehind.advance(this.#writer.written);
  }

  /** The file's name until it is published. */
  get part(): string {
    return this.#part;
  }

  /** Gives the file its length. The disk gets the rest while the file is verified. */
  seal(length: number): void {
    try {
      fs.ftruncateSync(this.fd, length);
      this.#writeBehind.start();
    } catch (error) {
      throw translateWriteError(error, this.target);
    }
  }

  /** Waits until all of the file is on the disk, gives it its name, and returns when that is on the disk, too. */
  publish(): void {
    try {
      fs.fsyncSync(this.fd);
      if (!isSameFile(statIfThere(this.#part), fs.fstatSync(this.fd))) throw cannotWrite(this.target, `another program replaced ${this.#part}`);
      fs.renameSync(this.#part, this.target);
      this.#close();
      syncFolder(path.dirname(this.target));
    } catch (error) {
      throw translateWriteError(error, this.target);
    }
  }

  /** Takes the unfinished file away; the target stays as it was. */
  discard(): void {
    if (!this.#open) return;
    if (isSameFile(statIfThere(this.#part), fs.fstatSync(this.fd))) fs.rmSync(this.#part, { force: true });
    this.#close();
  }

  #close(): void {
    this.#open = false;
    this.#writeBehind.close();
    fs.closeSync(this.fd);
  }
}

/** So that the new name survives a power failure. Some file systems (and Windows) refuse to sync a folder: there is then nothing to do. */
function syncFolder(folder: string): void {
  let fd: number | undefined;
  try {
    fd = fs.openSync(folder, 'r');
    fs.fsyncSync(fd);
  } catch {
    // The file itself is safe.
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

/** Writes a small file so that a reader sees the old content or the new, never a part. Throws WorkbenchError `cannot-write`. */
export function replaceText(target: string, text: string): void {
  const part = `${target}.part`;
  try {
    fs.writeFileSync(part, text, { mode: OWNER_ONLY });
    fs.renameSync(part, target);
  } catch (error) {
    fs.rmSync(part, { force: true });
    throw translateWriteError(error, target);
  }
}
