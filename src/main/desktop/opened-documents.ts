/** Tells the system which file is open: its own list of recent documents (Windows, macOS) and the icon in macOS's title bar. */
import { app } from 'electron';
import type { MethodArgument, WorkbenchApi } from '#shared/contract.ts';

export function rememberOpened(workbench: WorkbenchApi, represent: (path: string) => void): WorkbenchApi {
  return {
    ...workbench,
    async openDump(argument: MethodArgument<'openDump'>) {
      const summary = await workbench.openDump(argument);
      if (argument.location.kind === 'path') {
        app.addRecentDocument(argument.location.path);
        represent(argument.location.path);
      }
      return summary;
    },
  };
}
