/** One figure, in a process of its own: resident memory before and after a dump is opened. `node --expose-gc resident.ts FILE` prints JSON, in bytes. */
import { readFileSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openRecentFiles } from '#workbench/recent-files.ts';
import { createWorkbench } from '#workbench/workbench.ts';

const [, , file] = process.argv;
const status = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))![1]) * 1024;
const settled = async () => {
  globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, 300));
  return status('VmRSS');
};

const folder = mkdtempSync(path.join(os.tmpdir(), 'vmcore-bench-'));
const workbench = createWorkbench({
  host: { kind: 'in-process', version: '0', platform: process.platform, nativeDialogs: false, openAtStart: null },
  workerUrl: new URL('../../src/main/engine/worker.ts', import.meta.url),
  samplesFolder: folder,
  recent: await openRecentFiles(folder),
});
const before = await settled();
const { dumpId } = await workbench.openDump({ location: { kind: 'path', path: file! }, jobId: 'bench' });
await workbench.getMemoryMap({ dumpId });
const after = await settled();
console.log(JSON.stringify({ before, after, peak: status('VmHWM'), mapped: status('RssFile') }));
await workbench.dispose();
rmSync(folder, { recursive: true });
