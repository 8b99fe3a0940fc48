/**
 * The keyboard in a list whose rows exist only while they are in view: one tab stop, the focus stays on the scroller, and the active row is named by its id. Right goes to the
 * controls in the row (address chips), Left and Escape back.
 */
import { computed, ref, useId, watch } from 'vue';
import type { ComputedRef, Ref } from 'vue';

export interface ActiveRow {
  active: Ref<number>;
  /** For aria-activedescendant; undefined where there are no rows. */
  activeId: ComputedRef<string | undefined>;
  rowId: (index: number) => string;
  onKeydown: (event: KeyboardEvent) => void;
  move: (to: number) => void;
}

export interface ActiveRowOptions {
  count: () => number;
  scroller: Readonly<Ref<HTMLElement | null>>;
  /** Brings a row into view. */
  scrollTo: (index: number) => void;
  /** Rows that a page key moves by. */
  page: () => number;
  /** After the user moved. */
  moved?: (index: number) => void;
  /** Enter and Space. */
  choose?: (index: number) => void;
}

export function useActiveRow({ count, scroller, scrollTo, page, moved, choose }: ActiveRowOptions): ActiveRow {
  const id = useId();
  const active = ref(0);
  const rowId = (index: number): string => `${id}-${index}`;
  const activeId = computed(() => (active.value < count() ? rowId(active.value) : undefined));

  function move(to: number): void {
    if (count() === 0) return;
    active.value = Math.max(0, Math.min(to, count() - 1));
    scrollTo(active.value);
    moved?.(active.value);
  }

  watch(count, (rows) => {
    if (active.value >= rows) active.value = Math.max(0, rows - 1);
  });

  function controls(): HTMLElement[] {
    return [...(document.getElementById(rowId(active.value))?.querySelectorAll<HTMLElement>('button') ?? [])];
  }

  /** Keys in a row's control: along the row, and back to the list. */
  function alongRow({ key, target }: KeyboardEvent): boolean {
    const all = controls();
    const at = all.indexOf(target as HTMLElement);
    if (at < 0) return false;
    if (key === 'ArrowRight') all[Math.min(at + 1, all.length - 1)]?.focus();
    else if (key === 'ArrowLeft' && at > 0) all[at - 1]?.focus();
    else if (key === 'ArrowLeft' || key === 'Escape') scroller.value?.focus();
    else if (key === 'ArrowDown' || key === 'ArrowUp') {
      scroller.value?.focus();
      move(active.value + (key === 'ArrowDown' ? 1 : -1));
    } else return false;
    return true;
  }

  function amongRows({ key }: KeyboardEvent): boolean {
    if (key === 'ArrowDown') move(active.value + 1);
    else if (key === 'ArrowUp') move(active.value - 1);
    else if (key === 'PageDown') move(active.value + page());
    else if (key === 'PageUp') move(active.value - page());
    else if (key === 'Home') move(0);
    else if (key === 'End') move(count() - 1);
    else if (key === 'ArrowRight') controls()[0]?.focus();
    else if ((key === 'Enter' || key === ' ') && choose && count() > 0) choose(active.value);
    else return false;
    return true;
  }

  function onKeydown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target === scroller.value ? amongRows(event) : alongRow(event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  return { active, activeId, rowId, onKeydown, move };
}
