/** The compressions of whole files that are read: what libvirt's dump_image_format and save_image_format offer, and lz4. */
import type { Container } from '../container.ts';
import { BZIP2 } from './bzip2.ts';
import { compressedContainer } from './compressed-container.ts';
import { GZIP } from './gzip.ts';
import { LZ4 } from './lz4.ts';
import { LZOP } from './lzop.ts';
import { XZ } from './xz.ts';
import { ZSTD } from './zstd.ts';

export const COMPRESSED_FORMATS = [GZIP, BZIP2, XZ, LZOP, ZSTD, LZ4];

export const COMPRESSED_CONTAINERS: readonly Container[] = COMPRESSED_FORMATS.map((format) => compressedContainer(format));
