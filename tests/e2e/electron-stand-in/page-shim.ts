/**
 * What a preload sees in the page: `contextBridge`, `ipcRenderer`, `webUtils`. Runs in the page, so it stands alone: no imports but types.
 *
 * contextBridge copies as Electron's does (shell/renderer/api/electron_api_context_bridge.cc): functions become proxies, an Error keeps its message only, a Proxy is refused.
 */

/** The screen's bindings and hooks on `window`. */
export interface ScreenWindow {
  /** Bindings of Playwright: to the app, through the test's process. */
  __appInvoke(channel: string, argument: unknown): Promise<{ value: unknown } | { error: string }>;
  __appSend(channel: string, argument: unknown): Promise<void>;
  __appKey(accelerator: string): Promise<boolean>;
  /** Called by the screen. */
  __fromApp(channel: string, argument: unknown): void;
  __pathsOfDrops: Record<string, string>;
}

export function electronOfPage(): Record<string, unknown> {
  const screen = window as unknown as ScreenWindow;
  const { __appInvoke: invoke, __appSend: send, __appKey: key } = screen;
  const listeners = new Map<string, Set<(event: object, argument: unknown) => void>>();
  /** Files that a user's gesture brought; a File that a script made has no path. */
  const realFiles = new WeakSet<File>();
  screen.__pathsOfDrops = {};
  screen.__fromApp = (channel, argument) => {
    for (const listener of [...(listeners.get(channel) ?? [])]) listener({}, argument);
  };

  const holdsFunction = (value: unknown): boolean =>
    typeof value === 'function' ||
    (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && Object.values(value).some(holdsFunction));

  function pass(value: unknown): unknown {
    if (typeof value === 'function') return (...parameters: unknown[]) => pass(value(...parameters.map(pass)));
    if (value === null || typeof value !== 'object' || value instanceof Blob) return value;
    if (value instanceof Promise)
      return value.then(pass, (error: unknown) => {
        throw pass(error);
      });
    if (value instanceof Error) return new Error(value.message);
    // Throws for what cannot be cloned, a Proxy among it.
    if (!holdsFunction(value)) return structuredClone(value);
    if (Array.isArray(value)) return value.map(pass);
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, pass(inner)]));
  }

  function deepFreeze(value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }

  function noteFiles(event: Event): void {
    if (!event.isTrusted) return;
    const files = event instanceof DragEvent ? event.dataTransfer?.files : (event.target as HTMLInputElement | null)?.files;
    for (const file of files ?? []) realFiles.add(file);
  }
  window.addEventListener('drop', noteFiles, true);
  window.addEventListener('change', noteFiles, true);

  // Electron asks the menu after every listener of the page, and this one was the first to be added.
  window.addEventListener('keydown', (event) => {
    const modifiers = [event.ctrlKey && 'Ctrl', event.altKey && 'Alt', event.shiftKey && 'Shift', event.metaKey && 'Meta'].filter(Boolean);
    if (modifiers.length === 0 && event.key.length === 1) return;
    const accelerator = [...modifiers, event.key.replace('Arrow', '')].join('+');
    setTimeout(() => {
      if (!event.defaultPrevented) void key(accelerator);
    });
  });

  return {
    contextBridge: {
      exposeInMainWorld(name: string, api: unknown): void {
        if (name in window) throw new Error(`Cannot bind an API on top of an existing property on the window object: ${name}`);
        const exposed = pass(api);
        deepFreeze(exposed);
        Object.defineProperty(window, name, { value: exposed, writable: false, configurable: false, enumerable: true });
      },
    },
    ipcRenderer: {
      async invoke(channel: string, argument: unknown): Promise<unknown> {
        const outcome = await invoke(channel, structuredClone(argument));
        if ('error' in outcome) throw new Error(`Error invoking remote method '${channel}': ${outcome.error}`);
        return outcome.value;
      },
      send: (channel: string, argument: unknown) => void send(channel, structuredClone(argument)),
      on: (channel: string, listener: (event: object, argument: unknown) => void) => {
        if (!listeners.has(channel)) listeners.set(channel, new Set());
        listeners.get(channel)?.add(listener);
      },
      off: (channel: string, listener: (event: object, argument: unknown) => void) => listeners.get(channel)?.delete(listener),
    },
    webUtils: {
      getPathForFile(file: unknown): string {
        if (!(file instanceof File)) throw new TypeError('getPathForFile expected to receive a File object but one was not provided');
        return realFiles.has(file) ? (screen.__pathsOfDrops[file.name] ?? '') : '';
      },
    },
  };
}

/** The script that the page starts with. In frames there is no preload, as in Electron. */
export function preloadScript(preload: string): string {
  return `if (window.top === window) (() => {
const electron = (${electronOfPage.toString()})();
const require = (name) => { if (name === 'electron') return electron; throw new Error('module not found: ' + name); };
const module = { exports: {} };
((require, module, exports) => {
${preload}
})(require, module, module.exports);
})();`;
}
