/** Taking compressed files apart as the engine does, out of real files in a folder of the test's own. */
import { existsSync, fstatSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { Progress } from '#engine/containers/container.ts';
import { compressedContainer } from '#engine/containers/compressed/compressed-container.ts';
import { COMPRESSED_FORMATS } from '#engine/containers/compressed/index.ts';
import { readHead } from '#engine/containers/unwrap.ts';
import { FileSource } from '#engine/io/file-source.ts';
import type { Diagnostic } from '#shared/model/diagnostic.ts';
import type { Layer } from '#shared/model/dump.ts';
import { fixture } from '../../../fixtures/fixture.ts';
import { temporaryFolder } from '../../io/temporary-folder.ts';

const folder = temporaryFolder();
/** Where the decompressed files go: empty at any time, as they have no names. */
export const SCRATCH = temporaryFolder();
export const SILENT: Progress = { report: () => undefined };

export const FIXTURES = readdirSync(path.join(import.meta.dirname, '../../../fixtures/compressed'))
  .map((name) => name.replace(/\.zst$/, ''))
  .sort();

export function compressedFixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(fixture(`compressed/${name}`)));
}

export function fileOf(bytes: Uint8Array, name = 'damaged.bin'): string {
  const file = path.join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

export interface Decompressed {
  format: string;
  bytes: Uint8Array;
  layer: Layer;
  diagnostics: Diagnostic[];
  /** Of the decompressed file: permissions, names, bytes on the disk. */
  status: { mode: number; names: number; allocated: number };
}

/** Undefined when no compression claims the bytes; `start`: where they begin. Closes everything, and makes sure that nothing is left behind. */
export async function decompress(
  bytes: Uint8Array,
  options: { progress?: Progress; start?: number; folder?: string } = {},
): Promise<Decompressed | undefined> {
  const source = FileSource.open(fileOf(bytes), { mapping: false });
  const { fd } = source.shared.file;
  const wrapped = { source, start: options.start ?? 0 };
  const head = readHead(wrapped);
  const format = COMPRESSED_FORMATS.find((candidate) => candidate.probe(head));
  if (!format) {
    source.close();
    return undefined;
  }
  try {
    const container = compressedContainer(format, options.folder ?? SCRATCH);
    const { inside, layer, diagnostics } = await container.unwrap(wrapped, { mapping: false, progress: options.progress ?? SILENT });
    if (isOpen(fd)) throw new Error('the compressed file is still open');
    const out = new Uint8Array(inside.source.size - inside.start);
    inside.source.readStreaming(inside.start, out);
    const { shared } = inside.source;
    if (shared.kind !== 'file') throw new Error('not a file');
    const { mode, nlink, blocks } = fstatSync(shared.file.fd);
    inside.source.close();
    return {
      format: format.id,
      bytes: out,
      layer,
      diagnostics: diagnostics ?? [],
      status: { mode: mode & 0o777, names: nlink, allocated: blocks * 512 },
    };
  } catch (error) {
    // The source is still the caller's.
    if (!isOpen(fd)) throw new Error('the compressed file was closed', { cause: error });
    source.close();
    throw error;
  } finally {
    expect(readdirSync(SCRATCH), 'left behind').toEqual([]);
  }
}

function isOpen(fd: number): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
}

/** Descriptors of this process whose file has no name any more, where the system tells. */
export function namelessFiles(): number {
  if (!existsSync('/proc/self/fd')) return 0;
  return readdirSync('/proc/self/fd').filter((fd) => linkOf(fd).includes('vmcore-workbench-')).length;
}

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}
