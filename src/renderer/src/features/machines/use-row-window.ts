/** Rows of one height of which only those in view exist, for tables that may have hundreds. */
import { useVirtualizer } from '@tanstack/vue-virtual';
import { computed, type ComputedRef, type Ref } from 'vue';

export interface RowWindow {
  /** Indices in view, and a few more. */
  rows: ComputedRef<number[]>;
  /** CSS pixels that the rows above and below would take. */
  before: ComputedRef<number>;
  after: ComputedRef<number>;
  show: (index: number) => void;
}

/** CSS pixels: tokens.css, --row. */
const ROW = 24;

export function useRowWindow(scroller: Readonly<Ref<HTMLElement | null>>, count: () => number): RowWindow {
  const virtualizer = useVirtualizer(
    computed(() => ({ count: count(), getScrollElement: () => scroller.value, estimateSize: () => ROW, overscan: 8, scrollPaddingStart: ROW })),
  );
  const items = computed(() => virtualizer.value.getVirtualItems());
  return {
    rows: computed(() => items.value.map(({ index }) => index)),
    before: computed(() => items.value[0]?.start ?? 0),
    after: computed(() => virtualizer.value.getTotalSize() - (items.value.at(-1)?.end ?? 0)),
    show: (index) => virtualizer.value.scrollToIndex(index, { align: 'auto' }),
  };
}
