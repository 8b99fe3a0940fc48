/**
 * The contract on Electron's IPC: one channel a method, each call checked for who sends it and what it holds. Errors travel as data (shared/wire.ts).
 */
import { ipcMain, type WebFrameMain } from 'electron';
import { DROP_CHANNEL, methodChannel } from '#shared/bridge.ts';
import { METHOD_NAMES, type WorkbenchApi } from '#shared/contract.ts';
import { encodeError, WorkbenchError } from '#shared/errors.ts';
import { answer, type Outcome } from '#shared/wire.ts';
import type { GrantedPaths } from './granted-paths.ts';
import { isPage } from './page-scheme.ts';

/** A frame inside the page, a page that navigated away, or a frame that is gone (null) is not our page. */
function isOurPage(frame: WebFrameMain | null, pageUrl: string): boolean {
  return frame !== null && frame.parent === null && isPage(frame.url, pageUrl);
}

export function bindIpc(workbench: WorkbenchApi, paths: GrantedPaths, pageUrl: string): void {
  for (const method of METHOD_NAMES) {
    ipcMain.handle(methodChannel(method), async (event, argument: unknown): Promise<Outcome> => {
      if (!isOurPage(event.senderFrame, pageUrl))
        return { error: encodeError(new WorkbenchError('bad-request', 'the call does not come from the page')) };
      return answer(workbench, method, argument);
    });
  }
  ipcMain.on(DROP_CHANNEL, (event, path: unknown) => {
    if (isOurPage(event.senderFrame, pageUrl) && typeof path === 'string' && path.length > 0 && path.length <= 4096) paths.grantReading(path);
  });
}
