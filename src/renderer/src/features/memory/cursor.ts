/** Where the keys lead, and what is selected between two ends. Addresses only: the view turns them into rows. */
import { extentAt } from './extents.ts';
import type { RowLayout } from './row-layout.ts';

export type Motion = 'left' | 'right' | 'up' | 'down' | 'page-up' | 'page-down' | 'row-start' | 'row-end' | 'space-start' | 'space-end';

export interface CursorPlace {
  address: bigint;
  /** Column that up and down keep, also across folded holes. */
  column: number;
}

/** Inclusive. */
export interface AddressRange {
  start: bigint;
  last: bigint;
}

const MOTIONS: Record<string, Motion> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
  PageUp: 'page-up',
  PageDown: 'page-down',
  Home: 'row-start',
  End: 'row-end',
};

/** The motion that a key press asks for; undefined for every other key. `control` is Ctrl, or Command on a Mac. */
export function motionOf(key: string, control: boolean): Motion | undefined {
  if (control) return key === 'Home' ? 'space-start' : key === 'End' ? 'space-end' : undefined;
  return MOTIONS[key];
}

/**
 * The folded hole that holds `address`, as a range. What is not listed yet is no hole: a key that is pressed before the listing arrives must not
 * jump over memory that the next moment may show.
 */
export function foldedHoleAt(layout: RowLayout, address: bigint): AddressRange | undefined {
  const extent = layout.extents[extentAt(layout.extents, address)];
  return extent?.kind === 'hole' && layout.isFolded(extent) ? { start: extent.start, last: extent.last } : undefined;
}

/** Whether `address` is shown by a folded row, of a hole or of what is not listed yet. */
export function isFoldedAt(layout: RowLayout, address: bigint): boolean {
  const extent = layout.extents[extentAt(layout.extents, address)];
  return extent !== undefined && layout.isFolded(extent);
}

function clamp(layout: RowLayout, address: bigint): bigint {
  return address < 0n ? 0n : address > layout.spaceLast ? layout.spaceLast : address;
}

function byRows(layout: RowLayout, from: CursorPlace, rows: number): CursorPlace {
  const down = rows > 0;
  let index = layout.rowOf(from.address) + BigInt(rows);
  if (index < 0n) index = 0n;
  if (index >= layout.rowCount) index = layout.rowCount - 1n;
  let row = layout.rowAt(index);
  // The headline of an unfolded hole has no bytes of its own: step over it, or stay before it when nothing lies beyond.
  if (row.kind === 'hole' && !row.folded) row = layout.rowAt(down ? index + 1n : index > 0n ? index - 1n : index + 1n);
  const address = row.kind === 'hole' ? row.start : row.start + BigInt(Math.min(from.column, Number(row.last - row.start)));
  return { address, column: from.column };
}

/** An address in a folded hole is kept: its row is the hole's, and whoever went there is told about that very address. */
export function placeAt(layout: RowLayout, address: bigint): CursorPlace {
  const inside = clamp(layout, address);
  return { address: inside, column: Number(inside % BigInt(layout.bytesPerRow)) };
}

/** `page` is the number of rows that a page key moves by. */
export function move(layout: RowLayout, from: CursorPlace, motion: Motion, page: number): CursorPlace {
  const width = BigInt(layout.bytesPerRow);
  const rowStart = from.address - (from.address % width);
  const folded = foldedHoleAt(layout, from.address);
  switch (motion) {
    case 'left':
      return placeAt(layout, (folded?.start ?? from.address) - 1n);
    case 'right':
      return placeAt(layout, (folded?.last ?? from.address) + 1n);
    case 'up':
      return byRows(layout, from, -1);
    case 'down':
      return byRows(layout, from, 1);
    case 'page-up':
      return byRows(layout, from, -page);
    case 'page-down':
      return byRows(layout, from, page);
    case 'row-start':
      return folded ? from : placeAt(layout, rowStart);
    case 'row-end':
      return folded ? from : placeAt(layout, rowStart + width - 1n);
    case 'space-start':
      return placeAt(layout, 0n);
    case 'space-end':
      return placeAt(layout, layout.spaceLast);
  }
}

/** What lies between two ends, both included; a folded hole at either end is taken whole. */
export function rangeBetween(layout: RowLayout, anchor: bigint, cursor: bigint): AddressRange {
  const low = anchor < cursor ? anchor : cursor;
  const high = anchor < cursor ? cursor : anchor;
  return { start: foldedHoleAt(layout, low)?.start ?? low, last: foldedHoleAt(layout, high)?.last ?? high };
}
