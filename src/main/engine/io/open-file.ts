/** Opening a dump's file for reading: what may be opened, and errors in words. */
import fs from 'node:fs';
import path from 'node:path';
import { WorkbenchError } from '#shared/errors.ts';

export interface OpenFile {
  fd: number;
  path: string;
  /** Without folder. */
  name: string;
  /** Bytes, as of opening. */
  size: number;
}

const SYSTEM_MESSAGES: Record<string, string> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'this is a directory, not a dump',
  ENOTDIR: 'a part of the path is not a directory',
  ELOOP: 'too many symbolic links',
  EIO: 'the device reported a read error',
  ENXIO: 'there is no such device',
};

/** A system error as a WorkbenchError `io` that names the file. */
export function ioError(error: unknown, file: string, fileOffset?: number): WorkbenchError {
  const { code, message } = error as NodeJS.ErrnoException;
  const where = fileOffset === undefined ? '' : ` at 0x${fileOffset.toString(16)}`;
  return new WorkbenchError('io', `${file}${where}: ${SYSTEM_MESSAGES[code ?? ''] ?? message}`, { source: file, fileOffset, found: code });
}

/** Opens a regular file. Throws WorkbenchError `io` for anything else (a FIFO would block for ever, a directory has no bytes). */
export function openFile(file: string): OpenFile {
  let fd: number;
  try {
    const stat = fs.statSync(file);
    if (stat.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    if (!stat.isFile()) {
      throw new WorkbenchError('io', `${file}: expected a regular file, found ${stat.isFIFO() ? 'a pipe' : 'a device or socket'}`, { source: file });
    }
    fd = fs.openSync(file, fs.constants.O_RDONLY);
  } catch (error) {
    throw error instanceof WorkbenchError ? error : ioError(error, file);
  }
  return { fd, path: path.resolve(file), name: path.basename(file), size: fs.fstatSync(fd).size };
}

/** Throws WorkbenchError `source-changed` when the file is shorter than when it was opened. */
export function assertNotShrunk(file: OpenFile): void {
  const { size } = fs.fstatSync(file.fd);
  if (size >= file.size) return;
  throw new WorkbenchError('source-changed', `${file.name}: the file shrank while it was open: expected ${file.size} bytes, found ${size}`, {
    source: file.path,
    fileOffset: size,
    expected: `${file.size} bytes`,
    found: `${size} bytes`,
    hint: 'Something still writes to it, or it was replaced. Close it, wait, and open it again.',
  });
}
