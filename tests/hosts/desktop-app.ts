/** The desktop app under test, in the real runtime where there is one and otherwise against the stand-in for `electron`. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { _electron, chromium, type Browser, type BrowserContext, type ElectronApplication, type Page } from '@playwright/test';
import { findBrowser } from '../../scripts/find-browser.ts';
import type { DialogName } from '../e2e/electron-stand-in/link.ts';
import { StandInApp } from '../e2e/electron-stand-in/screen.ts';

const ROOT = join(import.meta.dirname, '../..');

export interface DesktopOptions {
  userData: string;
  files?: readonly string[];
}

export interface DesktopApp {
  readonly page: Page;
  /** By the id of the menu item, which is its WorkbenchCommand, or by its label. */
  clickMenu(id: string): Promise<void>;
  /** What the next dialog of this kind answers. */
  answerDialog(dialog: DialogName, answer: unknown): Promise<void>;
  /** Drops files from the system in the middle of the page. */
  drop(paths: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** The Electron runtime's executable, where it can show a window. */
function electronRuntime(): string | undefined {
  if (process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) return undefined;
  const folder = process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(ROOT, 'node_modules/electron/dist');
  const pathFile = join(ROOT, 'node_modules/electron/path.txt');
  const executable = join(folder, existsSync(pathFile) ? readFileSync(pathFile, 'utf8') : 'electron');
  return existsSync(executable) ? executable : undefined;
}

const runtime = electronRuntime();

export const DESKTOP_HOST = runtime
  ? `Electron IPC: real runtime (${runtime})`
  : 'Electron IPC: stand-in for the electron module, window in Chromium (no Electron runtime here)';
/** For tests of what only the stand-in can show: its own side of a refusal. */
export const isStandIn = runtime === undefined;

/** Chromium as every test wants it; containers have no user for its sandbox. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: findBrowser(), args: ['--no-sandbox'] });
}

/** A drop as the user does it, through the debugging protocol. */
export async function dropFiles(context: BrowserContext, page: Page, paths: readonly string[]): Promise<void> {
  const { x, y } = await page.evaluate(() => ({ x: window.innerWidth / 2, y: window.innerHeight / 2 }));
  const devtools = await context.newCDPSession(page);
  const items = paths.map((path) => ({ mimeType: 'application/octet-stream', data: basename(path) }));
  const data = { items, files: [...paths], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) await devtools.send('Input.dispatchDragEvent', { type, x, y, data });
  await devtools.detach();
}

async function startRuntime(executablePath: string, { userData, files = [] }: DesktopOptions): Promise<DesktopApp> {
  const args = [ROOT, `--user-data-dir=${userData}`, '--', ...files];
  const app: ElectronApplication = await _electron.launch({ executablePath, args });
  const page = await app.firstWindow();
  return {
    page,
    clickMenu: (id) =>
      app.evaluate(({ Menu }, wanted) => {
        const find = (menu: Electron.Menu | null | undefined): Electron.MenuItem | undefined =>
          menu?.items
            .flatMap((item) => (item.id === wanted || item.label === wanted ? [item] : [find(item.submenu)]))
            .find((item) => item !== undefined);
        const item = find(Menu.getApplicationMenu());
        if (!item) throw new Error(`no menu item ${wanted}`);
        item.click();
      }, id),
    answerDialog: (name, answer) =>
      app.evaluate(
        ({ dialog }, [method, result]) => {
          const dialogs = dialog as unknown as Record<string, unknown>;
          const original = dialogs[method];
          dialogs[method] = () => {
            dialogs[method] = original;
            return Promise.resolve(result);
          };
        },
        [name, answer] as const,
      ),
    drop: (paths) => dropFiles(page.context(), page, paths),
    close: () => app.close(),
  };
}

/** With the stand-in the window is a page of `context`; the real runtime brings its own. */
export async function startDesktop(context: BrowserContext, options: DesktopOptions): Promise<DesktopApp & { standIn?: StandInApp }> {
  if (runtime) return startRuntime(runtime, options);
  const app = new StandInApp(context, options);
  const page = await app.firstPage();
  return {
    standIn: app,
    page,
    clickMenu: async (id) => {
      await app.ask('click-menu', { id });
    },
    answerDialog: async (dialog, answer) => {
      await app.ask('answer-dialog', { dialog, answer });
    },
    drop: async (paths) => {
      for (const path of paths) await app.tellPath(page, path);
      await dropFiles(context, page, paths);
    },
    close: async () => {
      // The page first: it would ask an app that is gone.
      await page.close();
      app.kill();
      await app.exited;
    },
  };
}
