/**
 * The desktop app: puts its parts together and follows Electron's life cycle. The parts are in desktop/; what a dump is, only the workbench knows.
 */
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { app, nativeTheme, session } from 'electron';
import workerPath from '#engine/worker.ts?modulePath';
import type { ThemeChoice } from '#shared/contract.ts';
import { openRecentFiles } from '#workbench/recent-files.ts';
import { createWorkbench, type Workbench } from '#workbench/workbench.ts';
import { createDialogs } from './desktop/dialogs.ts';
import { exportOnlyWhereGranted, GrantedPaths } from './desktop/granted-paths.ts';
import { bindIpc } from './desktop/ipc.ts';
import { fileOfArguments } from './desktop/launch.ts';
import { MainWindow } from './desktop/main-window.ts';
import { showMenu } from './desktop/menu.ts';
import { orderlyQuit } from './desktop/orderly-quit.ts';
import { declarePageScheme, PAGE_URL, servePage } from './desktop/page-scheme.ts';
import { rememberOpened } from './desktop/opened-documents.ts';
import { refuseNavigation, refusePermissions } from './desktop/refusals.ts';
import { RunningJobs } from './desktop/running-jobs.ts';
import { Settings } from './desktop/settings.ts';

const PRELOAD = fileURLToPath(new URL('../preload/index.cjs', import.meta.url));
const PAGE_FOLDER = fileURLToPath(new URL('../renderer', import.meta.url));
const SAMPLES_FOLDER = fileURLToPath(new URL('../../resources/samples', import.meta.url));
/** electron-vite's development server; a build knows only PAGE_URL. */
const pageUrl = (import.meta.env.DEV && process.env['ELECTRON_RENDERER_URL']) || PAGE_URL;

const isMac = process.platform === 'darwin';
const paths = new GrantedPaths();
/** Until there is a workbench: the file to open first. */
let openAtStart = fileOfArguments(process.argv, app.isPackaged, process.cwd());
/** What to do with a file that the system hands over: remembered at first, opened once there is a workbench. */
let takeFile = (path: string): void => {
  openAtStart = path;
};

/** High contrast is the page's own; dark native parts go with it. */
function applyTheme(theme: ThemeChoice): void {
  nativeTheme.themeSource = theme === 'high-contrast' ? 'dark' : theme;
}

async function run(): Promise<void> {
  const settings = new Settings(join(app.getPath('userData'), 'settings.json'));
  const recent = await openRecentFiles(app.getPath('userData'));
  await app.whenReady();

  applyTheme(settings.values.theme);
  servePage(session.defaultSession, PAGE_FOLDER);
  refusePermissions(session.defaultSession);
  refuseNavigation(pageUrl);

  const window = new MainWindow(PRELOAD, pageUrl, (event) => {
    // Elsewhere the last window is the app: closing it is quitting, which may ask first.
    if (!isMac && !quitting.isDecided) {
      event.preventDefault();
      app.quit();
    }
  });
  const dialogs = createDialogs(settings, paths, () => window.browserWindow);
  const jobs = new RunningJobs((fraction) => window.showProgress(fraction));

  if (openAtStart !== undefined) paths.grantReading(openAtStart);
  const workbench: Workbench = createWorkbench({
    host: { kind: 'desktop', version: app.getVersion(), platform: process.platform, nativeDialogs: true, openAtStart: openAtStart ?? null },
    workerUrl: workerPath,
    samplesFolder: SAMPLES_FOLDER,
    recent,
    chooseDump: () => dialogs.chooseDump(),
    chooseExportTarget: (suggestedName) => dialogs.chooseExportTarget(suggestedName),
    setTheme(theme) {
      applyTheme(theme);
      void settings.change({ theme }).then(updateMenu);
    },
    mayOpen: (path) => paths.mayRead(path) || recent.has(path),
  });
  const quitting = orderlyQuit(workbench, jobs, dialogs);

  async function updateMenu(): Promise<void> {
    const state = { recent: await recent.list(), theme: settings.values.theme, isMac, isDevelopment: import.meta.env.DEV };
    showMenu(state, {
      command(command) {
        window.show();
        workbench.emit({ type: 'command', command });
      },
      openRecent: openPath,
      clearRecent: () => void workbench.clearRecent(),
    });
  }

  function openPath(path: string): void {
    paths.grantReading(path);
    window.show();
    workbench.emit({ type: 'open-request', location: { kind: 'path', path } });
  }

  workbench.subscribe((event) => {
    jobs.onEvent(event);
    window.send(event);
    if (event.type === 'recent-changed') void updateMenu();
  });
  bindIpc(
    rememberOpened(jobs.watch(exportOnlyWhereGranted(workbench, paths)), (path) => window.browserWindow?.setRepresentedFilename(path)),
    paths,
    pageUrl,
  );

  takeFile = openPath;
  app.on('second-instance', (_event, _argv, _folder, data) => {
    const file = (data as { file?: unknown } | undefined)?.file;
    if (typeof file === 'string') openPath(file);
    else window.show();
  });
  app.on('activate', () => window.show());

  await updateMenu();
  window.show();
}

declarePageScheme();
// Before the app is ready: macOS hands over the file of a double click that early.
app.on('open-file', (event, path) => {
  event.preventDefault();
  takeFile(path);
});
app.on('window-all-closed', () => {
  if (!isMac) app.quit();
});

if (app.requestSingleInstanceLock({ file: openAtStart ?? null })) {
  run().catch((error: unknown) => {
    console.error(`${basename(process.execPath)}: cannot start:`, error);
    app.exit(1);
  });
} else {
  // The instance that runs already opens the file.
  app.quit();
}
