/** A whole workbench for the hosts that live in the test's own process: real engine, config in the test's folder. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostInfo } from '#shared/contract.ts';
import { listDirectory } from '#workbench/directory.ts';
import { openRecentFiles } from '#workbench/recent-files.ts';
import { createWorkbench, type Workbench } from '#workbench/workbench.ts';
import { SAMPLES_FOLDER } from '../hosts/sample-dump.ts';

export async function workbenchOfTests(kind: HostInfo['kind'], folder: string): Promise<Workbench> {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  return createWorkbench({
    host: { kind, version, platform: process.platform, nativeDialogs: false, openAtStart: null },
    workerUrl: new URL('../../src/main/engine/worker.ts', import.meta.url),
    samplesFolder: SAMPLES_FOLDER,
    recent: await openRecentFiles(join(folder, 'config')),
    listDirectory,
  });
}
