/** Where one panel is: the shared location, or its own while it is pinned. */
import { computed, shallowReactive } from 'vue';
import type { ComputedRef, WritableComputedRef } from 'vue';
import type { RootChoice } from '#shared/model/index.ts';
import type { PanelId } from '../panels.ts';
import { useDumpsStore } from '../stores/dumps.store.ts';
import { useLocationStore } from '../stores/location.store.ts';
import type { Place } from '../stores/location.store.ts';

export interface PanelLocation {
  root: ComputedRef<RootChoice>;
  address: ComputedRef<Place | null>;
  /** Set to true: the panel stays where it is while the rest moves on. */
  pinned: WritableComputedRef<boolean>;
  /** Moves the shared location; a pinned panel stays. For links out of the panel. */
  goTo: (target: Place, options?: { panel?: PanelId }) => void;
  /** Moves this panel: its own place while pinned, the shared one otherwise. For the panel's own address field. */
  goHere: (target: Place) => void;
  setRoot: (root: RootChoice) => void;
}

interface Pin {
  root: RootChoice;
  address: Place | null;
}

/** By dump and panel, so that a panel that is closed and shown again is still pinned. */
const pins = shallowReactive(new Map<string, Pin>());

export function usePanelLocation(panelId: PanelId): PanelLocation {
  const location = useLocationStore();
  const dumps = useDumpsStore();
  const key = computed(() => `${dumps.activeId ?? ''} ${panelId}`);
  const pin = computed(() => pins.get(key.value));

  const root = computed(() => pin.value?.root ?? location.root);
  const address = computed(() => (pin.value ? pin.value.address : location.address));
  const pinned = computed({
    get: () => pin.value !== undefined,
    set: (on) => {
      if (on) pins.set(key.value, { root: root.value, address: address.value });
      else pins.delete(key.value);
    },
  });

  function goHere(target: Place): void {
    if (pin.value) pins.set(key.value, { ...pin.value, address: target });
    else location.goTo(target);
  }

  function setRoot(next: RootChoice): void {
    if (pin.value) pins.set(key.value, { ...pin.value, root: next });
    else location.setRoot(next);
  }

  return { root, address, pinned, goTo: location.goTo, goHere, setRoot };
}
