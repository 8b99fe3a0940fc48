/** Headers of a kdump-compressed file, version 6, as bytes; formats/kdump/layout.ts has the map of their fields. */
import { DESCRIPTOR_SIZE, KDUMP_SIGNATURE, NEWEST_VERSION, STATUS_INCOMPLETE, statusOffset } from '../../formats/kdump/layout.ts';

/** How the numbers of a file are written: the ABI of the machine that was dumped. */
export interface KdumpAbi {
  littleEndian: boolean;
  wordSize: 4 | 8;
}

export interface KdumpHeaderFields {
  abi: KdumpAbi;
  release: string;
  machine: string;
  blockSize: number;
  subHeaderBlocks: number;
  /** Of both bitmaps. */
  bitmapBlocks: number;
  maxMapnr: number;
  cpuCount: number;
  /** Flag of the compression: PageFlags, 0 for none. */
  compression: number;
  incomplete: boolean;
}

const UTSNAME_OFFSET = 12;
const UTSNAME_FIELD = 65;
/** Index of each name in new_utsname. */
const NAMES = { sysname: 0, release: 2, machine: 4 };

export function encodeHeader(fields: KdumpHeaderFields): Uint8Array {
  const { littleEndian, wordSize } = fields.abi;
  const bytes = new Uint8Array(fields.blockSize);
  const view = new DataView(bytes.buffer);
  const text = (at: number, value: string) => {
    for (let index = 0; index < Math.min(value.length, UTSNAME_FIELD - 1); index++) bytes[at + index] = value.charCodeAt(index);
  };
  text(0, KDUMP_SIGNATURE);
  view.setInt32(8, NEWEST_VERSION, littleEndian);
  if (fields.release) text(UTSNAME_OFFSET + NAMES.sysname * UTSNAME_FIELD, 'Linux');
  text(UTSNAME_OFFSET + NAMES.release * UTSNAME_FIELD, fields.release);
  text(UTSNAME_OFFSET + NAMES.machine * UTSNAME_FIELD, fields.machine);
  const at = statusOffset(wordSize);
  view.setUint32(at, fields.compression | (fields.incomplete ? STATUS_INCOMPLETE : 0), littleEndian);
  view.setInt32(at + 4, fields.blockSize, littleEndian);
  view.setInt32(at + 8, fields.subHeaderBlocks, littleEndian);
  view.setUint32(at + 12, fields.bitmapBlocks, littleEndian);
  // The sub-header has all of it.
  view.setUint32(at + 16, Math.min(fields.maxMapnr, 0xffff_ffff), littleEndian);
  view.setInt32(at + 36, Math.max(1, fields.cpuCount), littleEndian);
  return bytes;
}

export interface SubHeaderFields {
  physBase: bigint;
  dumpLevel: number;
  vmcoreinfo: { offset: number; size: number };
  notes: { offset: number; size: number };
  maxMapnr: number;
}

/** Bytes of the sub-header: 64-bit, and 32-bit as i386 aligns. */
export const subHeaderSize = ({ wordSize }: KdumpAbi): number => (wordSize === 8 ? 104 : 80);

export function encodeSubHeader({ littleEndian, wordSize }: KdumpAbi, fields: SubHeaderFields): Uint8Array {
  const wide = wordSize === 8;
  const bytes = new Uint8Array(wide ? 104 : 80);
  const view = new DataView(bytes.buffer);
  const long = (at: number, value: number) => view.setBigUint64(at, BigInt(value), littleEndian);
  const word = (at: number, value: number) => (wide ? long(at, value) : view.setUint32(at, value, littleEndian));
  if (wide) view.setBigInt64(0, fields.physBase, littleEndian);
  else view.setInt32(0, Number(BigInt.asIntN(32, fields.physBase)), littleEndian);
  view.setInt32(wide ? 8 : 4, fields.dumpLevel, littleEndian);
  const areas = wide ? { vmcoreinfo: 32, notes: 48 } : { vmcoreinfo: 20, notes: 32 };
  if (fields.vmcoreinfo.size > 0) {
    long(areas.vmcoreinfo, fields.vmcoreinfo.offset);
    word(areas.vmcoreinfo + 8, fields.vmcoreinfo.size);
  }
  if (fields.notes.size > 0) {
    long(areas.notes, fields.notes.offset);
    word(areas.notes + 8, fields.notes.size);
  }
  long(wide ? 96 : 72, fields.maxMapnr);
  return bytes;
}

/** Writes a page_desc at `at` of `view`. */
export function encodeDescriptor(view: DataView, at: number, littleEndian: boolean, offset: number, size: number, flags: number): void {
  view.setBigUint64(at, BigInt(offset), littleEndian);
  view.setUint32(at + 8, size, littleEndian);
  view.setUint32(at + 12, flags, littleEndian);
  view.setBigUint64(at + 16, 0n, littleEndian);
}

export { DESCRIPTOR_SIZE };
