/** Widths of the hex view, in characters of its face, and how many bytes a row takes in a given width. CSS uses the same numbers (hex-grid.css). */
import type { BytesPerRow } from './row-layout.ts';

/** CSS pixels. */
export const ROW_HEIGHT = 20;
/** Between address, hex, text and states. */
const GAP = 2;
/** One letter of a state fits; more are cut off, and in the tooltip. */
const STATES = 3;

/** Characters of a row: address in groups of four, three a byte, one more between every eight, the text, the states. */
export function rowWidth(digits: number, bytesPerRow: BytesPerRow): number {
  const address = digits + Math.ceil(digits / 4) - 1;
  const hex = bytesPerRow * 3 + bytesPerRow / 8 - 1;
  return address + GAP + hex + GAP + bytesPerRow + GAP + STATES;
}

/** The most that fit, 8 at least. `characterWidth` in CSS pixels. */
export function bytesPerRowIn(width: number, digits: number, characterWidth: number): BytesPerRow {
  for (const count of [32, 16] as const) if (rowWidth(digits, count) * characterWidth <= width) return count;
  return 8;
}
