/** The window: made when it is needed, shown when it has something to show, and told of events once its page can hear them. */
import { BrowserWindow, nativeTheme } from 'electron';
import { EVENT_CHANNEL } from '#shared/bridge.ts';
import type { WorkbenchEvent } from '#shared/contract.ts';

/** Roughly the page's own, so that nothing flashes before its first paint. */
const backgroundColor = (): string => (nativeTheme.shouldUseDarkColors ? '#16181d' : '#ffffff');

export class MainWindow {
  readonly #preload: string;
  readonly #pageUrl: string;
  readonly #onClose: (event: { preventDefault(): void }) => void;
  #window: BrowserWindow | undefined;
  /** Events for a page that is still loading; undefined when it has loaded. */
  #waiting: WorkbenchEvent[] | undefined;

  /** `onClose` may keep the window open. */
  constructor(preload: string, pageUrl: string, onClose: (event: { preventDefault(): void }) => void) {
    this.#preload = preload;
    this.#pageUrl = pageUrl;
    this.#onClose = onClose;
  }

  get browserWindow(): BrowserWindow | undefined {
    return this.#window;
  }

  /** Makes the window, or brings the one there is to the front. */
  show(): void {
    if (this.#window) {
      if (this.#window.isMinimized()) this.#window.restore();
      this.#window.focus();
      return;
    }
    const window = new BrowserWindow({
      name: 'main',
      windowStatePersistence: true,
      width: 1440,
      height: 900,
      minWidth: 1024,
      minHeight: 640,
      show: false,
      title: 'vmcore-workbench',
      backgroundColor: backgroundColor(),
      webPreferences: {
        preload: this.#preload,
        contextIsolation: true,
        sandbox: true,
        nodeIntegration: false,
        webviewTag: false,
        spellcheck: false,
        navigateOnDragDrop: false,
      },
    });
    this.#window = window;
    this.#waiting = [];
    window.once('ready-to-show', () => window.show());
    window.on('close', this.#onClose);
    window.on('closed', () => {
      this.#window = undefined;
      this.#waiting = undefined;
    });
    window.webContents.on('did-start-loading', () => (this.#waiting ??= []));
    // The page's scripts are modules: they have run, and listen, when loading ends.
    window.webContents.on('did-finish-load', () => {
      const waiting = this.#waiting ?? [];
      this.#waiting = undefined;
      for (const event of waiting) this.send(event);
    });
    void window.loadURL(this.#pageUrl);
  }

  /** To the page; without a window to nobody. Progress is not kept for a page that loads: the next one follows. */
  send(event: WorkbenchEvent): void {
    if (!this.#window || this.#window.isDestroyed()) return;
    if (this.#waiting === undefined) this.#window.webContents.send(EVENT_CHANNEL, event);
    else if (event.type !== 'job') this.#waiting.push(event);
  }

  showProgress(fraction: number): void {
    if (this.#window && !this.#window.isDestroyed()) this.#window.setProgressBar(fraction);
  }
}
