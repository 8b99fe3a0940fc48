/** Which row of a list below a text field is active: arrow keys, Home and End with Ctrl, Enter. For combobox-like fields (go-to, palette). */
import { computed, ref, useId, watch } from 'vue';
import type { ComputedRef, Ref } from 'vue';

export interface Listbox {
  id: string;
  active: Ref<number>;
  /** Id of the active option's element, for aria-activedescendant; undefined when the list is empty. */
  activeId: ComputedRef<string | undefined>;
  optionId: (index: number) => string;
  /** Returns true when the key was for the list. */
  onKeydown: (event: KeyboardEvent) => boolean;
}

export function useListbox(count: () => number, choose: (index: number) => void): Listbox {
  const id = useId();
  const active = ref(0);
  const optionId = (index: number): string => `${id}-${index}`;
  const activeId = computed(() => (active.value < count() ? optionId(active.value) : undefined));

  watch(count, () => (active.value = 0));
  watch(activeId, (element) => element && document.getElementById(element)?.scrollIntoView?.({ block: 'nearest' }), { flush: 'post' });

  function onKeydown(event: KeyboardEvent): boolean {
    const length = count();
    if (event.key === 'ArrowDown' && length > 0) active.value = (active.value + 1) % length;
    else if (event.key === 'ArrowUp' && length > 0) active.value = (active.value + length - 1) % length;
    else if (event.key === 'Home' && event.ctrlKey) active.value = 0;
    else if (event.key === 'End' && event.ctrlKey) active.value = Math.max(0, length - 1);
    else if (event.key === 'Enter' && active.value < length) choose(active.value);
    else return false;
    event.preventDefault();
    return true;
  }

  return { id, active, activeId, optionId, onKeydown };
}
