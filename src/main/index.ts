/**
 * The desktop app: puts its parts together and follows Electron's life cycle. The parts are in desktop/; what a dump is, only the workbench knows.
 */
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { app, nativeTheme, session } from 'electron';
import workerPath from '#engine/worker.ts?modulePath';
import { SET_LIMIT, type ThemeChoice } from '#shared/contract.ts';
import { locationOf } from '#shared/dump-location.ts';
import type { OpenOptions } from '#shared/model/index.ts';
import { openRecentFiles } from '#workbench/recent-files.ts';
import { createWorkbench, type Workbench } from '#workbench/workbench.ts';
import { createDialogs } from './desktop/dialogs.ts';
import { exportOnlyWhereGranted, GrantedPaths } from './desktop/granted-paths.ts';
import { bindIpc } from './desktop/ipc.ts';
import { filesOfArguments } from './desktop/launch.ts';
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
/** Until there is a workbench: the files to open first. */
const openAtStart = filesOfArguments(process.argv, app.isPackaged, process.cwd());
/** What to do with a file that the system hands over: remembered at first, opened once there is a workbench. */
let takeFile = (path: string): void => {
  openAtStart.push(path);
};

/** High contrast is the page's own; dark native parts go with it. */
function applyTheme(theme: ThemeChoice): void {
  nativeTheme.themeSource = theme === 'high-contrast' ? 'dark' : theme;
}

/** What a second instance sends along; whoever holds the lock's socket may send anything. */
function filesOfInstance(data: unknown): string[] {
  const files = (data as { files?: unknown } | null | undefined)?.files;
  return Array.isArray(files) ? files.filter((file) => typeof file === 'string').slice(0, SET_LIMIT) : [];
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

  for (const path of openAtStart) paths.grantReading(path);
  const location = locationOf(openAtStart);
  const workbench: Workbench = createWorkbench({
    host: { kind: 'desktop', version: app.getVersion(), platform: process.platform, nativeDialogs: true, openAtStart: location && { location } },
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
      openRecent: ({ files, options }) => openFiles(files, options),
      clearRecent: () => void workbench.clearRecent(),
    });
  }

  function openFiles(files: readonly string[], options: OpenOptions = {}): void {
    const location = locationOf(files);
    for (const path of files) paths.grantReading(path);
    window.show();
    if (location) workbench.emit({ type: 'open-request', location, options });
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

  takeFile = (path) => openFiles([path]);
  app.on('second-instance', (_event, _argv, _folder, data) => openFiles(filesOfInstance(data)));
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

if (app.requestSingleInstanceLock({ files: openAtStart })) {
  run().catch((error: unknown) => {
    console.error(`${basename(process.execPath)}: cannot start:`, error);
    app.exit(1);
  });
} else {
  // The instance that runs already opens the files.
  app.quit();
}
