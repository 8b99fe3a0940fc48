/** The byte that the keyboard stands on and the selection that Shift or a drag spans from it. Outside Pinia: it changes with every key. */
import { computed, shallowRef } from 'vue';
import { isFoldedAt, motionOf, move, placeAt, rangeBetween, type CursorPlace } from './cursor.ts';
import { extentAt } from './extents.ts';
import type { RowView } from './use-row-view.ts';

export type HexCursor = ReturnType<typeof useHexCursor>;

export function useHexCursor(view: RowView, visibleRows: () => number, follow: () => void, explore: (address: bigint) => void) {
  const place = shallowRef<CursorPlace>({ address: 0n, column: 0 });
  const anchor = shallowRef(0n);
  const selection = computed(() => rangeBetween(view.layout.value, anchor.value, place.value.address));
  const selecting = computed(() => anchor.value !== place.value.address);

  function set(next: CursorPlace, extend: boolean): void {
    place.value = next;
    if (!extend) anchor.value = next.address;
  }

  function moveTo(address: bigint, extend = false): void {
    set(placeAt(view.layout.value, address), extend);
    view.reveal(place.value.address);
  }

  /** Without scrolling: what the pointer touches is in view already. */
  function point(address: bigint, extend: boolean): void {
    set(placeAt(view.layout.value, address), extend);
  }

  /** Opens the folded hole under the cursor (or has it listed), or closes the open one that the cursor is in. False where there is no hole. */
  function toggleHole(): boolean {
    const { layout, setFolded } = view;
    const extent = layout.value.extents[extentAt(layout.value.extents, place.value.address)];
    if (!extent || extent.kind === 'bytes') return false;
    if (extent.kind === 'unexplored') {
      explore(place.value.address);
      return true;
    }
    setFolded(extent, !layout.value.isFolded(extent));
    set(place.value, false);
    view.reveal(place.value.address);
    return true;
  }

  /** Handles a key of the grid; true when it was one. */
  function press(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>): boolean {
    if (event.altKey) return false;
    const motion = motionOf(event.key, event.ctrlKey || event.metaKey);
    if (motion) {
      set(move(view.layout.value, place.value, motion, Math.max(1, visibleRows() - 1)), event.shiftKey);
      if (motion === 'page-up' || motion === 'page-down') view.scrollBy((motion === 'page-up' ? -1 : 1) * Math.max(1, visibleRows() - 1));
      view.reveal(place.value.address);
      return true;
    }
    if (event.key === 'Escape' && selecting.value) {
      anchor.value = place.value.address;
      return true;
    }
    if (event.key === 'F12' || event.key === 'Enter') {
      if (!toggleHole()) follow();
      return true;
    }
    return false;
  }

  const onFold = computed(() => isFoldedAt(view.layout.value, place.value.address));
  return { place, anchor, selection, selecting, onFold, moveTo, point, press, toggleHole };
}
