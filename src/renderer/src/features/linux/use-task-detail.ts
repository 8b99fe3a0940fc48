/** One task in full: read anew for each task that is looked at. */
import { onScopeDispose, shallowRef, watch } from 'vue';
import type { ShallowRef } from 'vue';
import type { WorkbenchError } from '#shared/errors.ts';
import type { LinuxTask, LinuxTaskDetail } from '#shared/model/index.ts';
import { useWorkbench } from '../../api/workbench.ts';
import { asWorkbenchError, useDumpsStore } from '../../stores/dumps.store.ts';

export function useTaskDetail(task: () => LinuxTask): {
  detail: Readonly<ShallowRef<LinuxTaskDetail | null>>;
  error: Readonly<ShallowRef<WorkbenchError | null>>;
} {
  const dumps = useDumpsStore();
  const detail = shallowRef<LinuxTaskDetail | null>(null);
  const error = shallowRef<WorkbenchError | null>(null);
  let asked = 0;

  watch(
    task,
    async ({ address }) => {
      const mine = ++asked;
      detail.value = null;
      error.value = null;
      const dumpId = dumps.activeId;
      if (!dumpId) return;
      try {
        const found = await useWorkbench().getLinuxTask({ dumpId, address });
        if (mine === asked) detail.value = found;
      } catch (thrown) {
        if (mine === asked) error.value = asWorkbenchError(thrown);
      }
    },
    { immediate: true },
  );
  onScopeDispose(() => asked++);
  return { detail, error };
}
