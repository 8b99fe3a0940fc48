/**
 * The two moves of every decoder of the Lempel-Ziv family, chosen by length: a call into the runtime costs as much as some 30 bytes moved one by one (Node 24.21).
 * Callers have checked that all of it lies inside both arrays.
 */

const WORTH_A_CALL = 32;

/** Copies `length` bytes from one array to another. */
export function copyLiterals(from: Uint8Array, start: number, to: Uint8Array, at: number, length: number): void {
  if (length > WORTH_A_CALL) to.set(from.subarray(start, start + length), at);
  else for (let index = 0; index < length; index++) to[at + index] = from[start + index]!;
}

/** Repeats at `at` what lies `distance` (1 or more) bytes before; a length beyond the distance repeats the repetition. */
export function copyMatch(bytes: Uint8Array, at: number, distance: number, length: number): void {
  const start = at - distance;
  if (length <= WORTH_A_CALL) for (let index = 0; index < length; index++) bytes[at + index] = bytes[start + index]!;
  else if (distance === 1) bytes.fill(bytes[start]!, at, at + length);
  else {
    // Each turn doubles what there is to copy from.
    for (let done = 0; done < length;) {
      const piece = Math.min(distance + done, length - done);
      bytes.copyWithin(at + done, start, start + piece);
      done += piece;
    }
  }
}
