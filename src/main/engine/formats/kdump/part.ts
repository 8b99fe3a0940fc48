/** One file of a kdump-compressed dump: its headers read and checked, and where its bitmaps and descriptors lie. */
import { DumpFormatError } from '#shared/errors.ts';
import type { Diagnostic } from '#shared/model/diagnostic.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import type { DumpPart } from '../format.ts';
import { checkHeader, chooseSubHeader, pageCount } from './header-check.ts';
import { HEADER_SIZE, NEWEST_VERSION, SUB_HEADER_SIZE, type Header, type SubHeader } from './layout.ts';

/** Where a part's bitmaps lie: offsets in the source. */
export interface BitmapPlace {
  /** Bitmap 1; equal to `second` in a file that has one bitmap only. */
  first: number;
  second: number;
  /** Bytes of one of them. */
  length: number;
  /** Where the part ends. */
  end: number;
}

/** Offsets in the source; PFN ranges half-open. */
export interface KdumpPart {
  name: string;
  start: number;
  /** Where the part ends. */
  end: number;
  header: Header;
  subHeader: SubHeader;
  pages: number;
  /** Whose pages this part has descriptors for: all, unless the set was split. */
  firstPfn: number;
  endPfn: number;
  bitmaps: BitmapPlace;
  descriptors: number;
}

/** Throws DumpFormatError when the headers make no sense; oddities that do no harm go into `diagnostics`. */
export function readPart(source: ByteSource, { name, start, length }: DumpPart, diagnostics: Diagnostic[]): KdumpPart {
  const read = (offset: number, size: number, field: string): Uint8Array => {
    const bytes = new Uint8Array(size);
    const got = offset + size <= length ? source.read(start + offset, bytes) : 0;
    if (got === size) return bytes;
    const found = `a file of ${length}`;
    throw new DumpFormatError({ format: 'kdump', source: name, fileOffset: start + offset, field, expected: `${size} bytes`, found });
  };
  const header = checkHeader(read(0, HEADER_SIZE, 'header'), name, start);
  const { blockSize, subHeaderBlocks, bitmapBlocks, version } = header;
  // DISKDUMP's sub-header is another: it holds the registers of one CPU in a form that went with Linux 2.4.
  const bytes = header.diskdump ? new Uint8Array(SUB_HEADER_SIZE) : read(blockSize, SUB_HEADER_SIZE, 'sub-header');
  const subHeader = chooseSubHeader(bytes, header.diskdump ? { ...header, version: 0 } : header, length);
  const odd = (code: string, message: string, consequence: string, fileOffset: number) =>
    diagnostics.push({ severity: 'suspect', code, message: `${name}: ${message}`, consequence, fileOffset: start + fileOffset });
  if (version > NEWEST_VERSION) {
    odd('version-unknown', `header version ${version} is newer than ${NEWEST_VERSION}, the newest known.`, 'It is read as version 6.', 8);
  }

  const wanted = pageCount(header, subHeader);
  if (wanted.differ) {
    const message = `max_mapnr is ${header.maxMapnr} in the header and ${subHeader.maxMapnr} in the sub-header.`;
    odd('max-mapnr-differs', message, `${wanted.pages} is used, which suits the bitmaps better.`, blockSize);
  }
  const bits = bitmapBlocks * blockSize * 8;
  // Two bitmaps, unless they would be too short for that: then there is only one, of pages that both exist and are in the file.
  const two = Math.ceil(Math.ceil(wanted.pages / 8) / blockSize) * 2 <= bitmapBlocks;
  const bitmapLength = two ? Math.floor(bitmapBlocks / 2) * blockSize : bitmapBlocks * blockSize;
  const pages = Math.min(wanted.pages, bits);
  if (pages < wanted.pages) {
    odd('bitmap-short', `the bitmap has bits for ${pages} of ${wanted.pages} pages.`, 'Memory beyond is shown as absent.', blockSize);
  }
  const bitmapsAt = start + (1 + subHeaderBlocks) * blockSize;

  let range = { firstPfn: 0, endPfn: pages };
  if (subHeader.split) {
    const { startPfn, endPfn } = subHeader;
    // Of a small machine, makedumpfile puts all pages into the first part: the others are empty.
    if (startPfn <= endPfn && startPfn <= pages) range = { firstPfn: startPfn, endPfn: Math.min(endPfn, pages) };
    else {
      odd('split-range', `it is a part of a split dump with the impossible PFNs ${startPfn} to ${endPfn}.`, 'It is read as a whole dump.', blockSize);
      subHeader.split = false;
    }
  }
  return {
    name,
    start,
    end: start + length,
    header,
    subHeader,
    pages,
    ...range,
    bitmaps: { first: bitmapsAt, second: two ? bitmapsAt + bitmapLength : bitmapsAt, length: bitmapLength, end: start + length },
    descriptors: bitmapsAt + bitmapBlocks * blockSize,
  };
}
