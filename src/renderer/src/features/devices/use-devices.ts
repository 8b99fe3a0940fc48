/** The devices of the active dump and the state of the chosen one, loaded when first asked for. What was chosen and unfolded is kept while the dump is open. */
import { computed, onScopeDispose, shallowReactive, shallowRef, watch } from 'vue';
import type { ComputedRef, ShallowRef } from 'vue';
import type { WorkbenchError } from '#shared/errors.ts';
import type { DeviceState, DeviceSummary } from '#shared/model/index.ts';
import { useWorkbench } from '../../api/workbench.ts';
import { asWorkbenchError, useDumpsStore } from '../../stores/dumps.store.ts';
import { rootsOf, unfoldedAtFirst } from './field-rows.ts';

export interface Devices {
  list: Readonly<ShallowRef<readonly DeviceSummary[] | null>>;
  listError: Readonly<ShallowRef<WorkbenchError | null>>;
  /** Index of the chosen device; the first until another is chosen. */
  chosen: ComputedRef<number | null>;
  state: Readonly<ShallowRef<DeviceState | null>>;
  stateError: Readonly<ShallowRef<WorkbenchError | null>>;
  unfolded: ComputedRef<ReadonlySet<string>>;
  choose: (index: number) => void;
  setUnfolded: (ids: ReadonlySet<string>) => void;
  reload: () => void;
}

/** What the user did with one dump's devices. */
interface Choices {
  chosen?: number;
  unfolded: ReadonlyMap<number, ReadonlySet<string>>;
}

/** By dump: the panel may be closed and shown again. */
const choices = shallowReactive(new Map<string, Choices>());
const NONE: Choices = { unfolded: new Map() };

export function useDevices(): Devices {
  const dumps = useDumpsStore();
  const list = shallowRef<readonly DeviceSummary[] | null>(null);
  const listError = shallowRef<WorkbenchError | null>(null);
  const state = shallowRef<DeviceState | null>(null);
  const stateError = shallowRef<WorkbenchError | null>(null);
  const reloads = shallowRef(0);
  let over = false;

  const dumpId = computed(() => dumps.activeId);
  const mine = computed(() => choices.get(dumpId.value ?? '') ?? NONE);
  const chosen = computed(() => {
    const count = list.value?.length ?? 0;
    const wanted = mine.value.chosen;
    if (wanted !== undefined && wanted < count) return wanted;
    return count > 0 ? 0 : null;
  });
  const unfolded = computed<ReadonlySet<string>>(() => {
    if (!state.value) return new Set();
    return mine.value.unfolded.get(state.value.index) ?? unfoldedAtFirst(rootsOf(state.value));
  });

  function keep(part: Partial<Choices>): void {
    if (dumpId.value) choices.set(dumpId.value, { ...mine.value, ...part });
  }

  watch(
    [dumpId, reloads],
    async ([id]) => {
      list.value = null;
      state.value = null;
      listError.value = null;
      if (!id) return;
      const isCurrent = (): boolean => !over && dumpId.value === id;
      try {
        const found = await useWorkbench().listDevices({ dumpId: id });
        if (isCurrent()) list.value = found;
      } catch (error) {
        if (isCurrent()) listError.value = asWorkbenchError(error);
      }
    },
    { immediate: true },
  );

  watch(
    [list, chosen],
    async ([devices, index]) => {
      const id = dumpId.value;
      stateError.value = null;
      if (!devices || index === null || !id) return;
      const isCurrent = (): boolean => !over && list.value === devices && chosen.value === index;
      try {
        const found = await useWorkbench().getDevice({ dumpId: id, index });
        if (isCurrent()) state.value = found;
      } catch (error) {
        if (!isCurrent()) return;
        state.value = null;
        stateError.value = asWorkbenchError(error);
      }
    },
    { immediate: true },
  );

  watch(
    () => dumps.dumps.map((dump) => dump.dumpId),
    (open) => {
      for (const id of choices.keys()) if (!open.includes(id)) choices.delete(id);
    },
  );
  onScopeDispose(() => (over = true));

  return {
    list,
    listError,
    chosen,
    state,
    stateError,
    unfolded,
    choose: (index) => keep({ chosen: index }),
    setUnfolded: (ids) => state.value && keep({ unfolded: new Map(mine.value.unfolded).set(state.value.index, ids) }),
    reload: () => reloads.value++,
  };
}
