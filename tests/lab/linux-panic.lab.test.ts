/** A guest that panics, after it printed what /proc has of its processes: deleted programs and files, pipes, directories in mounts. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { areaLine } from '#shared/linux-text.ts';
import { labFile, labFolder, labWorkbench, type LabDump } from './lab-guest.ts';
import { QemuGuest } from './qemu-guest.ts';

const folder = labFolder();
const dumps = labWorkbench(folder);
let dump: LabDump;
let serial: string;

/** One file as an archive that the kernel unpacks over the lab's own (newc, Documentation/driver-api/early-userspace/buffer-format.rst). */
function archiveOf(name: string, contents: Buffer): Buffer {
  const entry = (file: string, mode: number, data: Buffer) => {
    const fields = [1, mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, file.length + 1, 0].map((field) => field.toString(16).padStart(8, '0'));
    const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
    return Buffer.concat([padded(Buffer.from(`070701${fields.join('')}${file}\0`)), padded(data)]);
  };
  return gzipSync(Buffer.concat([entry(name, 0o100755, contents), entry('TRAILER!!!', 0, Buffer.alloc(0))]));
}

beforeAll(async () => {
  const initrd = path.join(folder, 'initrd.gz');
  const init = readFileSync(path.join(import.meta.dirname, 'guests/panic-init.sh'));
  writeFileSync(initrd, Buffer.concat([readFileSync(labFile('x86_64', 'initrd.gz')), archiveOf('init', init)]));
  const kernel = / -kernel (\S+)/.exec(readFileSync(labFile('x86_64', 'command.txt'), 'utf8'))![1]!;
  const guest = await QemuGuest.start({
    folder,
    args: [
      '-cpu',
      'max',
      '-device',
      'vmcoreinfo',
      '-kernel',
      kernel,
      '-initrd',
      initrd,
      '-append',
      'console=ttyS0 panic=0',
      '-m',
      '160',
      '-smp',
      '2',
    ],
    ready: 'end Kernel panic',
    timeoutSeconds: 300,
  });
  await guest.dump('panic.elf');
  await guest.quit();
  serial = readFileSync(path.join(folder, 'serial.log'), 'latin1').replaceAll('\r', '');
  dump = await dumps.open(path.join(folder, 'panic.elf'));
}, 400_000);

describe('a guest that panicked', () => {
  it('says so, and has both CPUs though it stopped one', async () => {
    const { workbench, dumpId } = dump;
    const system = await workbench.getLinux({ dumpId });
    expect(system).toMatchObject({ panic: 'Kernel panic - not syncing: sysrq triggered crash', cpuCount: 2, onlineCpuCount: 1, problems: [] });
    const printed = Number(/^UPTIME (\S+)/m.exec(serial)![1]);
    expect(system.uptime! - printed).toBeGreaterThanOrEqual(0);
    expect(system.uptime! - printed).toBeLessThan(3);
    const seconds = Number(/^DATE (\d+)/m.exec(serial)![1]);
    expect(Math.abs(Date.parse(system.time!) / 1000 - seconds)).toBeLessThan(3);
  });

  it('has the processes that ps showed, with their parents', async () => {
    const { workbench, dumpId } = dump;
    const { tasks } = await workbench.listLinuxTasks({ dumpId });
    const shown = [...serial.matchAll(/^ +(\d+) +(\d+) (\w+)\S*$/gm)].filter(([, , , comm]) => comm !== 'busybox');
    expect(shown.length).toBeGreaterThan(40);
    const found = tasks.map(({ pid, parent }) => `${pid} ${parent}`);
    for (const [, pid, parent] of shown) expect(found).toContain(`${pid} ${parent}`);
    expect(tasks.filter(({ pid }) => pid === 0).map(({ comm }) => comm)).toEqual(['swapper/0', 'swapper/1']);
  });

  it('has the areas of memory and the open files that /proc showed', async () => {
    const { workbench, dumpId } = dump;
    const processes = [...serial.matchAll(/^MAPS (\d+)\n([^]*?)^FILES \d+\n([^]*?)^END$/gm)];
    expect(processes).toHaveLength(2);
    for (const [, pid, maps, listed] of processes) {
      const { areas, files, problems } = await workbench.getLinuxTask({ dumpId, pid: Number(pid) });
      expect(problems).toEqual([]);
      expect(areas!.map(areaLine)).toEqual(maps!.trimEnd().split('\n'));
      const targets = [...listed!.matchAll(/ (\d+) -> (.*)$/gm)].map(([, descriptor, target]) => `${descriptor} ${target}`);
      expect(files!.map((file) => `${file.descriptor} ${file.path}`).sort()).toEqual(targets.sort());
    }
    expect(serial).toMatch(/\/tmp\/busybox \(deleted\)$/m);
    expect(serial).toMatch(/6 -> \/tmp\/gone \(deleted\)$/m);
  });
});
