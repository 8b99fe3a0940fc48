/** An open dump as plain data and shared memory: what one thread gives another so that it works on the same dump. */
import type { RegionCorrection } from '#shared/model/memory.ts';
import type { OpenedDump } from '../formats/format.ts';
import type { OpenOptions } from '#shared/model/dump.ts';
import type { Access } from '../io/mapping.ts';
import type { SharedSource } from '../io/open-source.ts';
import type { SharedDebugFile } from './debug-files.ts';

/** A file as it was opened. */
export interface OpenedFile {
  path: string;
  size: number;
  access: Access;
}

export interface DumpImage {
  /** The files that the user opened, outermost. */
  files: OpenedFile[];
  /** What the dump's memory is read from: the first file, or what was unwrapped from it. */
  source: SharedSource;
  options: OpenOptions;
  dump: OpenedDump;
  corrections: RegionCorrection[];
  /** The files of `options.debug`, opened. */
  debugFiles: SharedDebugFile[];
}
