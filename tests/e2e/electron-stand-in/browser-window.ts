/** `BrowserWindow` and its `webContents`. The page itself is a Chromium page that the screen drives. */
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { app } from './app.ts';
import { answerTo, tellScreen } from './app-link.ts';
import { appState } from './app-state.ts';
import type { FrameFacts } from './link.ts';
import { openWindows } from './open-windows.ts';
import { PreventableEvent } from './preventable-event.ts';

interface WindowOptions {
  webPreferences?: { preload?: string; sandbox?: boolean; contextIsolation?: boolean; nodeIntegration?: boolean };
  [option: string]: unknown;
}

class WebContents extends EventEmitter {
  readonly #windowId: number;
  #openHandler: (details: { url: string }) => { action: 'allow' | 'deny' } = () => ({ action: 'allow' });

  constructor(windowId: number) {
    super();
    this.#windowId = windowId;
  }

  send(channel: string, argument: unknown): void {
    tellScreen({ command: 'send-to-page', windowId: this.#windowId, channel, argument });
  }

  setWindowOpenHandler(handler: (details: { url: string }) => { action: 'allow' | 'deny' }): void {
    this.#openHandler = handler;
  }

  mayOpen(url: string): boolean {
    return this.#openHandler({ url }).action === 'allow';
  }
}

const windows = new Map<number, BrowserWindow>();

export class BrowserWindow extends EventEmitter {
  readonly id: number;
  readonly webContents: WebContents;
  #destroyed = false;

  constructor(options: WindowOptions) {
    super();
    this.id = windows.size + 1;
    this.webContents = new WebContents(this.id);
    windows.set(this.id, this);
    openWindows.add(this);
    const { preload, sandbox, contextIsolation, nodeIntegration } = options.webPreferences ?? {};
    if (sandbox !== true || contextIsolation !== true || nodeIntegration !== false)
      throw new Error('the stand-in plays a sandboxed, isolated page only');
    appState.windowOptions.push(structuredClone(options));
    app.emit('web-contents-created', new PreventableEvent(), this.webContents);
    tellScreen({ command: 'open-window', windowId: this.id, preload: preload === undefined ? '' : readFileSync(preload, 'utf8') });
  }

  loadURL(url: string): Promise<void> {
    tellScreen({ command: 'load', windowId: this.id, url });
    return new Promise((resolve) => this.webContents.once('did-finish-load', resolve));
  }

  close(): boolean {
    const event = new PreventableEvent();
    this.emit('close', event);
    if (event.defaultPrevented) return false;
    this.#destroyed = true;
    openWindows.delete(this);
    tellScreen({ command: 'close-window', windowId: this.id });
    this.emit('closed');
    app.windowClosed();
    return true;
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }

  isMinimized(): boolean {
    return false;
  }

  setProgressBar(progress: number): void {
    appState.progress = progress;
  }

  // Nothing to see on a page without a window manager.
  show(): void {}
  focus(): void {}
  restore(): void {}
  setRepresentedFilename(): void {}
}

function windowOf(windowId: number): BrowserWindow {
  const window = windows.get(windowId);
  if (!window) throw new Error(`no window ${windowId}`);
  return window;
}

/** WebFrameMain, as far as a sender check looks. A frame in the page has a parent. */
export function frameOf(facts: FrameFacts | null): { url: string; parent: object | null } | null {
  return facts && { url: facts.url, parent: facts.isMainFrame ? null : {} };
}

answerTo('page-event', ({ windowId, event }) => {
  const window = windowOf(windowId);
  (event === 'ready-to-show' ? window : window.webContents).emit(event);
  return null;
});
answerTo('navigate', ({ windowId, url, isMainFrame }) => {
  const details = Object.assign(new PreventableEvent(), { url, isMainFrame });
  windowOf(windowId).webContents.emit('will-frame-navigate', details);
  if (isMainFrame) windowOf(windowId).webContents.emit('will-navigate', details);
  return !details.defaultPrevented;
});
answerTo('open-popup', ({ windowId, url }) => windowOf(windowId).webContents.mayOpen(url));
answerTo('close-button', ({ windowId }) => {
  windowOf(windowId).close();
  return null;
});
