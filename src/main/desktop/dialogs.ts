/** The system's dialogs. What the user chooses in them is permitted from then on (granted-paths.ts), and its folder is where the next dialog starts. */
import { basename, dirname, extname, join } from 'node:path';
import { app, dialog, type BrowserWindow, type FileFilter } from 'electron';
import type { GrantedPaths } from './granted-paths.ts';
import type { Settings } from './settings.ts';

/** No filter by extension: content decides what a dump is, and dumps have any name or none. */
const OPEN_FILTERS = [{ name: 'All files', extensions: ['*'] }];
/** By the ending of the suggested name: some systems add a filter's own ending to a name that has another. */
const EXPORT_FILTERS: Readonly<Record<string, FileFilter>> = {
  '.vmcore': { name: 'vmcore', extensions: ['vmcore', 'elf', 'core', 'kdump'] },
  '.raw': { name: 'Raw memory', extensions: ['raw', 'bin', 'mem'] },
  '.lime': { name: 'LiME', extensions: ['lime', 'mem'] },
};

export interface Dialogs {
  /** The files chosen at once; null when the user cancelled. */
  chooseDump(): Promise<string[] | null>;
  chooseExportTarget(suggestedName: string): Promise<string | null>;
  /** Asks before an export is thrown away. */
  confirmQuit(exports: number): Promise<boolean>;
}

/** `window` is undefined while there is none (macOS): the dialog then stands alone. */
export function createDialogs(settings: Settings, paths: GrantedPaths, window: () => BrowserWindow | undefined): Dialogs {
  /** Electron's overloads: with a parent window or without. */
  function attached<Options, Result>(
    show: { (parent: BrowserWindow, options: Options): Result; (options: Options): Result },
    options: Options,
  ): Result {
    const parent = window();
    return parent ? show(parent, options) : show(options);
  }

  return {
    async chooseDump() {
      const { canceled, filePaths } = await attached(dialog.showOpenDialog, {
        title: 'Open dump',
        defaultPath: settings.values.openFolder ?? app.getPath('home'),
        filters: OPEN_FILTERS,
        properties: ['openFile', 'multiSelections', 'dontAddToRecent'],
      });
      const [first] = filePaths;
      if (canceled || first === undefined) return null;
      for (const path of filePaths) paths.grantReading(path);
      await settings.change({ openFolder: dirname(first) });
      return filePaths;
    },

    async chooseExportTarget(suggestedName) {
      const { canceled, filePath } = await attached(dialog.showSaveDialog, {
        title: 'Export',
        // The page proposes a name, not a place. Not beside the dump unless the user goes there.
        defaultPath: join(settings.values.exportFolder ?? app.getPath('documents'), basename(suggestedName)),
        filters: [EXPORT_FILTERS[extname(suggestedName)], OPEN_FILTERS].flatMap((filter) => filter ?? []),
        properties: ['createDirectory', 'showOverwriteConfirmation', 'dontAddToRecent'],
      });
      if (canceled || filePath === '') return null;
      paths.grantWriting(filePath);
      await settings.change({ exportFolder: dirname(filePath) });
      return filePath;
    },

    async confirmQuit(exports) {
      const { response } = await attached(dialog.showMessageBox, {
        type: 'warning',
        message: exports === 1 ? 'An export is still running.' : `${exports} exports are still running.`,
        detail: 'Quitting cancels it and removes what was written so far.',
        buttons: ['Keep exporting', 'Quit'],
        defaultId: 0,
        cancelId: 0,
      });
      return response === 1;
    },
  };
}
