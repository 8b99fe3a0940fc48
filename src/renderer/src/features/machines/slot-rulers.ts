/**
 * Two rulers and the bands between them: a guest's physical memory above, the memory of its QEMU process below. Both on the memory map's bounded logarithmic scale, so that a ROM of
 * 128 KiB and 64 GiB of RAM, and terabytes of nothing between two mappings, can all be seen. Unit of places: pages (a 5-level HVA fits no double as bytes); of the drawing: CSS pixels.
 */
import type { SlotOfMachine } from './slot-order.ts';
import { GAP_WEIGHT, MINIMUM_WIDTH, weightOf } from '../memory-map/strip-scale.ts';

export interface RulerCell {
  kind: 'slots' | 'gap';
  /** First and last page, inclusive. */
  start: number;
  last: number;
  x: number;
  width: number;
}

export interface Band {
  /** Index into the memslots given. */
  slot: number;
  /** From and to on the rulers. */
  guest: readonly [number, number];
  host: readonly [number, number];
}

export interface Rulers {
  guest: RulerCell[];
  host: RulerCell[];
  bands: Band[];
}

interface Range {
  start: number;
  last: number;
}

export const guestPages = ({ baseGfn, npages }: SlotOfMachine): Range => ({ start: baseGfn, last: baseGfn + Math.max(1, npages) - 1 });

export function hostPages({ userspaceAddr, npages, pageSize }: SlotOfMachine): Range {
  const start = Number(userspaceAddr / BigInt(pageSize));
  return { start, last: start + Math.max(1, npages) - 1 };
}

/** Ranges that overlap (a ROM shown at two places) as one; neighbours stay apart. */
function joined(ranges: readonly Range[]): Range[] {
  const result: Range[] = [];
  for (const { start, last } of [...ranges].sort((a, b) => a.start - b.start || a.last - b.last)) {
    const before = result.at(-1);
    if (before && start <= before.last) before.last = Math.max(before.last, last);
    else result.push({ start, last });
  }
  return result;
}

/** Cells that fill `width`, gaps between them included. */
function ruler(ranges: readonly Range[], pageSize: number, width: number): RulerCell[] {
  const cells: Pick<RulerCell, 'kind' | 'start' | 'last'>[] = [];
  for (const range of joined(ranges)) {
    const before = cells.at(-1);
    if (before && range.start > before.last + 1) cells.push({ kind: 'gap', start: before.last + 1, last: range.start - 1 });
    cells.push({ kind: 'slots', ...range });
  }
  // Hundreds of them have less than the least width each, and are still all there.
  const least = Math.min(MINIMUM_WIDTH, width / (2 * cells.length));
  const weights = cells.map(({ kind, start, last }) => weightOf((last - start + 1) * pageSize) * (kind === 'gap' ? GAP_WEIGHT : 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const spare = width - cells.length * least;
  let x = 0;
  return cells.map((cell, at) => {
    const placed = { ...cell, x, width: least + (spare * weights[at]!) / total };
    x += placed.width;
    return placed;
  });
}

/** Where the edge before `page` lies, in CSS pixels: linear within a cell. Undefined for a page on no cell. */
export function positionOnRuler(cells: readonly RulerCell[], page: number): number | undefined {
  const cell = cells.find(({ start, last }) => page >= start && page <= last);
  return cell && cell.x + (cell.width * (page - cell.start)) / (cell.last - cell.start + 1);
}

function span(cells: readonly RulerCell[], { start, last }: Range): readonly [number, number] {
  const from = positionOnRuler(cells, start) ?? 0;
  const cell = cells.find((candidate) => last >= candidate.start && last <= candidate.last);
  return [from, cell ? cell.x + (cell.width * (last + 1 - cell.start)) / (cell.last - cell.start + 1) : from];
}

/** Of one address space. Nothing to draw without memslots or room. */
export function layoutRulers(memslots: readonly SlotOfMachine[], width: number): Rulers {
  const pageSize = memslots[0]?.pageSize;
  if (pageSize === undefined || width <= 0) return { guest: [], host: [], bands: [] };
  const guest = ruler(memslots.map(guestPages), pageSize, width);
  const host = ruler(memslots.map(hostPages), pageSize, width);
  const bands = memslots.map((memslot, slot) => ({ slot, guest: span(guest, guestPages(memslot)), host: span(host, hostPages(memslot)) }));
  return { guest, host, bands };
}

/** The outline of a band between `top` and `bottom`: an SVG path with sides that leave both rulers upright. */
export function bandPath({ guest, host }: Band, top: number, bottom: number): string {
  const middle = (top + bottom) / 2;
  const side = (from: number, to: number, end: number): string => `C${n(from)} ${n(middle)} ${n(to)} ${n(middle)} ${n(to)} ${n(end)}`;
  return `M${n(guest[0])} ${n(top)} L${n(guest[1])} ${n(top)} ${side(guest[1], host[1], bottom)} L${n(host[0])} ${n(bottom)} ${side(host[0], guest[0], top)} Z`;
}

const n = (value: number): string => String(Math.round(value * 100) / 100);
