/**
 * LiME: a header before each range of memory (504ensicsLabs/LiME, doc/README.md, "lime" format, version 1).
 *
 * ```
 * u32 magic 4c694d45 | u32 version 1 | u64 first address | u64 last address, inclusive | u64 reserved      little-endian, 32 bytes
 * ```
 */
import type { ExportOptions } from '#shared/model/export.ts';
import { missingWarnings } from '../export-warnings.ts';
import type { ExportSource } from '../export-source.ts';
import { planRanges, windowOf } from '../memory-ranges.ts';
import type { FilePlan } from '../placed-export.ts';

const MAGIC = 0x4c694d45;
const VERSION = 1;
const HEADER_SIZE = 32;

export function planLime(source: ExportSource, options: ExportOptions): FilePlan {
  const { ranges, ...amounts } = planRanges(source, { split: true, window: windowOf(options) });
  let position = 0;
  const pieces: { physical: number; length: number; position: number }[] = [];
  const extras: { position: number; bytes: Uint8Array }[] = [];
  for (const { start, length } of ranges) {
    extras.push({ position, bytes: encodeHeader(start, start + length - 1) });
    pieces.push({ physical: start, length, position: position + HEADER_SIZE });
    position += HEADER_SIZE + length;
  }
  return {
    ...amounts,
    pieces,
    extras,
    fileSize: position,
    warnings: [...missingWarnings(source, { ranges, ...amounts }, 'The file leaves it out.'), 'LiME holds no registers.'],
  };
}

function encodeHeader(first: number, last: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, VERSION, true);
  view.setBigUint64(8, BigInt(first), true);
  view.setBigUint64(16, BigInt(last), true);
  return bytes;
}
