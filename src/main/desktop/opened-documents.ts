/** Tells the system which file is open: its own list of recent documents (Windows, macOS) and the icon in macOS's title bar. */
import { app } from 'electron';
import type { MethodArgument, WorkbenchApi } from '#shared/contract.ts';
import { filesOf } from '#shared/dump-location.ts';

export function rememberOpened(workbench: WorkbenchApi, represent: (path: string) => void): WorkbenchApi {
  return {
    ...workbench,
    async openDump(argument: MethodArgument<'openDump'>) {
      const summary = await workbench.openDump(argument);
      const files = filesOf(argument.location);
      // A part of a set, picked from the system's list, would open as less than the dump.
      if (files.length === 1) app.addRecentDocument(files[0]!);
      if (files[0] !== undefined) represent(files[0]);
      return summary;
    },
  };
}
