/** The window's first seconds: who hosts it, what is open already, and what the command line asked for. */
import { onMounted, shallowRef } from 'vue';
import type { ShallowRef } from 'vue';
import { filesOf } from '#shared/dump-location.ts';
import type { WorkbenchError } from '#shared/errors.ts';
import { asWorkbenchError, useDumpsStore } from '../../stores/dumps.store.ts';
import { useShellStore } from '../../stores/shell.store.ts';

export interface SessionStart {
  /** The host did not answer. */
  error: ShallowRef<WorkbenchError | null>;
  retry: () => Promise<void>;
}

export function useSessionStart(): SessionStart {
  const shell = useShellStore();
  const dumps = useDumpsStore();
  const error = shallowRef<WorkbenchError | null>(null);

  async function start(): Promise<void> {
    error.value = null;
    try {
      await shell.load();
      await dumps.restore();
      const wanted = shell.host?.openAtStart;
      // After a reload it is open already.
      const isOpen = wanted && filesOf(wanted.location).every((file) => dumps.dumps.some(({ files }) => files.includes(file)));
      if (wanted && !isOpen) await shell.openDump(wanted.location, wanted.options);
    } catch (thrown) {
      error.value = asWorkbenchError(thrown);
    }
  }

  onMounted(start);
  return { error, retry: start };
}
