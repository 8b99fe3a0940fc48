/** What the kernel uses the frame of the current address for. */
import { onScopeDispose, shallowRef, watch } from 'vue';
import type { ShallowRef } from 'vue';
import { PHYSICAL_LIMIT } from '#shared/units.ts';
import type { WorkbenchError } from '#shared/errors.ts';
import type { LinuxPage, RootChoice } from '#shared/model/index.ts';
import { useWorkbench } from '../../api/workbench.ts';
import { asWorkbenchError, useDumpsStore } from '../../stores/dumps.store.ts';
import { useLocationStore } from '../../stores/location.store.ts';
import type { Place } from '../../stores/location.store.ts';

export interface Frame {
  /** GPA of the current address; null where it is none of the guest's memory, and null page with it. */
  physical: number | null;
  page: LinuxPage | null;
  error: WorkbenchError | null;
}

async function physicalOf(dumpId: string, { space, address }: Place, root: RootChoice): Promise<number | null> {
  if (space === 'gpa') return address < PHYSICAL_LIMIT ? Number(address) : null;
  if (space !== 'gva') return null;
  const [answer] = await useWorkbench().translate({ dumpId, addresses: [address], root });
  return answer?.physical ?? null;
}

async function frameOf(dumpId: string, place: Place, root: RootChoice): Promise<Frame> {
  let physical: number | null = null;
  try {
    physical = await physicalOf(dumpId, place, root);
    const page = physical === null ? null : await useWorkbench().getLinuxPage({ dumpId, physical });
    return { physical, page, error: null };
  } catch (error) {
    return { physical, page: null, error: asWorkbenchError(error) };
  }
}

/** Null while it is on its way, and without a current address. */
export function useFrame(): Readonly<ShallowRef<Frame | null>> {
  const dumps = useDumpsStore();
  const location = useLocationStore();
  const frame = shallowRef<Frame | null>(null);
  let asked = 0;

  watch(
    [() => dumps.activeId, () => location.address, () => location.root],
    async ([dumpId, place, root]) => {
      const mine = ++asked;
      frame.value = null;
      if (!dumpId || !place) return;
      const found = await frameOf(dumpId, place, root);
      if (mine === asked) frame.value = found;
    },
    { immediate: true },
  );
  onScopeDispose(() => asked++);
  return frame;
}
