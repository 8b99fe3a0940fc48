/**
 * mapped-ram: a block's pages at fixed file offsets, with a bitmap of those that are not zero (QEMU 9.0,
 * docs/devel/migration/mapped-ram.rst).
 *
 * ```
 * u32 version = 1 | u64 page size | u64 bitmap offset | u64 pages offset      big-endian, 28 bytes
 * ```
 * Offsets are absolute in the file. The bitmap is in the host's byte order and word size: read here as little-endian, where the word
 * size does not matter (not supported: hosts that are big-endian). The stream goes on after the pages. Since QEMU 11.0 a block that was left out by
 * x-ignore-shared has both offsets 0; before, it had a header and a place like any other, and an empty bitmap.
 */
import { DumpFormatError } from '#shared/errors.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import type { ExtentBuilder } from '../../memory/extent-builder.ts';
import { PAGE_SIZE } from '../../memory/extent-table.ts';

/** Adds the block's pages to `extents`. `end` is where the stream goes on, which a truncated file may not reach. */
export function readMappedRam(
  source: ByteSource,
  header: Uint8Array,
  at: number,
  block: { name: string; length: number; ram: number },
  extents: ExtentBuilder,
  { ignoreShared }: { ignoreShared: boolean },
): { pages: number; end: number } {
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  const u64 = (offset: number) => view.getUint32(offset) * 2 ** 32 + view.getUint32(offset + 4);
  const problem = (field: string, offset: number, expected: string, found: string) =>
    new DumpFormatError({ format: 'mapped-ram header', source: source.name, fileOffset: at + offset, field, expected, found });

  const version = view.getUint32(0);
  if (version !== 1) throw problem('version', 0, '1', String(version));
  const pageSize = u64(4);
  const bitmapOffset = u64(12);
  const pagesOffset = u64(20);
  const end = at + header.length;
  if (bitmapOffset === 0 && pagesOffset === 0) return { pages: 0, end };
  if (pageSize !== PAGE_SIZE) throw problem('page_size', 4, String(PAGE_SIZE), String(pageSize));
  const pageCount = Math.ceil(block.length / pageSize);
  const bitmapBytes = Math.ceil(pageCount / 64) * 8;
  if (bitmapOffset < end || bitmapOffset + bitmapBytes > source.size)
    throw problem('bitmap_offset', 12, 'a bitmap inside the file', hex(bitmapOffset));
  if (pagesOffset % PAGE_SIZE !== 0 || pagesOffset < bitmapOffset + bitmapBytes)
    throw problem('pages_offset', 20, 'pages after the bitmap', hex(pagesOffset));

  const bitmap = new Uint8Array(bitmapBytes);
  source.readStreaming(bitmapOffset, bitmap);
  const present = (page: number) => (bitmap[page >> 3]! >> (page & 7)) & 1;
  // Left out, or zero throughout: to show what may be missing as zeros would be worse than the reverse.
  if (ignoreShared && bitmap.every((byte) => byte === 0)) return { pages: 0, end: pagesOffset + block.length };
  let pages = 0;
  for (let first = 0; first < pageCount;) {
    let next = first + 1;
    while (next < pageCount && present(next) === present(first)) next++;
    const start = first * pageSize;
    const length = Math.min(next * pageSize, block.length) - start;
    if (present(first)) {
      // A truncated file holds the first part of a run; the rest stays absent.
      extents.addData(block.ram + start, Math.max(0, Math.min(length, source.size - pagesOffset - start)), pagesOffset + start);
      pages += next - first;
    } else extents.addFill(block.ram + start, length, 0);
    first = next;
  }
  return { pages, end: pagesOffset + block.length };
}

const hex = (value: number) => `0x${value.toString(16)}`;
