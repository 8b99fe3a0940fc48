/** `dialog`, `nativeTheme`, `powerSaveBlocker`: what reaches the system. A dialog answers what the test prepared, and cancels when it prepared nothing. */
import { answerTo } from './app-link.ts';
import { appState } from './app-state.ts';
import { BrowserWindow } from './browser-window.ts';
import type { DialogName } from './link.ts';

const prepared: { dialog: DialogName; answer: unknown }[] = [];

/** Both of Electron's overloads: with a parent window first, or without. */
function show(dialog: DialogName, cancelled: unknown) {
  return (...parameters: [unknown, unknown?]): Promise<unknown> => {
    const options = parameters[0] instanceof BrowserWindow ? parameters[1] : parameters[0];
    appState.dialogs.push({ dialog, options: structuredClone(options) });
    const index = prepared.findIndex((candidate) => candidate.dialog === dialog);
    return Promise.resolve(index < 0 ? cancelled : prepared.splice(index, 1)[0]?.answer);
  };
}

export const dialog = {
  showOpenDialog: show('showOpenDialog', { canceled: true, filePaths: [] }),
  showSaveDialog: show('showSaveDialog', { canceled: true, filePath: '' }),
  showMessageBox: show('showMessageBox', { response: 0, checkboxChecked: false }),
};

export const nativeTheme = {
  shouldUseDarkColors: false,
  get themeSource(): string {
    return appState.themeSource;
  },
  set themeSource(theme: string) {
    if (!['system', 'light', 'dark'].includes(theme)) throw new TypeError(`themeSource cannot be ${theme}`);
    appState.themeSource = theme;
  },
};

let nextBlocker = 1;
const blockers = new Set<number>();

export const powerSaveBlocker = {
  start(_type: 'prevent-app-suspension' | 'prevent-display-sleep'): number {
    blockers.add(nextBlocker);
    appState.powerSaveBlockers = blockers.size;
    return nextBlocker++;
  },
  stop(id: number): boolean {
    const stopped = blockers.delete(id);
    appState.powerSaveBlockers = blockers.size;
    return stopped;
  },
};

answerTo('answer-dialog', ({ dialog: name, answer }) => {
  prepared.push({ dialog: name, answer });
  return null;
});
