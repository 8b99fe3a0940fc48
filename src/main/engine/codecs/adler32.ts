/** Adler-32 (RFC 1950, section 8), as lzop checks blocks and headers by. */

const BASE = 65521;
/** As many bytes as the sums can take before they outgrow 32 bits. */
const SAFE = 5552;

/** Unsigned. */
export function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + SAFE);
    while (at < end) {
      a += bytes[at++]!;
      b += a;
    }
    a %= BASE;
    b %= BASE;
  }
  return ((b << 16) | a) >>> 0;
}
