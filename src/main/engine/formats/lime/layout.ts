/**
 * The range header that LiME's format and AVML's share, little-endian, 32 bytes, before the bytes of each range.
 *
 * ```
 *  0 u32 magic: 0x4c694d45 (LiME; bytes "EMiL"), 0x4c4d5641 (AVML version 2; bytes "AVML")
 *  4 u32 version: 1, AVML 2
 *  8 u64 s_addr   first physical address
 * 16 u64 e_addr   last physical address, inclusive
 * 24 u64 reserved, 0
 * ```
 * Sources: LiME src/lime.h and src/main.c (1.4 to 1.9), AVML src/image.rs (0.1 to 0.14). AVML's version 1 is LiME's format.
 */
export const RANGE_HEADER_SIZE = 32;
export const LIME_MAGIC = 0x4c694d45;
export const LIME_VERSION = 1;

export interface RangeHeader {
  magic: number;
  version: number;
  start: number;
  /** Inclusive. Addresses above 2^53 come out rounded: they are refused. */
  last: number;
}

/** `view` holds RANGE_HEADER_SIZE bytes from `at` on. */
export function decodeRangeHeader(view: DataView, at = 0): RangeHeader {
  return {
    magic: view.getUint32(at, true),
    version: view.getUint32(at + 4, true),
    start: Number(view.getBigUint64(at + 8, true)),
    last: Number(view.getBigUint64(at + 16, true)),
  };
}
