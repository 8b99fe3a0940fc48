/** Reads a file with pread: works everywhere, on every file system, and is the faster way for linear passes (reference/platform.md 1.3). */
import fs from 'node:fs';
import { WorkbenchError } from '#shared/errors.ts';
import { assertNotShrunk, ioError, type OpenFile } from './open-file.ts';

/** Fills `target` from `offset`; the caller keeps within the file's size. Throws `source-changed` when the file ends early, `io` on a failing device. */
export function pread(file: OpenFile, offset: number, target: Uint8Array): void {
  let done = 0;
  while (done < target.length) {
    let count: number;
    try {
      count = fs.readSync(file.fd, target, done, target.length - done, offset + done);
    } catch (error) {
      throw ioError(error, file.name, offset + done);
    }
    if (count === 0) {
      assertNotShrunk(file);
      throw new WorkbenchError('source-changed', `${file.name}: the file ended at 0x${(offset + done).toString(16)} while it was read`, {
        source: file.path,
        fileOffset: offset + done,
      });
    }
    done += count;
  }
}
