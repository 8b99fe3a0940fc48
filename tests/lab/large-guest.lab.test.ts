/**
 * Guests with memory on both sides of 4 GiB: QEMU itself says where RAM is, and puts marks at the edges (its `loader` device), which have to
 * be found there.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { asFlatRanges, ramOfFlatView, type FlatRange } from '../engine/machine/flat-view.ts';
import { labFile, labFolder, labWorkbench, readPhysical } from './lab-guest.ts';
import { QemuGuest } from './qemu-guest.ts';

const GiB = 2 ** 30;
const folder = labFolder();
const { open } = labWorkbench(folder);

describe.each([
  { machine: 'pc', low: 3 * GiB },
  { machine: 'q35', low: 2 * GiB },
])('$machine with 5 GiB', ({ machine, low }) => {
  const size = 5 * GiB;
  // SeaBIOS keeps its own tables in the last 256 KiB below 4 GiB.
  const marks = [0x700000, low - 2 ** 20, 4 * GiB, 4 * GiB + (size - low) - 4096];
  const stream = path.join(folder, machine, 'stream.qevm');
  let truth: FlatRange[] = [];

  beforeAll(async () => {
    const here = path.join(folder, machine);
    mkdirSync(here);
    const loaders = marks.flatMap((address) => {
      const file = path.join(here, `mark-${address.toString(16)}`);
      writeFileSync(file, `mark at ${address.toString(16)}`.padEnd(64, '.'));
      return ['-device', `loader,file=${file},addr=${address},force-raw=on`];
    });
    const guest = await QemuGuest.start({
      folder: here,
      args: ['-M', machine, '-m', '5G', '-smp', '2', '-cpu', 'max', '-kernel', labFile('tiny', 'tiny.elf'), ...loaders],
      ready: 'TINY-READY',
      timeoutSeconds: 60,
    });
    truth = ramOfFlatView(await guest.hmp('info mtree -f'));
    await guest.migrate('stream.qevm');
    await guest.quit();
  });

  it('has RAM where `info mtree -f` has it, with a hole below 4 GiB', async () => {
    const { workbench, dumpId } = await open(stream);
    const { regions } = await workbench.getMemoryMap({ dumpId });
    expect(asFlatRanges(regions.map((region) => ({ ...region, block: region.block ?? '' })))).toEqual(truth);
    expect(truth.find(({ start }) => start === 4 * GiB)).toMatchObject({ blockOffset: low });
    const hole = await workbench.readMemory({ dumpId, space: 'gpa', address: BigInt(low), length: 4096, root: { kind: 'cpu', cpu: 0 } });
    expect(hole.spans).toMatchObject([{ start: 0, end: 4096, state: 'absent' }]);
  });

  it('shows the marks at the edges, in the stream and in the export', async () => {
    const target = path.join(folder, `${machine}.elf`);
    const dump = await open(stream);
    await dump.workbench.exportDump({ dumpId: dump.dumpId, options: { format: 'elf', layout: 'portable' }, target, jobId: `export-${machine}` });
    const exported = await open(target);
    for (const address of marks) {
      for (const from of [dump, exported]) {
        expect(Buffer.from(await readPhysical(from, address, 64)).toString('latin1')).toBe(`mark at ${address.toString(16)}`.padEnd(64, '.'));
      }
    }
    const said = spawnSync('readelf', ['-l', '-W', target], { encoding: 'utf8' }).stdout;
    const loads = [...said.matchAll(/^ {2}LOAD +\S+ \S+ 0x([0-9a-f]+) 0x([0-9a-f]+)/gm)].map((match) => [
      parseInt(match[1]!, 16),
      parseInt(match[2]!, 16),
    ]);
    expect(loads).toEqual(truth.map(({ start, last }) => [start, last - start + 1]));
    rmSync(target);
  });
});
