/**
 * What the two halves of the stand-in say to each other: the app's process (a child, where `electron` is our module) and the screen (the test's
 * process, which drives Chromium). Sent over child_process with `advanced` serialization, which is structured clone, as Electron's IPC is.
 */

/** Where a call comes from, as WebFrameMain tells it. */
export interface FrameFacts {
  url: string;
  isMainFrame: boolean;
}

/** App to screen; nothing comes back. */
export interface ScreenCommands {
  'open-window': { windowId: number; preload: string };
  load: { windowId: number; url: string };
  'close-window': { windowId: number };
  /** webContents.send */
  'send-to-page': { windowId: number; channel: string; argument: unknown };
}

/** Screen to app; each is answered with the type after the arrow, by `answer`. */
export interface ScreenQuestions {
  /** A request for a scheme that the app handles. */
  request: { ask: { url: string; method: string }; answer: { status: number; headers: Record<string, string>; body: Uint8Array } };
  invoke: { ask: { windowId: number; channel: string; argument: unknown; frame: FrameFacts | null }; answer: unknown };
  /** ipcRenderer.send */
  send: { ask: { windowId: number; channel: string; argument: unknown; frame: FrameFacts | null }; answer: null };
  /** True: go ahead. */
  navigate: { ask: { windowId: number; url: string; isMainFrame: boolean }; answer: boolean };
  'open-popup': { ask: { windowId: number; url: string }; answer: boolean };
  permission: { ask: { permission: string }; answer: boolean };
  /** The user closes the window. */
  'close-button': { ask: { windowId: number }; answer: null };
  'page-event': { ask: { windowId: number; event: 'did-start-loading' | 'did-finish-load' | 'ready-to-show' }; answer: null };
  /** A key that the page left alone: `Ctrl+Shift+P`. True when a menu item took it. */
  key: { ask: { accelerator: string }; answer: boolean };
  /** From the test. */
  'click-menu': { ask: { id: string }; answer: null };
  'menu-labels': { ask: null; answer: string[] };
  'answer-dialog': { ask: { dialog: DialogName; answer: unknown }; answer: null };
  'open-file': { ask: { path: string }; answer: null };
  state: { ask: null; answer: AppState };
}

export type DialogName = 'showOpenDialog' | 'showSaveDialog' | 'showMessageBox';

/** What the app made the system show. */
export interface AppState {
  dialogs: { dialog: DialogName; options: unknown }[];
  themeSource: string;
  progress: number;
  powerSaveBlockers: number;
  recentDocuments: string[];
  windowOptions: Record<string, unknown>[];
  privilegedSchemes: unknown[];
  sandboxEnabled: boolean;
}

export type QuestionName = keyof ScreenQuestions;

export type ToScreen =
  | { [Name in keyof ScreenCommands]: { command: Name } & ScreenCommands[Name] }[keyof ScreenCommands]
  | { answerTo: number; value: unknown }
  | { answerTo: number; error: string };

export interface ToApp {
  question: QuestionName;
  id: number;
  ask: unknown;
}
