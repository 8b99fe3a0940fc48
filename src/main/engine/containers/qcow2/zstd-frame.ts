/** The length of a zstd frame (RFC 8878, section 3.1.1), for frames with other bytes behind them, which Node's decoder takes for damage. */

const MAGIC = 0xfd2fb528;
const BLOCK_RLE = 1;
const BLOCK_RESERVED = 3;

/** Bytes of the frame that `bytes` starts with; undefined when it is none or goes on beyond them. */
export function zstdFrameLength(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 6 || view.getUint32(0, true) !== MAGIC) return undefined;
  const descriptor = bytes[4]!;
  const singleSegment = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3]!;
  const contentSize = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  let at = 5 + (singleSegment ? 0 : 1) + dictionary + contentSize;
  for (let last = false; !last;) {
    if (at + 3 > bytes.length) return undefined;
    const header = view.getUint16(at, true) + bytes[at + 2]! * 65536;
    const type = (header >> 1) & 3;
    if (type === BLOCK_RESERVED) return undefined;
    last = (header & 1) !== 0;
    at += 3 + (type === BLOCK_RLE ? 1 : header >> 3);
  }
  if (descriptor & 4) at += 4;
  return at <= bytes.length ? at : undefined;
}
