/** Writes to places of an open file, in whichever thread; and what the system's errors say in words. */
import fs from 'node:fs';
import { WorkbenchError } from '#shared/errors.ts';

const REASONS: Record<string, string> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'a part of the path is not a folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than the file system or a limit of this process allows',
  EIO: 'the device reported a write error',
  ENAMETOOLONG: 'the name is too long',
};

export function cannotWrite(file: string, why: string, hint?: string): WorkbenchError {
  return new WorkbenchError('cannot-write', `cannot write ${file}: ${why}`, { source: file, hint });
}

/** A system error as `cannot-write`; errors of other kinds (the source changed, the user cancelled) as they are. */
export function translateWriteError(error: unknown, file: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof WorkbenchError || code === undefined) return error;
  const hint = code === 'ENOSPC' || code === 'EDQUOT' ? 'Nothing was left behind. Free some space, or choose another folder.' : undefined;
  return new WorkbenchError('cannot-write', `cannot write ${file}: ${REASONS[code] ?? message}`, { source: file, found: code, hint });
}

/** What copies of memory are written through. */
export interface PageTarget {
  write(position: number, bytes: Uint8Array, start?: number, length?: number): void;
}

export class FileWriter implements PageTarget {
  readonly #fd: number;
  readonly #name: string;
  /** Bytes handed to the system so far. */
  written = 0;

  /** `fd` stays the caller's; `name` is for messages. */
  constructor(fd: number, name: string) {
    this.#fd = fd;
    this.#name = name;
  }

  write(position: number, bytes: Uint8Array, start = 0, length = bytes.length): void {
    try {
      for (let done = 0; done < length;) done += fs.writeSync(this.#fd, bytes, start + done, length - done, position + done);
    } catch (error) {
      throw translateWriteError(error, this.#name);
    }
    this.written += length;
  }
}
