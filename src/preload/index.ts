/**
 * Exposes the contract to the page, nothing else: named functions, no ipcRenderer, no raw event (Electron's security list, item 20).
 *
 * Runs sandboxed, so it is bundled into one CommonJS file (electron.vite.config.ts). Why an Outcome and not a rejection: shared/bridge.ts.
 */
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import { DROP_CHANNEL, EVENT_CHANNEL, methodChannel, type DesktopBridge, type WorkbenchBridge } from '#shared/bridge.ts';
import { METHOD_NAMES, type WorkbenchEvent } from '#shared/contract.ts';
import type { Outcome } from '#shared/wire.ts';

const methods = Object.fromEntries(
  METHOD_NAMES.map((method) => [method, (argument?: unknown) => ipcRenderer.invoke(methodChannel(method), argument) as Promise<Outcome>]),
);

const workbench = {
  ...methods,
  subscribe(listener: (event: WorkbenchEvent) => void): () => void {
    const forward = (_event: unknown, event: WorkbenchEvent): void => listener(event);
    ipcRenderer.on(EVENT_CHANNEL, forward);
    return () => {
      ipcRenderer.off(EVENT_CHANNEL, forward);
    };
  },
} as WorkbenchBridge;

const desktop: DesktopBridge<File> = {
  pathForFile(file) {
    // Empty for a File that a script made: only a real drop or a file input names a path, and only that permits main to open it.
    const path = webUtils.getPathForFile(file);
    // Sent before the page can ask to open it, on the same pipe: main sees them in this order.
    if (path !== '') ipcRenderer.send(DROP_CHANNEL, path);
    return path;
  },
};

contextBridge.exposeInMainWorld('workbench', workbench);
contextBridge.exposeInMainWorld('workbenchDesktop', desktop);
