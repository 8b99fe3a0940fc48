/** An open dump as plain data and shared memory: what one thread gives another so that it works on the same dump. */
import type { RegionCorrection } from '#shared/model/memory.ts';
import type { OpenedDump } from '../formats/format.ts';
import type { SharedFile } from '../io/file-source.ts';

export interface DumpImage {
  file: SharedFile;
  dump: OpenedDump;
  corrections: RegionCorrection[];
}
