/**
 * Which rows are on screen. The view remembers the address at its top, so it stays where it is while holes are found, folded and unfolded
 * above it. Fetches what the visible rows need and nothing that has been scrolled away.
 */
import { computed, shallowRef, watch, type Ref } from 'vue';
import { CHUNK_SIZE } from './chunk-cache.ts';
import { type Extent, extentAt } from './extents.ts';
import { type BytesPerRow, RowLayout } from './row-layout.ts';
import { fillRow, type ViewRow } from './row-model.ts';
import { lastTopRow } from './scroll-scale.ts';
import type { MemorySource } from './use-memory-source.ts';

/**
 * Chunks that one scroll may turn into folds: a hole that nothing announced (the missing half of a truncated stream) is read through as long as
 * its end is on screen, 128 MiB at a time, so that one of terabytes does not keep the engine busy for ever.
 */
const FOLDS_PER_SCROLL = 2048;

export type RowView = ReturnType<typeof useRowView>;

export function useRowView(source: MemorySource, bytesPerRow: Readonly<Ref<BytesPerRow>>, visibleRows: Readonly<Ref<number>>) {
  const unfolded = shallowRef<ReadonlySet<bigint>>(new Set());
  /**
   * What holds the view in place: `row`, the address of its first row; `headline`, the row above the first byte of an unfolded hole; `quarter`, an
   * address that was jumped to, a quarter of the view below the top, whatever turns out to lie before it.
   */
  const top = shallowRef<{ address: bigint; at: 'row' | 'headline' | 'quarter' }>({ address: 0n, at: 'row' });
  let foldsLeft = FOLDS_PER_SCROLL;

  const layout = computed(() => new RowLayout(source.extents.value, bytesPerRow.value, unfolded.value));
  const topRow = computed(() => {
    const { address, at } = top.value;
    const before = at === 'headline' ? 1n : at === 'quarter' ? BigInt(visibleRows.value) / 4n : 0n;
    const row = layout.value.rowOf(address) - before;
    const last = lastTopRow(layout.value.rowCount, visibleRows.value);
    return row > last ? last : row > 0n ? row : 0n;
  });
  const rows = computed<ViewRow[]>(() => {
    if (source.extents.value.length === 0 || source.arrivals.value < 0) return [];
    return layout.value
      .rowsFrom(topRow.value, visibleRows.value + 1)
      .map((row) => fillRow(row, row.kind === 'bytes' ? source.peek(row.start) : undefined));
  });

  function scrollTo(row: bigint): void {
    foldsLeft = FOLDS_PER_SCROLL;
    const last = lastTopRow(layout.value.rowCount, visibleRows.value);
    const target = layout.value.rowAt(row > last ? last : row);
    top.value = { address: target.start, at: target.kind === 'hole' && !target.folded ? 'headline' : 'row' };
  }

  const scrollBy = (count: number): void => scrollTo(topRow.value + BigInt(count));

  const isUnexplored = (address: bigint): boolean => {
    const { extents } = layout.value;
    return extents[extentAt(extents, address)]?.kind === 'unexplored';
  };

  /** Scrolls as little as possible; from far away so that a quarter of the view lies before it. */
  function reveal(address: bigint): void {
    const row = layout.value.rowOf(address);
    const count = BigInt(Math.max(visibleRows.value, 1));
    const inView = row >= topRow.value && row < topRow.value + count;
    if (inView && !isUnexplored(address)) return;
    foldsLeft = FOLDS_PER_SCROLL;
    if (!inView && row === topRow.value - 1n) scrollTo(row);
    else if (!inView && row === topRow.value + count) scrollTo(topRow.value + 1n);
    else top.value = { address, at: 'quarter' };
  }

  function setFolded(extent: Extent, fold: boolean): void {
    const next = new Set([...unfolded.value].filter((address) => address < extent.start || address > extent.last));
    if (!fold) next.add(extent.start);
    unfolded.value = next;
    foldsLeft = FOLDS_PER_SCROLL;
  }

  function wishes(shown: readonly ViewRow[]): bigint[] {
    const missing = shown.filter((row) => row.kind === 'bytes' && row.phase === 'loading').map((row) => row.start);
    const first = shown[0];
    const last = shown.at(-1);
    // The chunks next to the view, so that scrolling on does not wait; only while the view lies within one chunk's reach of them.
    if (last?.kind === 'bytes' && last.start + BigInt(CHUNK_SIZE / 4) < layout.value.spaceLast) missing.push(last.start + BigInt(CHUNK_SIZE / 4));
    if (first?.kind === 'bytes' && first.start >= BigInt(CHUNK_SIZE / 4)) missing.push(first.start - BigInt(CHUNK_SIZE / 4));
    return missing;
  }

  watch(
    [rows, () => source.extents.value] as const,
    ([shown, extents], before) => {
      if (before[1] && before[1] !== extents) foldsLeft--;
      source.want(foldsLeft > 0 ? wishes(shown) : []);
      for (const row of shown) {
        if (row.kind !== 'hole') continue;
        const { start, last, kind } = row.extent;
        const near = top.value.address;
        if (kind === 'unexplored') source.exploreEagerly(near > start && near <= last ? near : start);
        else void source.findReason(row.extent);
      }
    },
    { immediate: true },
  );

  return { layout, topRow, rows, scrollTo, scrollBy, reveal, setFolded };
}
