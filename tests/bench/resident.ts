/**
 * Resident memory of a workbench, in a process of its own: `node --expose-gc resident.ts [FILE]`. Prints JSON, in MiB: now (with the dump open, when one is
 * named), and the most since the start.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { workbenchOfTests } from '../contract/workbench-of-tests.ts';

const [, , file] = process.argv;

function mebibytes(field: 'VmRSS' | 'VmHWM'): number {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  if (kilobytes === undefined) throw new Error(`/proc/self/status has no ${field}`);
  return Number(kilobytes) / 1024;
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'vmcore-bench-'));
const workbench = await workbenchOfTests('in-process', folder);
if (file !== undefined) {
  const { dumpId } = await workbench.openDump({ location: { kind: 'path', path: path.resolve(file) }, jobId: 'bench' });
  await workbench.getCpus({ dumpId });
  await workbench.getMemoryMap({ dumpId });
}
globalThis.gc?.();
await sleep(300);
process.stdout.write(JSON.stringify({ now: mebibytes('VmRSS'), peak: mebibytes('VmHWM') }));
await workbench.dispose();
rmSync(folder, { recursive: true, force: true });
