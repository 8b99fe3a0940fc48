/**
 * Which byte order, word size and ABI a kdump header is in: nothing in the file says so, so the reading that makes sense is taken. The machine's name settles
 * what is left (QEMU writes "Unknown" for many).
 */
import { DumpFormatError } from '#shared/errors.ts';
import { PHYSICAL_LIMIT } from '#shared/units.ts';
import {
  decodeHeader,
  decodeSubHeader,
  MAX_BLOCK_SIZE,
  MIN_BLOCK_SIZE,
  statusOffset,
  type Area,
  type Header,
  type SubHeader,
  type SubHeaderAbi,
} from './layout.ts';

/** Versions above the newest are still read: each so far added fields at the end. */
const MAX_VERSION = 64;
/** Blocks of the sub-header and its notes; the notes of 8192 CPUs take 10 MiB. */
const MAX_SUB_HEADER_BLOCKS = 65536;
/** 256 TiB of 4 KiB pages; each of the bitmaps is 8 GiB then. */
export const MAX_PAGES = 2 ** 36;

const MACHINES_32_BIT = /^(i[3-6]86|arm|ppc$|mips$|s390$)/;
const MACHINES_PADDED = /^(arm|ppc|mips)/;

interface Problem {
  field: string;
  offset: number;
  expected: string;
  found: string;
}

/** The first field that cannot be as it stands. */
function problemOf(header: Header): Problem | undefined {
  const at = statusOffset(header.wordSize);
  const { version, blockSize, subHeaderBlocks, bitmapBlocks, maxMapnr } = header;
  const problem = (field: string, offset: number, expected: string, found: number): Problem => ({ field, offset, expected, found: String(found) });
  const powerOfTwo = blockSize > 0 && (blockSize & (blockSize - 1)) === 0;
  if (!powerOfTwo || blockSize < MIN_BLOCK_SIZE || blockSize > MAX_BLOCK_SIZE)
    return problem('block_size', at + 4, `a power of two from ${MIN_BLOCK_SIZE} to ${MAX_BLOCK_SIZE}`, blockSize);
  if (version < 0 || version > MAX_VERSION) return problem('header_version', 8, '0 to 6', version);
  if (subHeaderBlocks < 1 || subHeaderBlocks > MAX_SUB_HEADER_BLOCKS)
    return problem('sub_hdr_size', at + 8, `1 to ${MAX_SUB_HEADER_BLOCKS} blocks`, subHeaderBlocks);
  if (bitmapBlocks < 1 || bitmapBlocks * blockSize > (MAX_PAGES / 8) * 2)
    return problem('bitmap_blocks', at + 12, `1 to ${((MAX_PAGES / 8) * 2) / blockSize} blocks`, bitmapBlocks);
  if (bitmapBlocks * blockSize * 8 < maxMapnr && maxMapnr !== 0xffffffff)
    return problem('max_mapnr', at + 16, `at most ${bitmapBlocks * blockSize * 8}, which the bitmaps have bits for`, maxMapnr);
  return undefined;
}

/** `head` holds HEADER_SIZE bytes. Throws DumpFormatError when no reading makes sense; `offset` is where the header lies in the source. */
export function checkHeader(head: Uint8Array, source: string, offset: number): Header {
  const { machine } = decodeHeader(head, true, 8).utsname;
  const sizes = MACHINES_32_BIT.test(machine) ? ([4, 8] as const) : ([8, 4] as const);
  const readings = sizes.flatMap((size) => [decodeHeader(head, true, size), decodeHeader(head, false, size)]);
  const sensible = readings.find((reading) => problemOf(reading) === undefined);
  if (sensible) return sensible;
  // The complaint is about the reading that comes closest: its block_size is one.
  const closest = readings.find((reading) => problemOf(reading)?.field !== 'block_size') ?? readings[0]!;
  const problem = problemOf(closest)!;
  throw new DumpFormatError({
    format: 'kdump header',
    source,
    fileOffset: offset + problem.offset,
    field: problem.field,
    expected: problem.expected,
    found: problem.found,
  });
}

/** `bytes` holds SUB_HEADER_SIZE bytes; `fileSize` is that of the part. */
export function chooseSubHeader(bytes: Uint8Array, header: Header, fileSize: number): SubHeader {
  const read = (abi: SubHeaderAbi) => decodeSubHeader(bytes, abi, header.version, header.littleEndian);
  if (header.wordSize === 8) return read('lp64');
  const padded = MACHINES_PADDED.test(header.utsname.machine);
  const readings = [read(padded ? 'padded' : 'packed'), read(padded ? 'packed' : 'padded')] as const;
  return readings.find((reading) => fits(reading, header, fileSize)) ?? readings[0];
}

function fits({ vmcoreinfo, notes, eraseinfo, maxMapnr }: SubHeader, header: Header, fileSize: number): boolean {
  const notesEnd = (1 + header.subHeaderBlocks) * header.blockSize;
  const inside = ({ offset, size }: Area, end: number) => (offset === 0 && size === 0) || (offset > header.blockSize && offset + size <= end);
  if (!inside(notes, notesEnd) || !inside(vmcoreinfo, notesEnd) || !inside(eraseinfo, Math.max(fileSize, notesEnd))) return false;
  return maxMapnr === undefined || Math.min(maxMapnr, 0xffffffff) === header.maxMapnr;
}

/**
 * The number of PFNs that the dump speaks of. Version 6 says it twice: where the two differ, that counts for which bitmaps of this length are made.
 * `bits` is how many one bitmap has.
 */
export function pageCount(header: Header, subHeader: SubHeader): { pages: number; differ: boolean } {
  const wide = subHeader.maxMapnr;
  const limit = Math.min(MAX_PAGES, Math.floor(PHYSICAL_LIMIT / header.blockSize));
  if (wide === undefined || wide === 0 || Math.min(wide, 0xffffffff) === header.maxMapnr) {
    return { pages: Math.min(limit, wide || header.maxMapnr), differ: false };
  }
  const madeFor = (pages: number) => Math.ceil(Math.ceil(pages / 8) / header.blockSize) * 2 === header.bitmapBlocks;
  const pages = madeFor(wide) === madeFor(header.maxMapnr) ? Math.max(wide, header.maxMapnr) : madeFor(wide) ? wide : header.maxMapnr;
  return { pages: Math.min(limit, pages), differ: true };
}
