/**
 * kdump-compressed files on disk, under the names of makedumpfile's diskdump_mod.h (1.7.8) and checked against files of QEMU 7.2 and 10.0 and makedumpfile
 * 1.7.2. All numbers are in the byte order of the machine that was dumped, all structures in its ABI.
 *
 * ```
 * block 0                 disk_dump_header
 * block 1                 kdump_sub_header, ELF notes; sub_hdr_size blocks in all
 * 1 + sub_hdr_size        bitmap 1 (memory that exists), bitmap 2 (pages in the file); bitmap_blocks for both. Bit 0 of byte 0 is PFN 0
 * + bitmap_blocks         page_desc for each bit of bitmap 2, in order; right behind the last one the data of the pages
 *
 * disk_dump_header  0 signature[8]  8 i32 header_version  12 utsname[6][65]
 *              64-bit  408 timeval (8 + 8)  424 status  428 block_size  432 sub_hdr_size  436 bitmap_blocks  440 max_mapnr  460 nr_cpus
 *              32-bit  404 timeval (4 + 4)  412 status  416 block_size  420 sub_hdr_size  424 bitmap_blocks  428 max_mapnr  448 nr_cpus
 * page_desc (24)    0 u64 offset  8 u32 size  12 u32 flags  16 u64 page_flags
 * ```
 * The 32-bit sub-header has two forms: packed, as i386 aligns (and QEMU writes for every 32-bit guest), and padded, as ARM, MIPS and PPC align.
 *
 * Not supported: 32-bit headers with a 64-bit time_t, which no writer is known to make.
 */
export const KDUMP_SIGNATURE = 'KDUMP   ';
export const DISKDUMP_SIGNATURE = 'DISKDUMP';
/** Bytes of the longer header. */
export const HEADER_SIZE = 464;
export const DESCRIPTOR_SIZE = 24;
export const MIN_BLOCK_SIZE = 4096;
export const MAX_BLOCK_SIZE = 65536;
/** The newest version there is. */
export const NEWEST_VERSION = 6;

/** Bits of `status` in a KDUMP file. */
export const STATUS_INCOMPLETE = 8;
export const STATUS_EXCLUDED_VMEMMAP = 0x10;
/** Bit of `status` in a DISKDUMP file. */
export const DISKDUMP_INCOMPLETE = 1;

/** `flags` of a page_desc: how its page is compressed; 0 for a plain page. */
export const PageFlags = { Zlib: 1, Lzo: 2, Snappy: 4, Zstd: 0x20 } as const;

const UTSNAME_OFFSET = 12;
const UTSNAME_FIELD = 65;

export interface Utsname {
  sysname: string;
  nodename: string;
  release: string;
  version: string;
  machine: string;
  domainname: string;
}

export interface Header {
  diskdump: boolean;
  littleEndian: boolean;
  /** Bytes of the ABI's long. */
  wordSize: 4 | 8;
  version: number;
  utsname: Utsname;
  /** Seconds since 1970; 0 where the writer knew no time. */
  seconds: number;
  microseconds: number;
  status: number;
  blockSize: number;
  subHeaderBlocks: number;
  bitmapBlocks: number;
  /** The 32 bits of it that the header has room for. */
  maxMapnr: number;
  cpuCount: number;
}

export function signatureOf(head: Uint8Array): string {
  return String.fromCharCode(...head.subarray(0, 8));
}

/** Offset of `status`; the fields after it follow without gaps. */
export const statusOffset = (wordSize: number): number => (wordSize === 8 ? 424 : 412);

/** `head` holds at least HEADER_SIZE bytes. Reads what stands there: whether it makes sense, header-check.ts tells. */
export function decodeHeader(head: Uint8Array, littleEndian: boolean, wordSize: 4 | 8): Header {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const text = (index: number) => {
    const at = UTSNAME_OFFSET + index * UTSNAME_FIELD;
    const field = head.subarray(at, at + UTSNAME_FIELD);
    const end = field.indexOf(0);
    return String.fromCharCode(...field.subarray(0, end < 0 ? field.length : end)).replace(/[^ -~]/g, '?');
  };
  const at = statusOffset(wordSize);
  const time = wordSize === 8 ? 408 : 404;
  return {
    diskdump: signatureOf(head) === DISKDUMP_SIGNATURE,
    littleEndian,
    wordSize,
    version: view.getInt32(8, littleEndian),
    utsname: { sysname: text(0), nodename: text(1), release: text(2), version: text(3), machine: text(4), domainname: text(5) },
    seconds: word(view, time, littleEndian, wordSize),
    microseconds: word(view, time + wordSize, littleEndian, wordSize),
    status: view.getUint32(at, littleEndian),
    blockSize: view.getInt32(at + 4, littleEndian),
    subHeaderBlocks: view.getInt32(at + 8, littleEndian),
    bitmapBlocks: view.getUint32(at + 12, littleEndian),
    maxMapnr: view.getUint32(at + 16, littleEndian),
    cpuCount: view.getInt32(at + 36, littleEndian),
  };
}

/** A piece of the file that the sub-header points at. */
export interface Area {
  offset: number;
  size: number;
}

export interface SubHeader {
  physBase: bigint;
  /** Undefined before version 1. */
  dumpLevel: number | undefined;
  split: boolean;
  /** PFNs whose descriptors are in this part, half-open; of meaning only when split. */
  startPfn: number;
  endPfn: number;
  vmcoreinfo: Area;
  notes: Area;
  eraseinfo: Area;
  /** Undefined before version 6. */
  maxMapnr: number | undefined;
}

export type SubHeaderAbi = 'lp64' | 'packed' | 'padded';

/** Byte offsets; each area is an offset of 8 bytes and, after it, a size of one word. */
const SUB_HEADER_FIELDS = {
  lp64: { word: 8, dumpLevel: 8, split: 12, startPfn: 16, endPfn: 24, vmcoreinfo: 32, notes: 48, eraseinfo: 64, startPfn64: 80 },
  packed: { word: 4, dumpLevel: 4, split: 8, startPfn: 12, endPfn: 16, vmcoreinfo: 20, notes: 32, eraseinfo: 44, startPfn64: 56 },
  padded: { word: 4, dumpLevel: 4, split: 8, startPfn: 12, endPfn: 16, vmcoreinfo: 24, notes: 40, eraseinfo: 56, startPfn64: 72 },
} as const;
/** Bytes of the longest form. */
export const SUB_HEADER_SIZE = 104;

/** `bytes` holds at least SUB_HEADER_SIZE bytes. Fields that the version does not have are as if they were zero. */
export function decodeSubHeader(bytes: Uint8Array, abi: SubHeaderAbi, version: number, littleEndian: boolean): SubHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const fields = SUB_HEADER_FIELDS[abi];
  const wordAt = (at: number) => word(view, at, littleEndian, fields.word);
  const long = (at: number) => word(view, at, littleEndian, 8);
  const area = (at: number, since: number): Area => (version >= since ? { offset: long(at), size: wordAt(at + 8) } : { offset: 0, size: 0 });
  const wide = version >= 6;
  return {
    physBase: fields.word === 8 ? view.getBigInt64(0, littleEndian) : BigInt(view.getInt32(0, littleEndian)),
    dumpLevel: version >= 1 ? view.getUint32(fields.dumpLevel, littleEndian) : undefined,
    split: version >= 2 && view.getUint32(fields.split, littleEndian) !== 0,
    startPfn: wide ? long(fields.startPfn64) : version >= 2 ? wordAt(fields.startPfn) : 0,
    endPfn: wide ? long(fields.startPfn64 + 8) : version >= 2 ? wordAt(fields.endPfn) : 0,
    vmcoreinfo: area(fields.vmcoreinfo, 3),
    notes: area(fields.notes, 4),
    eraseinfo: area(fields.eraseinfo, 5),
    maxMapnr: wide ? long(fields.startPfn64 + 16) : undefined,
  };
}

/** An unsigned word; above 2^53 it comes out rounded, which no check lets pass. */
function word(view: DataView, at: number, littleEndian: boolean, size: number): number {
  if (size === 4) return view.getUint32(at, littleEndian);
  const first = view.getUint32(at, littleEndian);
  const second = view.getUint32(at + 4, littleEndian);
  return littleEndian ? second * 2 ** 32 + first : first * 2 ** 32 + second;
}
