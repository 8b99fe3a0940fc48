/** Compresses pages one by one, with whatever was asked for. One per thread. */
import { Lzo1xEncoder, lzo1xBound } from '../../codecs/lzo1x-encode.ts';
import { SnappyEncoder, snappyBound } from '../../codecs/snappy-encode.ts';
import { WarmDeflater } from '../../codecs/warm-deflater.ts';
import type { ExportCompression } from '#shared/model/export.ts';
import { PageFlags } from '../../formats/kdump/layout.ts';

/** `flags` of a descriptor whose page is compressed so. */
export const FLAG_OF: Readonly<Record<ExportCompression, number>> = {
  zlib: PageFlags.Zlib,
  lzo: PageFlags.Lzo,
  snappy: PageFlags.Snappy,
  zstd: PageFlags.Zstd,
  none: 0,
};

export class PageCompressor {
  readonly #encode: (page: Uint8Array) => number | undefined;
  readonly #output: Uint8Array;

  constructor(compression: ExportCompression, pageSize: number) {
    const output = new Uint8Array(Math.max(lzo1xBound(pageSize), snappyBound(pageSize)));
    this.#output = output;
    this.#encode = encoderOf(compression, output, pageSize);
  }

  /** The compressed page, good until the next call; undefined when it would not be shorter, and is better kept as it is. */
  compress(page: Uint8Array): Uint8Array | undefined {
    const size = this.#encode(page);
    return size === undefined || size >= page.length ? undefined : this.#output.subarray(0, size);
  }
}

function encoderOf(compression: ExportCompression, output: Uint8Array, pageSize: number): (page: Uint8Array) => number | undefined {
  if (compression === 'none') return () => undefined;
  if (compression === 'lzo') {
    const encoder = new Lzo1xEncoder();
    return (page) => encoder.encode(page, output);
  }
  if (compression === 'snappy') {
    const encoder = new SnappyEncoder();
    return (page) => encoder.encode(page, output);
  }
  const encoder = new WarmDeflater(compression);
  // What does not fit into less than a page is of no use.
  const room = output.subarray(0, pageSize);
  return (page) => encoder.encode(page, room);
}
