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
  /** kdump and ELF: makedumpfile's flattened form, which can be written to a pipe. Default: false. */
  flattened?: boolean;
  /** kdump: pages of zeros are left out instead of shared. Default: false. */
  excludeZero?: boolean;
  /** False writes zeros instead of leaving holes in the file. Default: true. */
  sparse?: boolean;
  /** Opens the file after writing and compares its memory. Default: for files under 4 GiB. */
  verify?: boolean;
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
  /** Bytes of memory that were read back and found equal; null when that was not asked for. A difference is an error, not a report. */
  verified: number | null;
}
