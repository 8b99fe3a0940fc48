/** Selecting with the pointer: press, drag, Shift; a drag past the edge scrolls. Bytes are found by the attributes that HexRow and HoleRow carry. */
import { onBeforeUnmount } from 'vue';
import type { HexCursor } from './use-hex-cursor.ts';
import type { RowView } from './use-row-view.ts';

/** Rows per tick while the pointer is held beyond the edge, and the tick in milliseconds. */
const EDGE_ROWS = 2;
const EDGE_TICK = 60;

export interface TouchedByte {
  address: bigint;
  element: HTMLElement;
}

/** The byte under an event's target; undefined between them. */
export function byteAt(target: EventTarget | null): TouchedByte | undefined {
  if (!(target instanceof HTMLElement)) return undefined;
  const row = target.closest<HTMLElement>('[data-start]');
  if (!row) return undefined;
  const cell = target.closest<HTMLElement>('[data-offset]');
  const start = BigInt(`0x${row.dataset['start']}`);
  if (cell) return { address: start + BigInt(cell.dataset['offset'] ?? '0'), element: cell };
  return row.classList.contains('hole-row') ? { address: start, element: row } : undefined;
}

export function useHexPointer(view: RowView, cursor: HexCursor) {
  let dragging: HTMLElement | null = null;
  let edge: ReturnType<typeof setInterval> | undefined;

  function release(): void {
    dragging = null;
    clearInterval(edge);
    edge = undefined;
  }

  function press(event: PointerEvent): void {
    const touched = byteAt(event.target);
    if (event.button !== 0 || !touched) return;
    cursor.point(touched.address, event.shiftKey);
    dragging = event.currentTarget as HTMLElement;
    dragging.setPointerCapture(event.pointerId);
  }

  function drag(event: PointerEvent): void {
    if (!dragging) return;
    const box = dragging.getBoundingClientRect();
    const beyond = event.clientY < box.top ? -1 : event.clientY > box.bottom ? 1 : 0;
    clearInterval(edge);
    edge = beyond === 0 ? undefined : setInterval(() => scrollOn(beyond), EDGE_TICK);
    const touched = byteAt(document.elementFromPoint(event.clientX, event.clientY));
    if (touched && touched.address !== cursor.place.value.address) cursor.point(touched.address, true);
  }

  function scrollOn(direction: 1 | -1): void {
    view.scrollBy(direction * EDGE_ROWS);
    const row = direction < 0 ? view.rows.value[0] : view.rows.value.at(-2);
    if (row) cursor.point(direction < 0 ? row.start : row.kind === 'bytes' ? row.start + BigInt(row.length - 1) : row.last, true);
  }

  onBeforeUnmount(release);
  return { press, drag, release };
}
