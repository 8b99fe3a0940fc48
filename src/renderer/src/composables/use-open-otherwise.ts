/** Opens the active dump's files once more in another way: the dialog starts with how they are open now. */
import { locationOf } from '#shared/dump-location.ts';
import { useDumpsStore } from '../stores/dumps.store.ts';
import { useShellStore } from '../stores/shell.store.ts';

export function useOpenOtherwise(): () => void {
  const dumps = useDumpsStore();
  const shell = useShellStore();
  return () => {
    const location = dumps.active && locationOf(dumps.active.files);
    if (dumps.active && location) shell.openAs(location, dumps.active.options);
  };
}
