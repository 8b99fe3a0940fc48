/**
 * What the desktop's preload puts on `window`, typed for both of its sides.
 *
 * Facts about Electron's contextBridge (electron/shell/renderer/api/electron_api_context_bridge.cc, PassValueToOtherContext): primitives including
 * bigint pass as they are, typed arrays are cloned, plain objects and arrays are copied, functions are proxied, an Error keeps only its message
 * (hence Outcome), and a Proxy, such as a reactive object of Vue, is refused.
 */
import type { MethodName, WorkbenchEvent } from './contract.ts';
import type { Outcome } from './wire.ts';

/** `window.workbench`: one function a method. None of them rejects. */
export type WorkbenchBridge = { readonly [Name in MethodName]: (argument?: unknown) => Promise<Outcome> } & {
  subscribe(listener: (event: WorkbenchEvent) => void): () => void;
};

/** `window.workbenchDesktop`: what only a desktop can do. `PageFile` is the DOM's File, which this folder does not know. */
export interface DesktopBridge<PageFile> {
  /**
   * The path of a file that the user dropped on the window, which may then be opened; empty where the file is not on a disk. The only way for a path to
   * get from the page to the app: a path of the page's own making is refused.
   */
  pathForFile(file: PageFile): string;
}

/** Channel of a method on Electron's IPC. */
export const methodChannel = (method: MethodName): string => `workbench:${method}`;
/** Main to page: a WorkbenchEvent. */
export const EVENT_CHANNEL = 'workbench-event';
/** Preload to main: the path of a dropped file, which may be opened from now on. */
export const DROP_CHANNEL = 'workbench-dropped-path';
