/** The width of an element, followed as it changes; drawings lay themselves out by it. */
import { onScopeDispose, readonly, ref, watch, type Ref } from 'vue';

/** Whole pixels; `initial` until the element is there. */
export function useElementWidth(element: Readonly<Ref<HTMLElement | null>>, initial: number): Readonly<Ref<number>> {
  const width = ref(initial);
  const observer = new ResizeObserver(([entry]) => {
    // A panel that is hidden reports 0: it keeps its layout until it is shown again.
    if (entry && entry.contentRect.width > 0) width.value = Math.floor(entry.contentRect.width);
  });
  watch(element, (now, before) => {
    if (before) observer.unobserve(before);
    if (now) observer.observe(now);
  });
  onScopeDispose(() => observer.disconnect());
  return readonly(width);
}
