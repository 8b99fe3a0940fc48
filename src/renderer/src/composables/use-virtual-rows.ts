/** The rows of a list of any length that are in view; the others do not exist. */
import { useVirtualizer, type Virtualizer } from '@tanstack/vue-virtual';
import { computed } from 'vue';
import type { ComputedRef, Ref } from 'vue';

export interface VirtualRow<Row> {
  index: number;
  /** CSS pixels from the top of the list. */
  start: number;
  row: Row;
}

export interface VirtualRowsOptions {
  /** CSS pixels; of rows that are measured, a first guess. */
  rowHeight: number;
  /** CSS pixels of a head that stays in view above the rows. */
  head?: number;
  overscan?: number;
}

export function useVirtualRows<Row>(
  rows: () => readonly Row[],
  scroller: Readonly<Ref<HTMLElement | null>>,
  { rowHeight, head = 0, overscan = 12 }: VirtualRowsOptions,
): { virtualizer: Ref<Virtualizer<HTMLElement, HTMLElement>>; items: ComputedRef<VirtualRow<Row>[]> } {
  const virtualizer = useVirtualizer<HTMLElement, HTMLElement>(
    computed(() => ({
      count: rows().length,
      getScrollElement: () => scroller.value,
      estimateSize: () => rowHeight,
      overscan,
      scrollPaddingStart: head,
    })),
  );
  const items = computed(() =>
    virtualizer.value.getVirtualItems().flatMap(({ index, start }) => {
      const row = rows()[index];
      return row === undefined ? [] : [{ index, start, row }];
    }),
  );
  return { virtualizer, items };
}
