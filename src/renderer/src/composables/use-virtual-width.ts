/** How wide virtual addresses are under a root of the active dump. */
import { computed, type ComputedRef } from 'vue';
import type { CpuView, PagingModeView, RootChoice } from '#shared/model/index.ts';
import { addressBits, type AddressBits } from '#shared/virtual-address.ts';
import { regimeOf } from './root-words.ts';
import { useDumpDataStore } from '../stores/dump-data.store.ts';
import { useDumpsStore } from '../stores/dumps.store.ts';

/** A root that is typed in without a mode has that of the first CPU. */
export function bitsUnder(root: RootChoice, rootModes: readonly PagingModeView[], cpus: readonly CpuView[]): AddressBits {
  const regime = root.kind === 'cpu' ? regimeOf(root, cpus) : cpus[0]?.paging;
  return addressBits(rootModes, (root.kind === 'root' ? root.mode : undefined) ?? regime?.mode);
}

export function useVirtualWidth(root: () => RootChoice): ComputedRef<AddressBits> {
  const dumps = useDumpsStore();
  const data = useDumpDataStore();
  return computed(() => bitsUnder(root(), dumps.active?.rootModes ?? [], data.cpus));
}
