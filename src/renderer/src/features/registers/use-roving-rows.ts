/** One tab stop for a list of rows: arrows move, Enter or Space unfolds, Right and Left unfold and fold, Home and End jump. */
import { computed, ref, shallowRef, watch, type ComputedRef, type Ref } from 'vue';

export interface RovingRows {
  /** The row that has the tab stop; always one of the rows, or null when there is none. */
  active: ComputedRef<string | null>;
  unfolded: Readonly<Ref<ReadonlySet<string>>>;
  setActive: (id: string) => void;
  toggle: (id: string) => void;
  unfoldAll: (ids: readonly string[]) => void;
  foldAll: () => void;
  /** Handles a key of the list; true when it was one. The caller moves the focus to `active`. */
  onKey: (event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'altKey' | 'metaKey'>) => boolean;
}

/** `ids`: the rows on screen, in order. Rows that disappear keep their fold, so that a filter taken back finds things as they were. */
export function useRovingRows(ids: Readonly<Ref<readonly string[]>>): RovingRows {
  const wanted = ref<string | null>(null);
  const unfolded = shallowRef<ReadonlySet<string>>(new Set());
  const active = computed(() => (wanted.value !== null && ids.value.includes(wanted.value) ? wanted.value : (ids.value[0] ?? null)));

  function change(id: string, open: boolean): void {
    const next = new Set(unfolded.value);
    if (open) next.add(id);
    else next.delete(id);
    unfolded.value = next;
  }

  function move(by: number): void {
    const at = active.value === null ? 0 : ids.value.indexOf(active.value);
    wanted.value = ids.value[Math.max(0, Math.min(at + by, ids.value.length - 1))] ?? null;
  }

  function onKey({ key, ctrlKey, altKey, metaKey }: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'altKey' | 'metaKey'>): boolean {
    const id = active.value;
    if (ctrlKey || altKey || metaKey || id === null) return false;
    if (key === 'ArrowDown') move(1);
    else if (key === 'ArrowUp') move(-1);
    else if (key === 'PageDown') move(10);
    else if (key === 'PageUp') move(-10);
    else if (key === 'Home') move(-ids.value.length);
    else if (key === 'End') move(ids.value.length);
    else if (key === 'ArrowRight') change(id, true);
    else if (key === 'ArrowLeft') change(id, false);
    else if (key === 'Enter' || key === ' ') change(id, !unfolded.value.has(id));
    else return false;
    return true;
  }

  watch(ids, (now, before) => {
    // The row that had the focus is gone: stay near it.
    if (wanted.value === null || now.includes(wanted.value)) return;
    const at = before.indexOf(wanted.value);
    wanted.value = now[Math.min(Math.max(at, 0), now.length - 1)] ?? wanted.value;
  });

  return {
    active,
    unfolded,
    setActive: (id) => (wanted.value = id),
    toggle: (id) => change(id, !unfolded.value.has(id)),
    unfoldAll: (all) => (unfolded.value = new Set([...unfolded.value, ...all])),
    foldAll: () => (unfolded.value = new Set()),
    onKey,
  };
}
