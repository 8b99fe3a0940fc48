/** What can be said about a file that is exported: the formats and compressions in words, and which option is for which format. */
import type { ExportCompression, ExportFormat, ExportOptions } from './model/export.ts';

export interface ExportChoice {
  title: string;
  /** Who opens such a file, in a line. */
  audience: string;
}

export const EXPORT_FORMATS: Readonly<Record<ExportFormat, ExportChoice>> = {
  elf: { title: 'ELF vmcore', audience: 'crash, drgn, gdb, makedumpfile, libkdumpfile' },
  kdump: { title: 'kdump-compressed', audience: 'Small: crash, drgn, makedumpfile, libkdumpfile' },
  raw: { title: 'Raw memory', audience: 'Everything else; no registers' },
  lime: { title: 'LiME', audience: 'Volatility and other forensics; no registers' },
};

export const EXPORT_FORMAT_IDS = Object.keys(EXPORT_FORMATS) as [ExportFormat, ...ExportFormat[]];

export const EXPORT_LAYOUTS: Readonly<Record<ExportOptions['layout'], ExportChoice>> = {
  portable: { title: 'Portable', audience: 'Opens in all of these' },
  qemu: { title: 'As QEMU writes it', audience: 'Byte for byte, to compare; makedumpfile 1.7 refuses it' },
};

export const EXPORT_COMPRESSIONS: Readonly<Record<ExportCompression, ExportChoice>> = {
  zlib: { title: 'zlib', audience: 'every reader knows it' },
  lzo: { title: 'LZO', audience: 'fast' },
  snappy: { title: 'Snappy', audience: 'fast' },
  zstd: { title: 'Zstandard', audience: 'small; needs crash 8 or later' },
  none: { title: 'none', audience: 'pages as they are' },
};

/** Which formats an option is for; one that is not here is for all. */
const ONLY_FOR: Readonly<Partial<Record<keyof ExportOptions, readonly ExportFormat[]>>> = {
  paging: ['elf'],
  begin: ['elf', 'raw', 'lime'],
  length: ['elf', 'raw', 'lime'],
  compression: ['kdump'],
  flattened: ['kdump'],
  excludeZero: ['kdump'],
  // A kdump file has no pages of zeros that could be holes.
  sparse: ['elf', 'raw', 'lime'],
};

export function isFor(option: keyof ExportOptions, format: ExportFormat): boolean {
  return ONLY_FOR[option]?.includes(format) ?? true;
}

/** Files smaller than this many bytes are verified unless that is declined. */
export const VERIFIED_BY_DEFAULT = 4 * 1024 ** 3;
