/**
 * What a dump is read from, as a tree: a file; another source seen through a table (a flattened file, an image's clusters); several files end to end
 * (a split set). Plain data, so that every thread of a dump can have its own view of the same shared parts.
 */
import type { SharedUnitRecords } from '../codecs/unit-records.ts';
import type { ByteSource } from '../memory/byte-source.ts';
import type { SharedExtents } from '../memory/extent-table.ts';
import type { SharedFile } from './file-source.ts';

export type SharedSource =
  | { kind: 'file'; file: SharedFile }
  /** Extents are numbered by offsets of the new source and lead to offsets of `of`. What no extent covers reads as zeros. */
  | { kind: 'remapped'; name: string; size: number; extents: SharedExtents; units?: SharedUnitRecords; of: SharedSource }
  | { kind: 'joined'; name: string; parts: SharedSource[] };

/** A source with a lifetime. `close` ends the owner's use of all files below it; views that other threads adopted must be gone by then. */
export interface OpenSource extends ByteSource {
  readonly shared: SharedSource;
  close(): void;
}
