/**
 * The files that a user named for RAM blocks (OpenOptions.ramFiles): opened beside the dump and joined behind it, so that one number tells a place in the
 * dump's file or in theirs, and every thread of the dump has them.
 */
import fs from 'node:fs';
import { WorkbenchError } from '#shared/errors.ts';
import type { OpenOptions } from '#shared/model/dump.ts';
import type { RamFile } from '../formats/format.ts';
import { FileSource } from '../io/file-source.ts';
import { JoinedSource, joinedStarts } from '../io/joined-source.ts';
import type { OpenSource } from '../io/open-source.ts';

export interface OpenRamFile {
  block: string;
  source: FileSource;
}

/** The caller closes them. Throws with none left open: WorkbenchError `io`, `bad-request` for a file that is the dump itself. */
export function openRamFiles({ paths, mapping, options }: { paths: readonly string[]; mapping: boolean; options: OpenOptions }): OpenRamFile[] {
  const opened: OpenRamFile[] = [];
  try {
    for (const [block, location] of Object.entries(options.ramFiles ?? {})) {
      const source = FileSource.open(location, { mapping });
      opened.push({ block, source });
      refuseDump(source, block, paths);
    }
    return opened;
  } catch (error) {
    for (const { source } of opened) source.close();
    throw error;
  }
}

/** The dump, picked by mistake, would be shown as memory. */
function refuseDump({ shared }: FileSource, block: string, dump: readonly string[]): void {
  const { ino, dev } = fs.fstatSync(shared.file.fd);
  const isDump = dump.some((path) => {
    const stat = fs.statSync(path, { throwIfNoEntry: false });
    return stat?.ino === ino && stat.dev === dev;
  });
  if (isDump) {
    throw new WorkbenchError('bad-request', `${shared.file.path}: this is the dump, not the file that backs the RAM block ${block}`, {
      source: shared.file.path,
    });
  }
}

/** The dump's source with the files behind it: offsets of the dump stay. Closing it closes all of them. */
export function joinRamFiles(source: OpenSource, files: readonly OpenRamFile[]): { memory: OpenSource; places: RamFile[] } {
  if (files.length === 0) return { memory: source, places: [] };
  const sources = [source, ...files.map((file) => file.source)];
  const starts = joinedStarts(sources.map(({ size }) => size));
  const places = files.map(({ block, source: { shared, size } }, index) => ({
    block,
    path: shared.file.path,
    start: starts[index + 1]!,
    length: size,
  }));
  return { memory: new JoinedSource(source.name, sources), places };
}
