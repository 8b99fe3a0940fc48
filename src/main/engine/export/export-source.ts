/** What an export is made of: an open dump with its current map, in the worker that writes. */
import type { Architecture } from '../arch/architecture.ts';
import type { OpenedDump } from '../formats/format.ts';
import type { GuestMemory } from '../memory/guest-memory.ts';

export interface ExportSource {
  /** File name without folder, for messages. */
  name: string;
  /** The files that are read; an export never writes onto one of them. */
  files: readonly string[];
  /** The most bytes of data that its memory can have; Infinity where that is not known. */
  mostData: number;
  /** Its regions are the current ones: what the user corrected is what is written. */
  memory: GuestMemory;
  /** Its regions are the same as `memory`'s, with evidence. */
  dump: OpenedDump;
  /** Undefined when the CPUs are of a family that is not decoded: the file then has no CPU notes. */
  architecture: Architecture | undefined;
  /** What was found out about it on the way to the export, in sentences for the report. */
  warnings?: readonly string[];
}
