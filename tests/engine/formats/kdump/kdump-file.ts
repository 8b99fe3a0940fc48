/**
 * kdump files with everything that no tool at hand writes: old versions, 32-bit ABIs, byte orders, holes, incomplete and split files. Written from makedumpfile's
 * diskdump_mod.h, apart from the engine's own reading of it.
 */
import { deflateSync, zstdCompressSync } from 'node:zlib';

/** A page's bytes, or why it is not there: the machine has no such page; the dump leaves it out. */
export type Page = Uint8Array | 'hole' | 'excluded';

export interface KdumpOptions {
  /** By PFN. */
  pages: Page[];
  abi?: 'lp64' | 'packed' | 'padded';
  littleEndian?: boolean;
  version?: number;
  blockSize?: number;
  signature?: string;
  compression?: 'zlib' | 'zstd' | 'none';
  status?: number;
  machine?: string;
  dumpLevel?: number;
  /** One page of zeros for all, as makedumpfile -d 1 and QEMU do. */
  sharesZeros?: boolean;
  /** PFNs whose descriptors and data are in this part. */
  split?: { start: number; end: number };
  /** Descriptors from this one on are not written, nor their pages: makedumpfile on a full disk. */
  writtenDescriptors?: number;
  seconds?: number;
  notes?: Uint8Array;
  vmcoreinfo?: string;
  oneBitmap?: boolean;
}

const FIELDS = {
  lp64: { word: 8, level: 8, split: 12, start: 16, vmcoreinfo: 32, note: 48, start64: 80, size: 104 },
  packed: { word: 4, level: 4, split: 8, start: 12, vmcoreinfo: 20, note: 32, start64: 56, size: 80 },
  padded: { word: 4, level: 4, split: 8, start: 12, vmcoreinfo: 24, note: 40, start64: 72, size: 96 },
} as const;

export interface KdumpFile {
  bytes: Uint8Array;
  /** File offsets. */
  bitmaps: number;
  descriptors: number;
  data: number;
}

/** Pages that differ from each other, compress well, and are of this size. */
export function textPage(number: number, size = 4096): Uint8Array {
  return new TextEncoder().encode(`page ${number}; `.repeat(size / 8 + 1)).subarray(0, size);
}

export function kdumpFile(options: KdumpOptions): KdumpFile {
  const { pages, abi = 'lp64', littleEndian = true, version = 6, blockSize = 4096, compression = 'zlib' } = options;
  const fields = FIELDS[abi];
  const notes = options.notes ?? new Uint8Array(0);
  const text = new TextEncoder().encode(options.vmcoreinfo ?? '');
  const subHeaderBlocks = Math.ceil((fields.size + notes.length + text.length) / blockSize);
  const bitmapBlocks = Math.ceil(pages.length / 8 / blockSize);
  const bitmaps = (1 + subHeaderBlocks) * blockSize;
  const descriptors = bitmaps + bitmapBlocks * (options.oneBitmap ? 1 : 2) * blockSize;
  const dumped = pages.flatMap((page, pfn) => (typeof page === 'string' ? [] : [pfn]));
  const data = descriptors + dumped.length * 24;

  const head = new Uint8Array(data);
  const view = new DataView(head.buffer);
  const u32 = (at: number, value: number) => view.setUint32(at, value, littleEndian);
  const u64 = (at: number, value: number) => view.setBigUint64(at, BigInt(value), littleEndian);
  const word = (at: number, value: number) => (fields.word === 8 ? u64(at, value) : u32(at, value));
  const string = (at: number, value: string) => head.set(new TextEncoder().encode(value), at);
  string(0, options.signature ?? 'KDUMP   ');
  u32(8, version);
  string(12, 'Linux');
  string(12 + 65, 'host');
  string(12 + 4 * 65, options.machine ?? 'x86_64');
  word(fields.word === 8 ? 408 : 404, options.seconds ?? 0);
  const status = fields.word === 8 ? 424 : 412;
  for (const [index, value] of [options.status ?? 0, blockSize, subHeaderBlocks, bitmapBlocks * (options.oneBitmap ? 1 : 2), pages.length].entries())
    u32(status + 4 * index, value);
  u32(status + 36, 1);

  const sub = blockSize;
  word(sub, 0x1000000);
  u32(sub + fields.level, options.dumpLevel ?? 0);
  if (options.split) {
    u32(sub + fields.split, 1);
    word(sub + fields.start, options.split.start);
    word(sub + fields.start + fields.word, options.split.end);
  }
  const area = (at: number, offset: number, bytes: Uint8Array) => {
    if (bytes.length === 0) return;
    u64(at, offset);
    word(at + 8, bytes.length);
    head.set(bytes, offset);
  };
  if (version >= 3) area(sub + fields.vmcoreinfo, sub + fields.size + notes.length, text);
  if (version >= 4) area(sub + fields.note, sub + fields.size, notes);
  if (version >= 6) {
    u64(sub + fields.start64, options.split?.start ?? 0);
    u64(sub + fields.start64 + 8, options.split?.end ?? 0);
    u64(sub + fields.start64 + 16, pages.length);
  }
  for (const [pfn, page] of pages.entries()) {
    const bit = (bitmap: number) => (head[bitmap + (pfn >> 3)]! |= 1 << (pfn & 7));
    if (page !== 'hole' && !options.oneBitmap) bit(bitmaps);
    if (typeof page !== 'string') bit(bitmaps + (options.oneBitmap ? 0 : bitmapBlocks * blockSize));
  }

  const pieces: Uint8Array[] = [head];
  let end = data;
  const append = (piece: Uint8Array) => {
    pieces.push(piece);
    end += piece.length;
    return end - piece.length;
  };
  const zeros = options.sharesZeros ? append(new Uint8Array(blockSize)) : -1;
  const mine = dumped.filter((pfn) => !options.split || (pfn >= options.split.start && pfn < options.split.end));
  for (const [index, pfn] of mine.slice(0, options.writtenDescriptors).entries()) {
    const page = pages[pfn] as Uint8Array;
    const at = descriptors + index * 24;
    const zero = zeros >= 0 && page.every((byte) => byte === 0);
    const packed = zero || compression === 'none' ? page : compression === 'zlib' ? deflateSync(page, { level: 1 }) : zstdCompressSync(page);
    const plain = packed.length >= blockSize;
    u64(at, zero ? zeros : append(plain ? page : packed));
    u32(at + 8, plain ? blockSize : packed.length);
    u32(at + 12, plain ? 0 : compression === 'zlib' ? 1 : 0x20);
  }
  return { bytes: new Uint8Array(Buffer.concat(pieces)), bitmaps, descriptors, data };
}

/** An NT_PRSTATUS of this size, and others. */
export function notes(littleEndian: boolean, ...list: { owner: string; type: number; size: number }[]): Uint8Array {
  return new Uint8Array(
    Buffer.concat(
      list.map(({ owner, type, size }) => {
        const bytes = new Uint8Array(12 + 8 + Math.ceil(size / 4) * 4);
        const view = new DataView(bytes.buffer);
        for (const [index, value] of [owner.length + 1, size, type].entries()) view.setUint32(index * 4, value, littleEndian);
        bytes.set(new TextEncoder().encode(owner), 12);
        return bytes;
      }),
    ),
  );
}
