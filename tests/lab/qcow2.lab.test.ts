/**
 * Disk images with snapshots by real QEMU: what is opened out of them against the ELF and the registers of the same moment, QEMU's lists of snapshots,
 * and the bytes of the state as qemu-io reads them. Also images that the tests write themselves, read by QEMU.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SnapshotInfo } from '#shared/model/index.ts';
import { FileSource } from '#engine/io/file-source.ts';
import { qcow2 } from '#engine/containers/qcow2/index.ts';
import { parseInfoRegisters } from '../engine/arch/qemu-answers.ts';
import { writeImage, type ClusterKind, type PlannedImage } from '../engine/containers/qcow2/image-writer.ts';
import { contentOf } from '../engine/containers/qcow2/opened-bytes.ts';
import { loadsOf, SILENT } from '../engine/formats/open-bytes.ts';
import { workbenchOfTests } from '../contract/workbench-of-tests.ts';
import { labFile, labFolder, labOracle, LINUX_GUESTS, readPhysical, type LabDump } from './lab-guest.ts';
import { QemuGuest } from './qemu-guest.ts';

const folder = labFolder();
const run = (command: string, ...args: string[]) =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 2 ** 30 });

let workbench: Awaited<ReturnType<typeof workbenchOfTests>>;
beforeAll(async () => {
  workbench = await workbenchOfTests('in-process', folder);
});
afterAll(() => workbench.dispose());

async function open(file: string, snapshot?: string): Promise<LabDump> {
  const { dumpId } = await workbench.openDump({ location: { kind: 'path', path: file }, jobId: `open-${Math.random()}`, options: { snapshot } });
  return { workbench, dumpId };
}

async function expectMemory(dump: LabDump, elfFile: string): Promise<void> {
  const elf = readFileSync(elfFile);
  let compared = 0;
  for (const { physical, length, offset } of loadsOf(elf)) {
    for (let at = 0; at < length; at += 2 ** 24) {
      const size = Math.min(2 ** 24, length - at);
      const bytes = await readPhysical(dump, physical + at, size);
      expect(Buffer.compare(bytes, elf.subarray(offset + at, offset + at + size)), `${elfFile} from 0x${(physical + at).toString(16)} on`).toBe(0);
      compared += size;
    }
  }
  expect(compared).toBeGreaterThan(2 ** 23);
}

async function expectRegisters({ dumpId }: LabDump, answers: string[]): Promise<void> {
  const cpus = await workbench.getCpus({ dumpId });
  expect(cpus).toHaveLength(answers.length);
  for (const [index, text] of answers.entries()) {
    const answer = parseInfoRegisters(text);
    const held = new Map(cpus[index]!.registers.map(({ name, value }) => [name, value]));
    expect(answer.registers.size).toBeGreaterThanOrEqual(answer.short ? 41 : 57);
    for (const [name, expected] of answer.registers) {
      const value = held.get(name) ?? -1n;
      const shown = answer.short && !/^(dr|[xy]mm|st|efer)/.test(name) ? BigInt.asUintN(32, value) : value;
      expect(`${name} ${shown.toString(16)}`, `CPU ${index}`).toBe(`${name} ${expected.toString(16)}`);
    }
  }
}

/** The snapshots as qemu-img lists them. */
function listedByQemu(image: string): Omit<SnapshotInfo, 'open'>[] {
  type Listed = { id: string; name: string; 'vm-state-size': number; 'date-sec': number; 'date-nsec': number };
  const { snapshots = [] } = JSON.parse(run('qemu-img', 'info', '--output=json', image)) as { snapshots?: Listed[] };
  return snapshots.map((listed) => ({
    id: listed.id,
    name: listed.name,
    takenAt: new Date(listed['date-sec'] * 1000 + Math.floor(listed['date-nsec'] / 1e6)).toISOString(),
    stateSize: listed['vm-state-size'],
  }));
}

/** The first bytes of a snapshot's machine state as QEMU reads them: a copy goes back to the snapshot, qemu-io prints its state. */
function stateByQemu(image: string, snapshot: string, length: number): Uint8Array {
  const copy = path.join(folder, 'copy.qcow2');
  copyFileSync(image, copy);
  run('qemu-img', 'snapshot', '-a', snapshot, copy);
  const bytes = Buffer.alloc(Math.ceil(length / 512) * 512);
  const printed = run('qemu-io', '-r', '-c', `read -b -v 0 ${bytes.length}`, copy);
  let at = 0;
  for (const [, hex = ''] of printed.matchAll(/^[0-9a-f]+: {2}((?:[0-9a-f]{2} ){16})/gm)) at += bytes.write(hex.replaceAll(' ', ''), at, 'hex');
  expect(at).toBe(bytes.length);
  return bytes.subarray(0, length);
}

async function stateByUs(image: string, snapshot?: string): Promise<{ state: Uint8Array; codes: string[] }> {
  const file = FileSource.open(image, { mapping: true });
  const found = await qcow2.unwrap({ source: file, start: 0 }, { mapping: true, snapshot, progress: SILENT });
  const state = contentOf(found);
  found.inside.source.close();
  return { state, codes: found.diagnostics!.map(({ code }) => code) };
}

describe.each(['tiny', ...LINUX_GUESTS])('the snapshot of %s', (guest) => {
  it('holds the memory and the registers that QEMU dumped and printed of the same paused guest', async () => {
    const dump = await open(labFile(guest, 'snapshot.qcow2'));
    await expectMemory(dump, labFile(guest, 'paging-off.elf'));
    await expectRegisters(
      dump,
      labOracle(guest).cpus.map(({ registers }) => registers),
    );
    const { snapshots, diagnostics } = await workbench.describeDump({ dumpId: dump.dumpId });
    expect(snapshots.map(({ open: _, ...rest }) => rest)).toEqual(listedByQemu(labFile(guest, 'snapshot.qcow2')));
    expect(diagnostics.filter(({ code }) => code.startsWith('qcow2'))).toEqual([]);
  });

  it("is exported, by several threads, as QEMU's own ELF byte for byte, and never onto the image itself", async () => {
    const image = path.join(folder, `${guest}.qcow2`);
    copyFileSync(labFile(guest, 'snapshot.qcow2'), image);
    const { dumpId } = await open(image);
    const options = { format: 'elf', layout: 'qemu' } as const;
    const target = path.join(folder, `${guest}.elf`);
    const report = await workbench.exportDump({ dumpId, options, target, jobId: `export-${guest}` });
    expect(report.missing).toEqual([]);
    expect(Buffer.compare(readFileSync(target), readFileSync(labFile(guest, 'paging-off.elf')))).toBe(0);
    const onto = workbench.exportDump({ dumpId, options, target: image, jobId: `onto-${guest}` });
    await expect(onto).rejects.toMatchObject({ code: 'cannot-write' });
  });
});

const OPTIONS: [string, string][] = [
  ['clusters of 512 bytes', 'cluster_size=512'],
  ['clusters of 4 KiB, refcounts of 64 bits', 'cluster_size=4k,refcount_bits=64'],
  ['clusters of 2 MiB', 'cluster_size=2M'],
  ['version 2', 'compat=0.10'],
  ['extended L2 entries', 'extended_l2=on'],
  ['extended L2 entries, clusters of 16 KiB, zstd', 'extended_l2=on,cluster_size=16k,compression_type=zstd'],
  ['metadata allocated in advance, lazy refcounts', 'preallocation=metadata,lazy_refcounts=on'],
  ['another image behind it', 'cluster_size=64k'],
];

describe.each(OPTIONS)('an image of %s (%s)', (title, options) => {
  const own = path.join(folder, title.replaceAll(/\W+/g, '-'));
  const image = path.join(own, 'disk.qcow2');
  const MOMENTS = ['first', 'the second moment', 'ünïcode'];
  const registers = new Map<string, string[]>();

  beforeAll(async () => {
    mkdirSync(own);
    // The disk has contents as well: where the state's clusters are not.
    const pattern = ['-c', 'write -P 0x5a 0 3M', '-c', 'write -P 0xa5 20M 1M'];
    const backing = title.startsWith('another') ? ['-b', path.join(own, 'base.qcow2'), '-F', 'qcow2'] : [];
    if (backing.length > 0) {
      run('qemu-img', 'create', '-f', 'qcow2', backing[1]!, '300M');
      run('qemu-io', '-c', 'write -P 0x77 0 40M', '-c', 'write -P 0x77 260M 40M', backing[1]!);
    }
    run('qemu-img', 'create', '-f', 'qcow2', '-o', options, ...backing, image, '33M');
    run('qemu-io', ...pattern, image);
    const guest = await QemuGuest.start({
      folder: own,
      args: ['-m', '8', '-smp', '2', '-cpu', 'max', '-drive', `file=${image},if=virtio,format=qcow2`, '-kernel', labFile('tiny', 'tiny-dirty.elf')],
      ready: 'TINY-READY',
      timeoutSeconds: 60,
    });
    for (const [index, name] of MOMENTS.entries()) {
      expect(await guest.hmp(`savevm "${name}"`)).toBe('');
      await guest.dump(`${index}.elf`);
      registers.set(name, [await guest.hmp('info registers', 0), await guest.hmp('info registers', 1)]);
      await guest.qmp('cont');
      await new Promise((resolve) => setTimeout(resolve, 300));
      await guest.qmp('stop');
      if (index === 0) expect(await guest.hmp('savevm gone')).toBe('');
      if (index === 1) expect(await guest.hmp('delvm gone')).toBe('');
    }
    await guest.quit();
    run('qemu-img', 'snapshot', '-c', 'disk alone', image);
  });

  it('holds the guest at each moment', async () => {
    for (const [index, name] of MOMENTS.entries()) {
      const dump = await open(image, name);
      await expectMemory(dump, path.join(own, `${index}.elf`));
      await expectRegisters(dump, registers.get(name)!);
    }
    // The moments differ, or nothing was shown.
    expect(Buffer.compare(readFileSync(path.join(own, '0.elf')), readFileSync(path.join(own, '2.elf')))).not.toBe(0);
  });

  it('opens at the last moment unless told otherwise, and lists what qemu-img lists', async () => {
    const dump = await open(image);
    const { snapshots, diagnostics, layers } = await workbench.describeDump({ dumpId: dump.dumpId });
    expect(snapshots.map(({ open: _, ...rest }) => rest)).toEqual(listedByQemu(image));
    expect(snapshots.map(({ name }) => name)).toEqual([...MOMENTS, 'disk alone']);
    expect(snapshots.filter((snapshot) => snapshot.open).map(({ name }) => name)).toEqual(['ünïcode']);
    expect(diagnostics.map(({ code }) => code).filter((code) => code.startsWith('qcow2'))).toEqual(['qcow2-newest-snapshot']);
    expect(layers[0]!.title).toBe("qcow2 image, snapshot 'ünïcode'");
  });

  it('has the bytes of each state that qemu-io reads there', async () => {
    for (const name of MOMENTS) {
      const { state, codes } = await stateByUs(image, name);
      const { id } = listedByQemu(image).find((listed) => listed.name === name)!;
      expect(codes).toEqual([]);
      expect(Buffer.compare(state, stateByQemu(image, id, state.length)), name).toBe(0);
    }
  });

  it('whose disk is resized afterwards holds them as before', async () => {
    if (options === 'compat=0.10') return expect(() => run('qemu-img', 'resize', image, '900M')).toThrow(/snapshots/);
    const before = await stateByUs(image, 'first');
    const resized = path.join(own, 'resized.qcow2');
    copyFileSync(image, resized);
    run('qemu-img', 'resize', resized, '900M');
    expect(Buffer.compare((await stateByUs(resized, 'first')).state, before.state)).toBe(0);
  });
});

describe('images that the tests write', () => {
  const stream = readFileSync(labFile('tiny', 'stream.qevm')).subarray(0, 1_700_001);
  const kinds: ClusterKind[] = ['data', 'compressed', 'zeros', 'compressed', 'none', 'data'];

  it.each<[string, Omit<PlannedImage, 'snapshots'>]>([
    ['version 2', { version: 2, diskSize: 2 ** 20 }],
    ['version 3', { diskSize: 33 * 2 ** 20 }],
    ['clusters of 512 bytes', { clusterBits: 9, diskSize: 2 ** 20 }],
    ['clusters of 256 KiB', { clusterBits: 18, diskSize: 2 ** 30 }],
    ['zstd', { compression: 'zstd', clusterBits: 12, diskSize: 2 ** 24 }],
    ['extended L2 entries', { extendedL2: true, clusterBits: 14, diskSize: 2 ** 20 }],
    ['extended L2 entries, zstd', { extendedL2: true, compression: 'zstd', diskSize: 2 ** 20 }],
  ])('(%s, clusters of every kind) are read by QEMU as by us', async (title, plan) => {
    const image = path.join(folder, `crafted ${title}.qcow2`);
    const snapshots = [{ id: '7', name: 'crafted here', state: stream, kindOf: (index: number) => kinds[index % kinds.length]! }];
    writeFileSync(image, writeImage({ ...plan, snapshots }).bytes);
    const { state, codes } = await stateByUs(image);
    expect(codes).toEqual(['qcow2-unwritten-state']);
    // The writer keeps no reference counts: QEMU makes them, and finds nothing else to repair.
    spawnSync('qemu-img', ['check', '-r', 'all', image]);
    expect(run('qemu-img', 'check', image)).toContain('No errors were found');
    expect(listedByQemu(image)).toMatchObject([{ id: '7', name: 'crafted here', stateSize: stream.length }]);
    expect(Buffer.compare(stateByQemu(image, '7', stream.length), state)).toBe(0);
    expect(Buffer.compare((await stateByUs(image)).state, state)).toBe(0);
  });

  /** The stream as the contents of a disk that qemu-img compresses, called machine state afterwards: QEMU never compresses a state itself. */
  it.each([
    ['zlib', '64k'],
    ['zlib', '512'],
    ['zlib', '2M'],
    ['zstd', '64k'],
    ['zstd', '4k'],
    ['zstd', '2M'],
  ])('compressed by qemu-img (%s, clusters of %s) hold the guest', async (compression, cluster) => {
    const raw = path.join(folder, 'stream.raw');
    const whole = readFileSync(labFile('tiny', 'stream.qevm'));
    writeFileSync(raw, whole);
    const image = path.join(folder, `compressed-${compression}-${cluster}.qcow2`);
    run('qemu-img', 'convert', '-c', '-f', 'raw', '-O', 'qcow2', '-o', `compression_type=${compression},cluster_size=${cluster}`, raw, image);
    run('qemu-img', 'snapshot', '-c', 'as state', image);
    const bytes = readFileSync(image);
    const table = Number(bytes.readBigUInt64BE(64));
    bytes.writeBigUInt64BE(BigInt(whole.length), table + 40);
    bytes.writeBigUInt64BE(0n, table + 48);
    writeFileSync(image, bytes);
    const { state } = await stateByUs(image);
    expect(Buffer.compare(state, whole)).toBe(0);
    await expectMemory(await open(image), labFile('tiny', 'paging-off.elf'));
  });
});

describe('images that cannot hold or show a machine state', () => {
  it.each([
    ['luks', 'encrypted (LUKS)'],
    ['aes', 'encrypted (AES)'],
    // On a busy machine qemu-img now and then cannot measure how long a key takes it ("Unable to get accurate CPU usage").
  ])('are refused when they are encrypted (%s)', { retry: 5 }, async (format, message) => {
    const image = path.join(folder, `${format}.qcow2`);
    const secret = ['--object', 'secret,id=key,data=12345678'];
    const made = spawnSync('qemu-img', ['create', ...secret, '-f', 'qcow2', '-o', `encrypt.format=${format},encrypt.key-secret=key`, image, '1M']);
    expect(made.stderr.toString()).toBe('');
    await expect(open(image)).rejects.toMatchObject({ code: 'unsupported', message: expect.stringContaining(message) as string });
  });

  it('are refused with the name of the file when their clusters lie in another: QEMU makes no snapshots of those', async () => {
    const image = path.join(folder, 'external.qcow2');
    run('qemu-img', 'create', '-f', 'qcow2', '-o', `data_file=${path.join(folder, 'external.raw')}`, image, '1M');
    expect(() => run('qemu-img', 'snapshot', '-c', 'x', image)).toThrow('Operation not supported');
    await expect(open(image)).rejects.toMatchObject({ code: 'unsupported', message: expect.stringContaining('external.raw') as string });
  });

  it('are refused when there is nothing in them, or snapshots of the disk alone', async () => {
    const image = path.join(folder, 'empty.qcow2');
    run('qemu-img', 'create', '-f', 'qcow2', image, '1M');
    await expect(open(image)).rejects.toMatchObject({ code: 'unsupported', message: expect.stringContaining('no internal snapshots') as string });
    run('qemu-img', 'snapshot', '-c', 'clean', image);
    await expect(open(image)).rejects.toMatchObject({ code: 'unsupported', message: expect.stringContaining("1 'clean'") as string });
  });
});
