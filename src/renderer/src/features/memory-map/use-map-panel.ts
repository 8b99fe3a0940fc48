/** What the memory map panel shows and does: the map, where the current location lies in it, filter, corrections. */
import { computed, ref, shallowRef, watch } from 'vue';
import type { MemoryRegion, RegionCorrection } from '#shared/model/index.ts';
import { useWorkbench } from '../../api/workbench.ts';
import { usePanelLocation } from '../../composables/use-panel-location.ts';
import { useDumpDataStore } from '../../stores/dump-data.store.ts';
import { useDumpsStore } from '../../stores/dumps.store.ts';
import { removal, withCorrection, withoutCorrections } from './correction-plan.ts';
import { gapsBetween } from './gaps.ts';
import { filterBlocks, filterRegions } from './region-order.ts';

export interface MapWindow {
  start: number;
  /** Inclusive. */
  last: number;
}

export function useMapPanel() {
  const api = useWorkbench();
  const dumps = useDumpsStore();
  const data = useDumpDataStore();
  const here = usePanelLocation('memory-map');
  const filter = ref('');
  const message = ref('');
  /** The part of the space that the strip shows; null for all of it. */
  const zoom = shallowRef<MapWindow | null>(null);
  const current = shallowRef<number | null>(null);

  const map = computed(() => data.memoryMap);
  const regions = computed(() => filterRegions(map.value?.regions ?? [], filter.value));
  const blocks = computed(() => filterBlocks(map.value?.blocks ?? [], filter.value));
  const isPc = computed(() => dumps.active?.architecture === 'x86-64' && (map.value?.blocks.length ?? 0) > 0);
  const gaps = computed(() => gapsBetween(map.value?.regions ?? [], isPc.value));
  const inZoom = <Item extends MapWindow>(items: readonly Item[]): readonly Item[] => {
    const part = zoom.value;
    return part ? items.filter((item) => item.start <= part.last && item.last >= part.start) : items;
  };
  const stripRegions = computed(() => inZoom(map.value?.regions ?? []));
  const stripGaps = computed(() => inZoom(gaps.value));

  // Where the current location lies in guest-physical space: directly, or by translation.
  let serial = 0;
  watch(
    [() => dumps.activeId, here.address, here.root, map] as const,
    ([dumpId, place, root]) => {
      const mine = ++serial;
      // The map of a process is one of host addresses.
      const own = dumps.active?.space ?? 'gpa';
      current.value = place?.space === own ? Number(place.address) : null;
      if (!dumpId || !place || place.space === own || place.space === 'hpa') return;
      api.describeAddress({ dumpId, space: place.space, address: place.address, root }).then(
        (known) => mine === serial && (current.value = known.physical),
        () => undefined,
      );
    },
    { immediate: true },
  );
  watch(
    () => dumps.activeId,
    () => {
      zoom.value = null;
      filter.value = '';
      message.value = '';
    },
  );

  const goTo = (address: number): void => here.goHere({ space: 'gpa', address: BigInt(address) });

  async function attempt(change: () => Promise<void>, done: string): Promise<boolean> {
    try {
      await change();
      message.value = done;
      return true;
    } catch (error) {
      message.value = `The map was not changed: ${error instanceof Error ? error.message : String(error)}`;
      return false;
    }
  }

  const apply = (corrections: readonly RegionCorrection[], done: string): Promise<boolean> => attempt(() => data.correct(corrections), done);
  const remove = (region: MemoryRegion): Promise<boolean> => apply(withCorrection(data.corrections, removal(region)), 'Region removed.');
  const takeBack = (region: MemoryRegion): Promise<boolean> => apply(withoutCorrections(data.corrections, region), 'Correction taken back.');
  const reset = (): Promise<boolean> => apply([], 'Back to what the dump proves.');
  const undo = (): Promise<boolean> => attempt(() => data.undo(), 'Undone.');
  const redo = (): Promise<boolean> => attempt(() => data.redo(), 'Done again.');

  return {
    ...{ dumps, data, here, filter, message, zoom, current, map, regions, blocks, stripRegions, stripGaps },
    ...{ goTo, apply, remove, takeBack, reset, undo, redo },
  };
}
