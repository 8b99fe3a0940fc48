/** The contract over Electron's IPC: the built main and preload bundles (desktop-app.ts says in which runtime). */
import { createApi, type MethodName, type WorkbenchEvent } from '#shared/contract.ts';
import type { WorkbenchBridge } from '#shared/bridge.ts';
import { settle, type Outcome } from '#shared/wire.ts';
import { isBuilt } from '../../scripts/prepare.mjs';
import { DESKTOP_HOST, launchChromium, startDesktop } from '../hosts/desktop-app.ts';
import { contractSuite } from './suite.ts';

declare global {
  interface Window {
    readonly workbench?: WorkbenchBridge;
    contractEvent?: (event: WorkbenchEvent) => void;
  }
}

contractSuite(DESKTOP_HOST, async (folder) => {
  if (!isBuilt()) throw new Error('out/ is missing or older than the sources: npm run build');
  const browser = await launchChromium();
  const app = await startDesktop(await browser.newContext(), { userData: `${folder}/config` });
  const listeners = new Set<(event: WorkbenchEvent) => void>();
  await app.page.exposeFunction('contractEvent', (event: WorkbenchEvent) => listeners.forEach((listener) => listener(event)));
  await app.page.evaluate(() => window.workbench?.subscribe((event) => window.contractEvent?.(event)));

  return {
    workbench: createApi({
      async call(method, argument) {
        const call = ([name, value]: readonly [MethodName, unknown]) => window.workbench?.[name](value);
        return settle((await app.page.evaluate(call, [method, argument] as const)) as Outcome);
      },
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    }),
    kind: 'desktop',
    // What the user chooses in the open dialog may be opened.
    async permit(path) {
      await app.answerDialog('showOpenDialog', { canceled: false, filePaths: [path] });
      await app.page.evaluate(() => window.workbench?.chooseDump());
    },
    answerDialogs: {
      open: (path) => app.answerDialog('showOpenDialog', { canceled: path === null, filePaths: [path ?? []].flat() }),
      save: (path) => app.answerDialog('showSaveDialog', { canceled: path === null, filePath: path ?? '' }),
    },
    async close() {
      await app.close();
      await browser.close();
    },
  };
});
