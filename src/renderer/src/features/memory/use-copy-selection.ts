/** Copies a stretch of memory: reads it in pieces, writes it in the wanted form, and says what came of it. */
import { READ_LIMIT } from '#shared/contract.ts';
import type { MemoryChunk } from '#shared/model/index.ts';
import type { AddressRange } from './cursor.ts';
import { COPY_FORMATS, COPY_LIMIT, copyText, joinChunks, missingBytes, type CopyFormat } from './copy-formats.ts';

type Read = (address: bigint, length: number) => Promise<MemoryChunk>;

/** Reads, formats, hands to `write`. Resolves with the sentence for the status line; never rejects. */
export async function copySelection(format: CopyFormat, range: AddressRange, read: Read, write: (text: string) => Promise<void>): Promise<string> {
  const length = range.last - range.start + 1n;
  if (length > BigInt(COPY_LIMIT))
    return `Not copied: the selection is longer than ${COPY_LIMIT >> 20} MiB. Select less, or use the command line's read --out.`;
  try {
    const chunks: MemoryChunk[] = [];
    for (let at = range.start; at <= range.last; at += BigInt(READ_LIMIT)) {
      const rest = range.last - at + 1n;
      chunks.push(await read(at, rest < BigInt(READ_LIMIT) ? Number(rest) : READ_LIMIT));
    }
    const source = joinChunks(range.start, chunks);
    const text = copyText(format, source);
    const missing = missingBytes(source);
    const title = COPY_FORMATS.find((candidate) => candidate.id === format)?.title ?? format;
    if (text === undefined)
      return `Not copied: ${missing} of ${source.bytes.length} bytes are missing, and ${title} cannot say so. Copy a hexdump instead.`;
    await write(text);
    const holes = missing > 0 ? `, ${missing} of them missing and marked` : '';
    return `Copied ${source.bytes.length} bytes as ${title.toLowerCase()}${holes}.`;
  } catch (error) {
    return `Not copied: ${error instanceof Error ? error.message : String(error)}`;
  }
}
