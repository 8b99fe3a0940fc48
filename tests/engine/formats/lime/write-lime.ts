/** LiME images, written after the layout in LiME's documentation (doc/README.md, "Format"): 32 bytes of header, then the range's bytes. */

export interface LimeRange {
  start: number;
  bytes: Uint8Array;
}

export const MAGIC = 0x4c694d45;

export function limeHeader(start: number, last: number, magic = MAGIC, version = 1): Uint8Array {
  const header = new Uint8Array(32);
  const view = new DataView(header.buffer);
  view.setUint32(0, magic, true);
  view.setUint32(4, version, true);
  view.setBigUint64(8, BigInt(start), true);
  view.setBigUint64(16, BigInt(last), true);
  return header;
}

export function writeLime(ranges: readonly LimeRange[]): Uint8Array {
  return new Uint8Array(Buffer.concat(ranges.flatMap(({ start, bytes }) => [limeHeader(start, start + bytes.length - 1), bytes])));
}
