/** The window's first seconds: who hosts it, what is open already, and the file that was given on the command line. */
import { onMounted, shallowRef } from 'vue';
import type { ShallowRef } from 'vue';
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
      const path = shell.host?.openAtStart;
      if (path && !dumps.dumps.some((dump) => dump.path === path)) await shell.openDump({ kind: 'path', path });
    } catch (thrown) {
      error.value = asWorkbenchError(thrown);
    }
  }

  onMounted(start);
  return { error, retry: start };
}
