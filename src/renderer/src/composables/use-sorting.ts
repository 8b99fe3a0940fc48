/** Which column a table is sorted by. Pressing the same head again turns the order round. */
import { shallowRef, type ShallowRef } from 'vue';

export interface Sorting<Column> {
  column: Column;
  descending: boolean;
}

export function useSorting<Column extends string>(
  column: Column,
): {
  sorting: ShallowRef<Sorting<Column>>;
  sortBy: (column: Column) => void;
  /** For `aria-sort`. */
  orderOf: (column: Column) => 'ascending' | 'descending' | 'none';
} {
  const sorting = shallowRef<Sorting<Column>>({ column, descending: false });
  return {
    sorting,
    sortBy: (next) => (sorting.value = { column: next, descending: sorting.value.column === next && !sorting.value.descending }),
    orderOf: (of) => (sorting.value.column !== of ? 'none' : sorting.value.descending ? 'descending' : 'ascending'),
  };
}
