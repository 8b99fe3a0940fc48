/**
 * The scaled scrollbar: pixels of a track against rows of any number.
 *
 * Chromium clamps element heights at 33,554,428 px (measured with Chromium 156), which a native scrollbar reaches after 26.8 MB of 16-byte
 * rows; so the track only says where in the whole the view is. Fractions are carried with 30 bits, exact to a row below a
 * thousand million rows.
 */
const PRECISION = 2 ** 30;

/** A thumb no thinner than a finger or a pointer can catch. */
export const THUMB_MINIMUM = 24;

export interface Thumb {
  /** Pixels from the track's top. */
  offset: number;
  length: number;
}

function fraction(part: bigint, whole: bigint): number {
  if (whole <= 0n) return 0;
  return Number((part * BigInt(PRECISION)) / whole) / PRECISION;
}

/** Last row that can be at the top, so that the space's end comes to rest at the bottom of the view. */
export function lastTopRow(rowCount: bigint, visibleRows: number): bigint {
  const last = rowCount - BigInt(visibleRows);
  return last > 0n ? last : 0n;
}

/** Undefined when everything fits and no thumb is needed. */
export function thumbAt(topRow: bigint, rowCount: bigint, visibleRows: number, trackLength: number): Thumb | undefined {
  const lastTop = lastTopRow(rowCount, visibleRows);
  if (lastTop === 0n || trackLength <= THUMB_MINIMUM) return undefined;
  const share = fraction(BigInt(visibleRows), rowCount);
  const length = Math.max(THUMB_MINIMUM, Math.round(trackLength * share));
  const clamped = topRow > lastTop ? lastTop : topRow;
  return { offset: fraction(clamped, lastTop) * (trackLength - length), length };
}

/** Top row for a thumb that was dragged to `offset` pixels. */
export function topRowAt(offset: number, thumbLength: number, rowCount: bigint, visibleRows: number, trackLength: number): bigint {
  const lastTop = lastTopRow(rowCount, visibleRows);
  const room = trackLength - thumbLength;
  if (room <= 0 || lastTop === 0n) return 0n;
  const share = Math.min(1, Math.max(0, offset / room));
  if (share === 1) return lastTop;
  return (BigInt(Math.round(share * PRECISION)) * lastTop) / BigInt(PRECISION);
}

/** Whole rows out of wheel deltas that come in fractions; keeps the rest for the next event. */
export class WheelRows {
  #rest = 0;

  /** `deltaMode` as in WheelEvent: 0 pixels, 1 lines, 2 pages. Returns rows to scroll, negative upwards. */
  add(delta: number, deltaMode: number, rowHeight: number, visibleRows: number): number {
    const rows = deltaMode === 0 ? delta / rowHeight : deltaMode === 1 ? delta : delta * visibleRows;
    if (Math.sign(rows) !== Math.sign(this.#rest)) this.#rest = 0;
    this.#rest += rows;
    const whole = Math.trunc(this.#rest);
    this.#rest -= whole;
    return whole;
  }
}
