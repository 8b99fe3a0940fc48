/** What the app made the system show, for the test to look at. */
import { answerTo } from './app-link.ts';
import type { AppState } from './link.ts';

export const appState: AppState = {
  dialogs: [],
  themeSource: 'system',
  progress: -1,
  powerSaveBlockers: 0,
  recentDocuments: [],
  windowOptions: [],
  privilegedSchemes: [],
  sandboxEnabled: false,
};

answerTo('state', () => appState);
