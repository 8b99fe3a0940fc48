/** Errors that no view showed: a command's promise that rejected, a component that threw. Said in the status bar and left on the console. */
import { getCurrentInstance, onMounted, onUnmounted } from 'vue';
import { asWorkbenchError } from '../../stores/dumps.store.ts';
import { useShellStore } from '../../stores/shell.store.ts';

export function useLastResort(): void {
  const shell = useShellStore();
  const app = getCurrentInstance()?.appContext.app;

  function announce(error: unknown): void {
    const { code, message } = asWorkbenchError(error);
    if (code !== 'cancelled') shell.announcement = message.split('\n')[0] ?? message;
  }

  function onRejection(event: PromiseRejectionEvent): void {
    announce(event.reason);
  }

  if (app) {
    app.config.errorHandler = (error) => {
      console.error(error);
      announce(error);
    };
  }
  onMounted(() => window.addEventListener('unhandledrejection', onRejection));
  onUnmounted(() => window.removeEventListener('unhandledrejection', onRejection));
}
