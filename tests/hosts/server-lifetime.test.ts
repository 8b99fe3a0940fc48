/** What becomes of work when connections come and go. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { WorkbenchEvent } from '#shared/contract.ts';
import { connectionState } from '../../src/renderer/src/api/connection.ts';
import { startServer, type RunningServer } from '../../src/main/server/server.ts';
import { pageOf } from '../contract/server-client.ts';
import { workbenchOfTests } from '../contract/workbench-of-tests.ts';
import { writeLargeVmcore } from './large-vmcore.ts';
import { newFolder } from './sample-dump.ts';

const folder = newFolder();
let inner: Awaited<ReturnType<typeof workbenchOfTests>>;
let server: RunningServer;

beforeAll(async () => {
  inner = await workbenchOfTests('server', folder);
  server = await startServer({ workbench: inner, rendererFolder: folder });
});

afterAll(async () => {
  await server.close();
  await inner.dispose();
});

it('a broken connection rejects the call, comes back, and finds the export still running', async () => {
  const { workbench, connections } = await pageOf(server.url);
  const events: WorkbenchEvent[] = [];
  workbench.subscribe((event) => events.push(event));
  const progressOf = (jobId: string) => events.filter((event) => event.type === 'job' && event.progress.jobId === jobId).length;
  const large = join(folder, 'large.vmcore');
  writeLargeVmcore(large, 64 * 1024 ** 3);
  const { dumpId } = await workbench.openDump({ location: { kind: 'path', path: large }, jobId: 'open' });
  const target = join(folder, 'out.vmcore');
  const exporting = workbench.exportDump({ dumpId, options: { format: 'elf', layout: 'portable' }, target, jobId: 'job' });
  const rejected = expect(exporting).rejects.toMatchObject({ code: 'not-available' });
  await expect.poll(() => progressOf('job'), { timeout: 10_000 }).toBeGreaterThan(0);

  connections.at(-1)?.terminate();
  await rejected;
  expect(connectionState.value).toBe('connecting');
  // A call made meanwhile waits for the next connection.
  expect((await workbench.listDumps()).map((dump) => dump.dumpId)).toEqual([dumpId]);
  expect(connectionState.value).toBe('open');
  expect(connections).toHaveLength(2);

  const before = progressOf('job');
  await expect.poll(() => progressOf('job'), { timeout: 10_000 }).toBeGreaterThan(before);
  await workbench.cancelJob({ jobId: 'job' });
  await expect.poll(() => inner.closeDump({ dumpId }).then(() => true)).toBe(true);
  expect(existsSync(target)).toBe(false);
  connections.forEach((connection) => connection.removeAllListeners('close').terminate());
});
