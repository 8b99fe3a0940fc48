/**
 * XBZRLE: what a page of a live migration differs in from its copy before. Source: QEMU docs/devel/migration/main.rst and migration/xbzrle.c (10.0).
 *
 * ```
 * ULEB128   bytes that stay as they were; 0 only at the start
 * ULEB128   bytes that are new, at least 1
 * bytes     the new ones
 * … again until the delta ends; what it does not reach stays as it was
 * ```
 *
 * Both numbers take 1 or 2 bytes (14 bits).
 */

/** Applies a delta to a page in place. False when it is malformed: the page then holds nothing of use. */
export function applyXbzrle(delta: Uint8Array, page: Uint8Array): boolean {
  return decode(delta, page.length, page);
}

/** Whether `applyXbzrle` would succeed on a page of so many bytes. */
export function isValidXbzrle(delta: Uint8Array, pageSize: number): boolean {
  return decode(delta, pageSize, undefined);
}

function decode(delta: Uint8Array, pageSize: number, page: Uint8Array | undefined): boolean {
  const end = delta.length;
  let at = 0;
  let out = 0;
  while (at < end) {
    const same = numberAt(delta, at);
    if (same < 0 || (same === 0 && at > 0)) return false;
    at += sizeAt(delta, at);
    const changed = numberAt(delta, at);
    if (changed < 1) return false;
    at += sizeAt(delta, at);
    out += same;
    if (out + changed > pageSize || at + changed > end) return false;
    page?.set(delta.subarray(at, at + changed), out);
    at += changed;
    out += changed;
  }
  return true;
}

/** -1 when it is cut off or takes more than 2 bytes. */
function numberAt(delta: Uint8Array, at: number): number {
  const low = delta[at] ?? -1;
  if (low < 0x80) return low;
  const high = delta[at + 1] ?? 0x80;
  return high < 0x80 ? (low & 0x7f) | (high << 7) : -1;
}

function sizeAt(delta: Uint8Array, at: number): number {
  return delta[at]! < 0x80 ? 1 : 2;
}
