/** The Linux guest of the fixtures with files that a user gives of it, and stand-ins for such files. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { KernelFiles } from '#engine/kernel-files/kernel-files.ts';
import type { LinuxKernel } from '#engine/linux/kernel.ts';
import { kernelOfDump } from '#engine/session/kernel-of-dump.ts';
import { fixture } from '../../fixtures/fixture.ts';
import { openToExport } from '../export/export-case.ts';
import { ArraySource } from '../memory/array-source.ts';

const guest = openToExport(fixture('linux/stream.qevm'));

export const bytesOf = (name: string): Uint8Array => new Uint8Array(readFileSync(fixture(`kernel-files/${name}`)));

/** The guest's kernel, which a user gave these files of: names of fixtures, or content by file name. */
export function kernelWith(...files: (string | [string, Uint8Array | string])[]): { kernel: LinuxKernel; given: KernelFiles } {
  const given = new KernelFiles(
    files.map((file) => {
      const [name, content] = typeof file === 'string' ? [file, bytesOf(file)] : file;
      return { name, source: new ArraySource(typeof content === 'string' ? new TextEncoder().encode(content) : content, name) };
    }),
  );
  return { kernel: kernelOfDump(guest.dump, guest.memory, guest.architecture, given), given };
}

/** A folder that goes away with the tests of a file. */
export function scratchFolder(): (name: string, content: Uint8Array | string) => string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'kernel-files-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  return (name, content) => {
    const file = path.join(folder, name);
    writeFileSync(file, content);
    return file;
  };
}
