/** The desktop app as a host. */
import { join } from 'node:path';
import type { BrowserContext } from '@playwright/test';
import { DESKTOP_HOST, startDesktop } from '../../hosts/desktop-app.ts';
import { recordHost } from '../../hosts/record-host.ts';
import type { Host, StartOptions } from './host.ts';

export async function startDesktopHost(context: BrowserContext, { folder, files }: StartOptions): Promise<Host> {
  const app = await startDesktop(context, { userData: join(folder, 'config'), files });
  recordHost(DESKTOP_HOST);
  return {
    kind: 'desktop',
    page: app.page,
    folder,
    complaints: [],
    desktop: app,
    command: (command) => app.clickMenu(command),
    async openFiles(paths, command = 'open') {
      await app.answerDialog('showOpenDialog', { canceled: false, filePaths: paths });
      await app.clickMenu(command);
    },
    drop: (...paths) => app.drop(paths),
    close: () => app.close(),
  };
}
