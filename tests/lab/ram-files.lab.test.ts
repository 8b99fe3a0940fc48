/**
 * RAM that QEMU leaves out of a stream because a file backs it (memory-backend-file with share=on, capability x-ignore-shared), taken from that file: a
 * stopped guest's, whose memory QEMU itself dumps at the same moment. The file is read in place and as a copy.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadsOf } from '../engine/formats/open-bytes.ts';
import { labFile, labFolder, labWorkbench, readPhysical } from './lab-guest.ts';
import { QemuGuest } from './qemu-guest.ts';

const MiB = 2 ** 20;
const folder = labFolder();
const { open } = labWorkbench(folder);

const file = (id: string, size: string, mem: string) => ['-object', `memory-backend-file,id=${id},size=${size},mem-path=${mem},share=on`];

interface Guest {
  name: string;
  /** Block name and file name of each backing file. */
  files: Record<string, string>;
  args: (at: (name: string) => string) => string[];
}

const GUESTS: Guest[] = [
  {
    name: 'pc of 128 MiB',
    files: { mem: 'guest-ram' },
    args: (at) => ['-M', 'pc,memory-backend=mem', '-m', '128M', ...file('mem', '128M', at('guest-ram'))],
  },
  {
    name: 'q35 of three nodes, two of them in files',
    files: { zebra: 'node-0', apple: 'node-2' },
    args: (at) => [
      ...['-M', 'q35', '-m', '160M', ...file('zebra', '64M', at('node-0')), '-object', 'memory-backend-ram,id=own,size=64M'],
      ...[...file('apple', '32M', at('node-2')), '-numa', 'node,nodeid=0,memdev=zebra,cpus=0', '-numa', 'node,nodeid=1,memdev=own,cpus=1'],
      ...['-numa', 'node,nodeid=2,memdev=apple'],
    ],
  },
];

describe.each(GUESTS)('$name', ({ name, files, args }) => {
  const here = path.join(folder, name.replace(/\W+/g, '-'));
  // Where guests keep such files.
  const shm = path.join('/dev/shm', `vmcore-lab-${process.pid}-${name.replace(/\W+/g, '-')}`);
  const stream = path.join(here, 'stream.qevm');
  const elf = path.join(here, 'paging-off.elf');
  const inPlace = Object.fromEntries(Object.entries(files).map(([block, file]) => [block, path.join(shm, file)]));
  const copies = Object.fromEntries(Object.entries(files).map(([block, file]) => [block, path.join(here, file)]));
  let quick: QemuGuest | undefined;

  beforeAll(async () => {
    mkdirSync(here);
    mkdirSync(shm);
    const guest = await QemuGuest.start({
      folder: here,
      args: [...args((file) => path.join(shm, file)), '-smp', '2', '-cpu', 'max', '-kernel', labFile('tiny', 'tiny.elf')],
      ready: 'TINY-READY',
      timeoutSeconds: 60,
    });
    quick = guest;
    await guest.dump('paging-off.elf');
    await guest.qmp('migrate-set-capabilities', { capabilities: [{ capability: 'x-ignore-shared', state: true }] });
    await guest.migrate('stream.qevm');
    for (const block of Object.keys(files)) copyFileSync(inPlace[block]!, copies[block]!);
    await guest.quit();
    quick = undefined;
  });
  afterAll(() => {
    quick?.kill();
    rmSync(shm, { recursive: true, force: true });
  });

  it('is left out of the stream: without the files memory is absent, and each block is named', async () => {
    const { workbench, dumpId } = await open(stream);
    const { memory, diagnostics } = await workbench.describeDump({ dumpId });
    expect(memory.states.absent).toBeGreaterThan(90 * MiB);
    expect(statSync(stream).size).toBeLessThan(16 * MiB);
    expect(diagnostics.map(({ missingBlock }) => missingBlock).filter(Boolean)).toEqual(Object.keys(files));
  });

  it.each([
    ['the files in place', inPlace],
    ['copies of them', copies],
  ])('is byte for byte what QEMU dumped, with %s', async (_which, ramFiles) => {
    const dump = await open(stream, { ramFiles });
    const answer = readFileSync(elf);
    let compared = 0;
    for (const { physical, length, offset } of loadsOf(answer)) {
      for (let at = 0; at < length; at += MiB) {
        const size = Math.min(MiB, length - at);
        const bytes = await readPhysical(dump, physical + at, size);
        const expected = answer.subarray(offset + at, offset + at + size);
        if (Buffer.compare(bytes, expected) !== 0) expect.fail(`memory differs in the MiB at 0x${(physical + at).toString(16)}`);
        compared += size;
      }
    }
    expect(compared).toBeGreaterThan(127 * MiB);
    const { diagnostics, memory } = await dump.workbench.describeDump({ dumpId: dump.dumpId });
    expect(diagnostics.map(({ code }) => code)).toEqual(Object.keys(files).map(() => 'ram-from-file'));
    expect(memory.states.absent ?? 0).toBe(0);
  });

  it('translates with page tables that lie in the file, as the guest reads its own text there', async () => {
    const { workbench, dumpId } = await open(stream, { ramFiles: copies });
    const root = { kind: 'cpu', cpu: 0 } as const;
    const chunk = await workbench.readMemory({ dumpId, space: 'gva', address: 0xffff_ffff_8030_0000n, length: 29, root });
    expect(Buffer.from(chunk.bytes).toString('latin1')).toBe('tiny guest page of known text');
  });

  it('is in an export, which is verified against the memory that it came from', async () => {
    const { workbench, dumpId } = await open(stream, { ramFiles: copies });
    const target = path.join(here, 'export.elf');
    const options = { format: 'elf', layout: 'portable', verify: true } as const;
    const report = await workbench.exportDump({ dumpId, options, target, jobId: `export ${name}` });
    expect(report).toMatchObject({ verified: expect.any(Number) });
    const exported = await open(target);
    const answer = readFileSync(elf);
    for (const { physical, length, offset } of loadsOf(answer).filter(({ physical }) => physical < 0xf000_0000)) {
      expect(Buffer.compare(await readPhysical(exported, physical, length), answer.subarray(offset, offset + length))).toBe(0);
    }
    await expect(workbench.exportDump({ dumpId, options, target: Object.values(copies)[0]!, jobId: `onto ${name}` })).rejects.toMatchObject({
      code: 'cannot-write',
    });
  });
});
