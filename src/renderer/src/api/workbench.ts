/**
 * The renderer's way to the workbench: Electron's bridge where the preload put one on `window`, otherwise a WebSocket to the server that
 * served this page. Nothing else in the renderer touches either.
 */
import { shallowReadonly } from 'vue';
import { createApi, type WorkbenchApi } from '#shared/contract.ts';
import { bridgeTransport } from './bridge-transport.ts';
import { connectionState, type ConnectionState } from './connection.ts';
import { socketTransport } from './socket-transport.ts';

export type { ConnectionState };

let workbench: WorkbenchApi | undefined;

/** The one workbench of this page; connects on the first call. */
export function useWorkbench(): WorkbenchApi {
  workbench ??= createApi(window.workbench ? bridgeTransport(window.workbench) : socketTransport(new URL('socket', window.location.href)));
  return workbench;
}

/**
 * Always `open` on the desktop. In a browser: `connecting` at the start and after a loss while it is tried again, `lost` when trying did not help for some seconds
 * (it goes on being tried). On a change back to `open` ask `listDumps` again: the server may have been started anew.
 */
export const connection = shallowReadonly(connectionState);

/**
 * The path of a dropped file; undefined in a browser, which does not tell it. Call it in the drop's handler: this is also what permits the path to be opened.
 */
export function pathOfDroppedFile(file: File): string | undefined {
  return window.workbenchDesktop?.pathForFile(file) || undefined;
}
