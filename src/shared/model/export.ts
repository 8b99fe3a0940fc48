/** Export: what will be written, how far it is, what was missing. */

export type ExportFormat = 'elf' | 'kdump' | 'raw' | 'lime';
export type ExportCompression = 'zlib' | 'lzo' | 'snappy' | 'zstd' | 'none';

export interface ExportOptions {
  format: ExportFormat;
  /** ELF. `portable`: opens in crash, drgn, makedumpfile, libkdumpfile, gdb, readelf. `qemu`: QEMU's own layout, for comparing byte for byte. */
  layout: 'portable' | 'qemu';
  /** ELF: segments carry the virtual addresses of every CPU's page tables, as QEMU's paging=on. Default: false. */
  paging?: boolean;
  /** Only memory from this guest-physical address on, `length` bytes. Both or neither; not for kdump. */
  begin?: number;
  length?: number;
  /** kdump. Default: zlib. */
  compression?: ExportCompression;
  /** kdump: makedumpfile's flattened form, which can be written to a pipe. Default: false. */
  flattened?: boolean;
  /** kdump: pages of zeros are left out instead of shared. Default: false. */
  excludeZero?: boolean;
  /** False writes zeros instead of leaving holes in the file. Default: true. */
  sparse?: boolean;
  /** Opens the file after writing and compares its memory. Default: for files under 4 GiB. */
  verify?: boolean;
}

/** A stretch of memory and where it goes in the file. */
export interface PlannedSegment {
  /** NOTE and LOAD are ELF's; RANGE is one of raw memory or LiME, PAGES a run of pages of a kdump file. */
  type: 'NOTE' | 'LOAD' | 'RANGE' | 'PAGES';
  physical: number;
  /** Null in formats without virtual addresses. */
  virtual: bigint | null;
  /** Null where it depends on what was compressed before. */
  fileOffset: number | null;
  /** Bytes; null as above. */
  fileSize: number | null;
  memorySize: number;
}

export interface PlannedNote {
  owner: string;
  type: number;
  title: string;
  size: number;
  source: string;
}

/** What a file is made of, in its order: header, notes, bitmaps, memory. */
export interface PlannedPart {
  title: string;
  /** Bytes. */
  size: number;
  /** False when the size is an estimate. */
  exact: boolean;
}

/** What the file will hold, before it is written. */
export interface ExportPlan {
  format: ExportFormat;
  layout: 'portable' | 'qemu';
  suggestedName: string;
  /** Suffix of a second file that is written beside it; null when there is none. */
  sidecar: string | null;
  /** Bytes; an estimate from a sample of pages when `exact` is false. */
  fileSize: number;
  exact: boolean;
  /** Bytes that are not zero and so take space. An upper bound, unless `exact` is false. */
  dataSize: number;
  /** Reading, decoding, compressing and verifying, at the rate of a sample; a slow disk takes longer. Null where there was nothing to measure. */
  seconds: number | null;
  parts: PlannedPart[];
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
  /** Bytes of memory that were read back and found equal; null when that was not asked for. A difference is an error, not a report. */
  verified: number | null;
}
