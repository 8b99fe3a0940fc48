/** Puts text into the clipboard and says so in the status bar. */
import { useShellStore } from '../stores/shell.store.ts';

/** `what` is said instead of the text: "the command line". */
export function useCopy(): (text: string, what?: string) => void {
  const shell = useShellStore();
  return (text, what = text) => {
    void navigator.clipboard.writeText(text).then(
      () => (shell.announcement = `Copied ${what}`),
      () => (shell.announcement = 'The clipboard is not available here'),
    );
  };
}
