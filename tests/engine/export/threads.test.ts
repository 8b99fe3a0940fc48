/** An export by several threads: the same file, and nothing left behind when it is stopped. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { OpenDump } from '#engine/client.ts';
import { DumpSession } from '#engine/session/dump-session.ts';
import { fixture, readOracle } from '../../fixtures/fixture.ts';
import { temporaryFolder } from '../io/temporary-folder.ts';
import { SILENT } from './export-case.ts';

const QEMU = { format: 'elf', layout: 'qemu' } as const;
const WORKER = new URL('../../../src/main/engine/worker.ts', import.meta.url);
const folder = temporaryFolder();
const request = { paths: [fixture('linux/stream.qevm')], mapping: true, options: {} };
const shaOf = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
const qemuOwn = readOracle('linux').sha256?.['paging-off.elf'];

it('a share that a helping thread copied is in the file as QEMU wrote it', async () => {
  const first = await DumpSession.open(request, SILENT);
  const helper = DumpSession.adopt(structuredClone(first.image));
  const target = path.join(folder, 'helped.elf');
  const { work } = first.export.begin({ options: QEMU, target }, SILENT);
  const help = helper.export.copy(work, SILENT);
  expect(help.written).toBeGreaterThan(48 * 1024 * 1024);
  const own = first.export.copy(work, SILENT);
  const verification = await first.export.seal(QEMU, [own, help], SILENT);
  const verified = [first, helper].map((session) => session.export.verify(verification!, SILENT));
  const report = first.export.publish([own, help], verified[0]! + verified[1]!, SILENT);
  expect(report.verified).toBe(first.getMemoryMap().regions.reduce((sum, { start, last }) => sum + last - start + 1, 0));
  expect(report.bytesWritten).toBeGreaterThan(help.written);
  expect(shaOf(target)).toBe(qemuOwn);
  helper.close();
  first.close();
});

describe('through the engine’s client', () => {
  const open = (cancel = new SharedArrayBuffer(4)) =>
    OpenDump.open(WORKER, request, { cancel, onProgress: () => undefined, onDeath: () => undefined });

  it('all threads together write QEMU’s own file', async () => {
    const dump = await open();
    const target = path.join(folder, 'threads.elf');
    await dump.export({ options: QEMU, target }, new SharedArrayBuffer(4), () => undefined);
    expect(shaOf(target)).toBe(qemuOwn);
    await dump.close();
  });

  it('all threads together write a kdump file that reads back as the same memory, plain pages too', async () => {
    const dump = await open();
    for (const compression of ['none', 'lzo'] as const) {
      const target = path.join(folder, `${compression}.vmcore`);
      const options = { format: 'kdump', layout: 'portable', compression, verify: true } as const;
      const report = await dump.export({ options, target }, new SharedArrayBuffer(4), () => undefined);
      expect(report.verified).toBeGreaterThan(64 * 1024 * 1024);
    }
    await dump.close();
  });

  it('cancelling while threads copy leaves no file, and the dump stays open', async () => {
    const dump = await open();
    const before = readdirSync(folder);
    const cancel = new SharedArrayBuffer(4);
    const target = path.join(folder, 'cancelled.elf');
    const stopped = dump.export({ options: QEMU, target }, cancel, ({ phase }) => {
      if (phase === 'writing memory') Atomics.store(new Int32Array(cancel), 0, 1);
    });
    await expect(stopped).rejects.toMatchObject({ code: 'cancelled' });
    expect(readdirSync(folder)).toEqual(before);
    expect((await dump.summary('d')).format).toBe('qemu-stream');
    await dump.close();
  });
});
