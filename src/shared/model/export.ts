/** Export: what will be written, how far it is, what was missing. */

export type ExportFormat = 'elf';

export interface ExportOptions {
  format: ExportFormat;
  /** `portable`: opens in crash, makedumpfile, libkdumpfile, gdb, readelf. `qemu`: QEMU's own layout, for comparing byte for byte. */
  layout: 'portable' | 'qemu';
}

export interface PlannedSegment {
  /** NOTE or LOAD. */
  type: string;
  physical: number;
  virtual: bigint;
  fileOffset: number;
  fileSize: number;
  memorySize: number;
}

export interface PlannedNote {
  owner: string;
  type: number;
  title: string;
  size: number;
  source: string;
}

/** What the file will hold, before it is written. */
export interface ExportPlan {
  format: ExportFormat;
  layout: 'portable' | 'qemu';
  suggestedName: string;
  fileSize: number;
  /** Bytes that are not zero and so take space. An upper bound. */
  dataSize: number;
  segmentCount: number;
  /** The first 1000 at most. */
  segments: PlannedSegment[];
  notes: PlannedNote[];
  /** What the source lacks and the file will therefore not hold. */
  warnings: string[];
}

export interface ExportReport {
  target: string;
  bytesWritten: number;
  /** Bytes left as holes because they are zero. */
  sparseBytes: number;
  seconds: number;
  /** Ranges of guest-physical memory that the source does not hold, merged; at most 1000, then `missingCut` is true. */
  missing: { start: number; last: number; reason: string }[];
  missingCut: boolean;
  warnings: string[];
}
