/**
 * The way out. Electron has crashed when it quit over running workers (electron#23315, #23366, #26103), so a quit waits until they have left; and a
 * running export is thrown away only when the user says so.
 */
import { app } from 'electron';
import type { Workbench } from '#workbench/workbench.ts';
import type { Dialogs } from './dialogs.ts';
import type { RunningJobs } from './running-jobs.ts';

/** Milliseconds until a worker that does not leave is left behind. */
const PATIENCE = 5000;

export interface Quitting {
  /** True from the moment on from which nothing asks any more. */
  readonly isDecided: boolean;
}

export function orderlyQuit(workbench: Workbench, jobs: RunningJobs, dialogs: Dialogs): Quitting {
  let asked = false;
  let decided = false;
  let cleared = false;

  async function leave(): Promise<void> {
    if (jobs.exports > 0 && !(await dialogs.confirmQuit(jobs.exports))) return;
    decided = true;
    await Promise.all(jobs.exportIds.map((jobId) => workbench.cancelJob({ jobId }).catch(() => null)));
    await Promise.race([workbench.dispose(), new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
    cleared = true;
    app.quit();
  }

  app.on('before-quit', (event) => {
    if (cleared) return;
    event.preventDefault();
    if (asked) return;
    asked = true;
    leave()
      .catch((error: unknown) => {
        console.error('while quitting:', error);
        app.exit(1);
      })
      .finally(() => (asked = false));
  });

  return {
    get isDecided() {
      return decided;
    },
  };
}
