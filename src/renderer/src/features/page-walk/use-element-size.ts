/** The size of an element, followed as it changes; drawings lay themselves out by it. */
import { onScopeDispose, readonly, ref, watch, type Ref } from 'vue';

export interface ElementSize {
  width: Readonly<Ref<number>>;
  height: Readonly<Ref<number>>;
}

/** Whole pixels of the content box; `initial` until the element is there. */
export function useElementSize(element: Readonly<Ref<HTMLElement | null>>, initial: { width: number; height: number }): ElementSize {
  const width = ref(initial.width);
  const height = ref(initial.height);
  const observer = new ResizeObserver(([entry]) => {
    // A panel that is hidden reports 0: it keeps its layout until it is shown again.
    if (!entry || entry.contentRect.width === 0) return;
    width.value = Math.floor(entry.contentRect.width);
    height.value = Math.floor(entry.contentRect.height);
  });
  watch(
    element,
    (now, before) => {
      if (before) observer.unobserve(before);
      if (now) observer.observe(now);
    },
    { immediate: true },
  );
  onScopeDispose(() => observer.disconnect());
  return { width: readonly(width), height: readonly(height) };
}
