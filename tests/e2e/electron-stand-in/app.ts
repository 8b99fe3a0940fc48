/** `app`: life cycle, paths, the single instance. Only what src/main uses; the order of the events is Electron's (docs/api/app.md). */
import { EventEmitter } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, watch, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { answerTo } from './app-link.ts';
import { appState } from './app-state.ts';
import { openWindows } from './open-windows.ts';
import { PreventableEvent } from './preventable-event.ts';

const argument = process.argv.find((candidate) => candidate.startsWith('--user-data-dir='));
if (argument === undefined) throw new Error('the stand-in wants --user-data-dir=FOLDER, so that no test touches another one');
const userData = argument.slice(argument.indexOf('=') + 1);
const LOCK = join(userData, 'stand-in.lock');
const SECOND_INSTANCES = join(userData, 'second-instances');

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

class App extends EventEmitter {
  readonly isPackaged = false;
  #ready = false;
  #quitting = false;

  constructor() {
    super();
    setImmediate(() => {
      this.#ready = true;
      this.emit('ready');
    });
  }

  getVersion(): string {
    return (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version;
  }

  getPath(name: 'userData' | 'home' | 'documents'): string {
    return { userData, home: homedir(), documents: tmpdir() }[name];
  }

  whenReady(): Promise<void> {
    return this.#ready ? Promise.resolve() : new Promise((resolve) => this.once('ready', resolve));
  }

  enableSandbox(): void {
    if (this.#ready) throw new Error('app.enableSandbox() must be called before the app is ready');
    appState.sandboxEnabled = true;
  }

  addRecentDocument(path: string): void {
    appState.recentDocuments.push(path);
  }

  /** One process a user data folder, as Electron has it; the second one's data arrive as a file. */
  requestSingleInstanceLock(data: unknown): boolean {
    mkdirSync(SECOND_INSTANCES, { recursive: true });
    const holder = existsSync(LOCK) ? Number(readFileSync(LOCK, 'utf8')) : 0;
    if (holder !== 0 && isRunning(holder)) {
      writeFileSync(join(SECOND_INSTANCES, `${process.pid}.json`), JSON.stringify(data ?? {}));
      return false;
    }
    writeFileSync(LOCK, String(process.pid));
    watch(SECOND_INSTANCES, () => void this.whenReady().then(() => this.#takeSecondInstances())).unref();
    return true;
  }

  #takeSecondInstances(): void {
    for (const name of readdirSync(SECOND_INSTANCES)) {
      const file = join(SECOND_INSTANCES, name);
      const text = readFileSync(file, 'utf8');
      // The writer is not done yet: its next write wakes us again.
      if (text === '') continue;
      rmSync(file);
      this.emit('second-instance', new PreventableEvent(), [], process.cwd(), JSON.parse(text));
    }
  }

  /** before-quit, then every window's close, each of which may stop it; then will-quit and the end. */
  quit(): void {
    const before = new PreventableEvent();
    this.emit('before-quit', before);
    if (before.defaultPrevented) return;
    this.#quitting = true;
    for (const window of [...openWindows]) {
      if (!window.close()) {
        this.#quitting = false;
        return;
      }
    }
    this.emit('will-quit', new PreventableEvent());
    this.exit(0);
  }

  exit(code = 0): void {
    rmSync(LOCK, { force: true });
    this.emit('quit', new PreventableEvent(), code);
    process.exit(code);
  }

  windowClosed(): void {
    if (openWindows.size === 0 && !this.#quitting) this.emit('window-all-closed');
  }
}

export const app = new App();

answerTo('open-file', ({ path }) => {
  app.emit('open-file', new PreventableEvent(), path);
  return null;
});
