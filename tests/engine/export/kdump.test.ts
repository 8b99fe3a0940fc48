/** kdump files that we write, as anybody reads them: through the reader of formats/kdump, which makedumpfile's and QEMU's own files judge. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ExportCompression, ExportOptions } from '#shared/model/index.ts';
import { DumpSession } from '#engine/session/dump-session.ts';
import { fixture } from '../../fixtures/fixture.ts';
import { differencesFromElf } from '../formats/open-bytes.ts';
import { temporaryFolder } from '../io/temporary-folder.ts';
import { openToExport, SILENT } from './export-case.ts';
import { exportDump } from '#engine/export/job.ts';

const folder = temporaryFolder();
let made = 0;
const newTarget = () => path.join(folder, `${made++}.vmcore`);
const KDUMP = { format: 'kdump', layout: 'portable' } as const;

function exported(source: string, options: Partial<ExportOptions> = {}): string {
  const target = newTarget();
  exportDump(openToExport(source), { ...KDUMP, ...options }, target, SILENT);
  return target;
}

async function withFile<T>(file: string, use: (session: DumpSession) => T): Promise<T> {
  const session = await DumpSession.open({ paths: [file], mapping: true, options: {} }, SILENT);
  try {
    return use(session);
  } finally {
    session.close();
  }
}

/** The session's memory in the form that the comparison with QEMU's ELF asks for. */
const memoryOf = (session: DumpSession) =>
  ({
    read(physical: number, target: Uint8Array) {
      const { bytes, spans } = session.readMemory({ space: 'gpa', address: BigInt(physical), length: target.length, root: { kind: 'cpu', cpu: 0 } });
      target.set(bytes);
      return spans;
    },
  }) as unknown as Parameters<typeof differencesFromElf>[0];

const elf = new Uint8Array(readFileSync(fixture('tiny/paging-off.elf')));

describe.each<ExportCompression>(['zlib', 'lzo', 'snappy', 'zstd', 'none'])('compressed with %s', (compression) => {
  it.each([false, true])('has the memory that QEMU dumped, and the registers of the stream (flattened: %s)', async (flattened) => {
    const file = exported(fixture('tiny/stream.qevm'), { compression, flattened });
    const wanted = await withFile(fixture('tiny/paging-off.elf'), (session) =>
      session.getCpus().map(({ registers }) => registers.map(({ name, value }) => [name, value])),
    );
    await withFile(file, (session) => {
      expect(session.summary('d')).toMatchObject({ format: 'kdump', layers: flattened ? [{}, {}] : [{}] });
      expect(differencesFromElf(memoryOf(session), elf)).toEqual([]);
      expect(session.getCpus().map(({ registers }) => registers.map(({ name, value }) => [name, value]))).toEqual(wanted);
    });
  });
});

it('zero pages are shared, or left out where that is asked for', async () => {
  const shared = exported(fixture('tiny/stream.qevm'));
  const left = exported(fixture('tiny/stream.qevm'), { excludeZero: true });
  expect(statSync(left).size).toBeLessThan(statSync(shared).size);
  const zeroAt = 0x700000n;
  const stateIn = (file: string) =>
    withFile(file, (session) => session.readMemory({ space: 'gpa', address: zeroAt, length: 4096, root: { kind: 'cpu', cpu: 0 } }).spans[0]?.state);
  expect([await stateIn(shared), await stateIn(left)]).toEqual(['zero', 'excluded']);
});

it.each([{}, { excludeZero: true }])('is not taken for a file that QEMU wrote (%o)', async (options) => {
  const said = await withFile(exported(fixture('tiny/stream.qevm'), options), (session) => session.summary('x').sentence);
  expect(said).toMatch(/^A kdump-compressed dump of a QEMU guest, with 2 CPUs/);
});

it('memory that the source lacks is excluded in the file, never zero', async () => {
  const truncated = newTarget();
  writeFileSync(truncated, readFileSync(fixture('tiny/stream.qevm')).subarray(0, 1_000_000));
  const source = openToExport(truncated);
  const target = newTarget();
  const report = exportDump(source, KDUMP, target, SILENT);
  const { start, last } = report.missing[0]!;
  await withFile(target, (session) => {
    const { spans } = session.readMemory({ space: 'gpa', address: BigInt(start), length: last + 1 - start, root: { kind: 'cpu', cpu: 0 } });
    expect(spans.map(({ state }) => state)).toEqual(['excluded']);
  });
});

it('an export of an export has the same memory again', async () => {
  const again = exported(exported(fixture('tiny/stream.qevm'), { compression: 'lzo' }), { compression: 'zstd' });
  await withFile(again, (session) => expect(differencesFromElf(memoryOf(session), elf)).toEqual([]));
});

it('a range or page tables are refused: the format has no place for them', () => {
  const source = openToExport(fixture('tiny/stream.qevm'));
  expect(() => exportDump(source, { ...KDUMP, begin: 0, length: 4096 }, newTarget(), SILENT)).toThrow(/holds all memory/);
  expect(() => exportDump(source, { ...KDUMP, paging: true }, newTarget(), SILENT)).toThrow(/paging is for ELF/);
});
