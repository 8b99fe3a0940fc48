/**
 * A stand-in for the module `electron`, for machines on which its runtime cannot be had: the real out/main/index.js runs in Node with this module in
 * `electron`'s place (register.ts), and its window is a page in Chromium (screen.ts) with the real out/preload/index.cjs in it.
 *
 * It does what src/main uses and fails loudly otherwise. Not Electron's: the preload shares the page's JavaScript world (closures hide what it keeps); the page's
 * address is http://app-workbench.localhost/ where Electron's is app://workbench/ (Chromium alone cannot be taught a scheme; main
 * sees app://workbench/); there is no window manager.
 */
export { app } from './app.ts';
export { BrowserWindow } from './browser-window.ts';
export { ipcMain } from './ipc-main.ts';
export { Menu } from './menu.ts';
export { protocol, session } from './session.ts';
export { dialog, nativeTheme, powerSaveBlocker } from './system.ts';
