/** The page's stores over a real workbench in this process: real engine, real samples; the bridge is what the desktop's preload would expose. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPinia, setActivePinia } from 'pinia';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { WorkbenchBridge } from '../../src/shared/bridge.ts';
import { METHOD_NAMES } from '../../src/shared/contract.ts';
import { answer } from '../../src/shared/wire.ts';
import { listDirectory } from '../../src/main/workbench/directory.ts';
import { openRecentFiles } from '../../src/main/workbench/recent-files.ts';
import { createWorkbench } from '../../src/main/workbench/workbench.ts';
import type { Workbench } from '../../src/main/workbench/workbench.ts';
import { SAMPLES_FOLDER } from '../hosts/sample-dump.ts';

/** Call in the file's top level, before anything asks useWorkbench. Every test gets fresh stores and no open dumps. */
export function useRealWorkbench(): { folder: () => string; workbench: () => Workbench } {
  const folder = mkdtempSync(join(tmpdir(), 'vmcore-workbench-page-'));
  let workbench: Workbench | undefined;
  const running = (): Workbench => {
    if (!workbench) throw new Error('the workbench is not there yet');
    return workbench;
  };

  beforeAll(async () => {
    workbench = createWorkbench({
      host: { kind: 'in-process', version: '0.0.0', platform: process.platform, nativeDialogs: false, openAtStart: null },
      // A path: happy-dom's import.meta.url and URL are a page's.
      workerUrl: join(import.meta.dirname, '../../src/main/engine/worker.ts'),
      samplesFolder: SAMPLES_FOLDER,
      recent: await openRecentFiles(join(folder, 'config')),
      listDirectory,
    });
    const methods = METHOD_NAMES.map((name) => [name, (argument: unknown) => answer(running(), name, argument)] as const);
    const bridge = { ...Object.fromEntries(methods), subscribe: running().subscribe } as unknown as WorkbenchBridge;
    Object.defineProperty(window, 'workbench', { value: bridge });
  });
  beforeEach(async () => {
    localStorage.clear();
    setActivePinia(createPinia());
    for (const dump of await running().listDumps()) await running().closeDump({ dumpId: dump.dumpId });
  });
  afterAll(async () => {
    await workbench?.dispose();
    rmSync(folder, { recursive: true, force: true });
  });
  return { folder: () => folder, workbench: running };
}
