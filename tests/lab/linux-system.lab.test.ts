/**
 * What a Linux system was doing, out of its dump alone, against what the system itself said and what crash says.
 *
 * crash 8.0.2 (Debian 12) lists no tasks but the idle ones for the lab's kernels: since b69f0aeb0689 (Linux 6.5, and 6.1.y since then) pid.numbers has no length, so it reads too little of each struct pid, finds no task in it
 * and says nothing. Its count is therefore nr_threads, as it reads that, and the idle tasks.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { areaLine } from '#shared/linux-text.ts';
import { kvmGuests, labFile, labFolder, labWorkbench, LINUX_GUESTS, type LabDump } from './lab-guest.ts';
import { readMarks } from './marks.ts';

const dumps = labWorkbench(labFolder());
const vmlinux = process.env.VMCORE_VMLINUX;
const hasCrash = spawnSync('crash', ['--version']).status === 0;
const scripts = mkdtempSync(path.join(os.tmpdir(), 'crash-'));
afterAll(() => rmSync(scripts, { recursive: true, force: true }));

function crash(dump: string, ...commands: string[]): string {
  const script = path.join(scripts, 'commands');
  writeFileSync(script, `${commands.join('\n')}\nquit\n`);
  return spawnSync('crash', ['--no_scroll', '-s', '-i', script, vmlinux!, dump], { encoding: 'utf8', timeout: 240_000 }).stdout;
}

const FORMS = ['stream.qevm', 'paging-off.elf', 'kdump-zlib.vmcore'];

describe.each([...LINUX_GUESTS, 'kvm-host'])('%s', (guest) => {
  let dump: LabDump;
  /** Of the system, and of frames: of one run, as crash takes 10 to 25 s to begin. */
  let said: Promise<[system: string, pages: string]> | undefined;
  const crashSays = () => (said ??= askCrash());

  async function framesToShow(): Promise<number[]> {
    const { tasks } = await dump.workbench.listLinuxTasks({ dumpId: dump.dumpId });
    const roots = tasks.flatMap(({ root }) => (root === null ? [] : [root])).slice(0, 4);
    return [...roots, 0x1000, 0x10_0000, 0x200_0000, 0x300_0000, 0x500_0000, 0x600_3000];
  }

  async function askCrash(): Promise<[system: string, pages: string]> {
    const system = ['p nr_threads', 'mod', 'log > log.txt', '!wc -l < log.txt; rm log.txt', 'ps', 'sys'];
    const pages = (await framesToShow()).map((frame) => `kmem -p ${frame.toString(16)}`);
    const [ofSystem = '', ofPages = ''] = crash(labFile(guest, 'paging-off.elf'), ...system, '!echo NOW PAGES', ...pages).split('NOW PAGES');
    return [ofSystem, ofPages];
  }

  beforeAll(async () => {
    dump = await dumps.open(labFile(guest, 'paging-off.elf'));
  });

  it('tells the same from every form of dump', async () => {
    const { workbench, dumpId } = dump;
    const { sources: _sources, ...expected } = await workbench.getLinux({ dumpId });
    expect(expected).toMatchObject({ machine: 'x86_64', cpuCount: 2, panic: null, problems: [] });
    const serial = readFileSync(labFile(guest, 'serial.log'), 'latin1');
    expect(serial).toContain(`Linux version ${expected.release} `);
    expect(serial).toContain(`Command line: ${expected.commandLine}`);
    for (const form of FORMS) {
      if (!existsSync(labFile(guest, form))) continue;
      const other = await dumps.open(labFile(guest, form));
      const { sources: _others, ...found } = await workbench.getLinux({ dumpId: other.dumpId });
      // The dumps were made one after the other, the guest ran on in between or stood still.
      expect({ ...found, uptime: 0, time: '' }).toEqual({ ...expected, uptime: 0, time: '' });
      expect(Math.abs(found.uptime! - expected.uptime!)).toBeLessThan(1);
    }
  });

  it('stopped a moment after the last line that went to its console', async () => {
    const { workbench, dumpId } = dump;
    const { uptime, time } = await workbench.getLinux({ dumpId });
    const { lines } = await workbench.readLinuxLog({ dumpId, from: 0, limit: 4096 });
    const last = Number(lines.at(-1)!.time) / 1e9;
    expect(uptime).toBeGreaterThan(last - 0.1);
    expect(uptime).toBeLessThan(last + 30);
    expect(Date.parse(time!)).toBeLessThan(Date.now());
  });

  it.skipIf(!hasCrash || vmlinux === undefined)("has as many tasks, modules and lines of the log as crash says, and crash's clock", async () => {
    const { workbench, dumpId } = dump;
    const [said] = await crashSays();
    const [threads] = /nr_threads = \$\d+ = (\d+)/.exec(said)!.slice(1).map(Number);
    const idle = [...said.matchAll(/\[swapper\/\d+\]/g)].length;
    const modules = [...said.matchAll(/^[0-9a-f]{16} {2}(\w+) /gm)].map(([, name]) => name);
    const lines = Number(/^(\d+)$/m.exec(said)![1]);
    const system = await workbench.getLinux({ dumpId });
    expect(system.taskCount).toBe(threads! + idle);
    const found = await workbench.listLinuxModules({ dumpId });
    expect(found.modules.map(({ name }) => name).sort()).toEqual(modules.sort());
    const log = await workbench.readLinuxLog({ dumpId, from: 0, limit: 4096 });
    expect(log.lines.flatMap(({ text }) => text.split('\n'))).toHaveLength(lines);
    const [, hours, minutes, seconds] = /UPTIME: (\d\d):(\d\d):(\d\d)/.exec(said)!.map(Number);
    expect(Math.abs(system.uptime! - (3600 * hours! + 60 * minutes! + seconds!))).toBeLessThan(2);
    const date = Date.parse(`${/DATE: (.*)/.exec(said)![1]}`);
    expect(Math.abs(Date.parse(system.time!) - date)).toBeLessThan(2000);
  });

  it.skipIf(!hasCrash || vmlinux === undefined)('has the struct pages that crash shows', async () => {
    const { workbench, dumpId } = dump;
    const frames = await framesToShow();
    const [, said] = await crashSays();
    const rows = [...said.matchAll(/^([0-9a-f]{16}) +([0-9a-f]+) +[0-9a-f]+ +[0-9a-f]+ +(-?\d+) [0-9a-f]+ ?(.*)$/gm)];
    expect(rows.length).toBeGreaterThan(frames.length / 2);
    for (const [, address, physical, count, flags] of rows) {
      const page = await workbench.getLinuxPage({ dumpId, physical: parseInt(physical!, 16) });
      expect([physical, page.address]).toEqual([physical, BigInt(`0x${address}`)]);
      // crash shows the count of a tail itself, which is 0.
      if (!page.use.startsWith('compound tail')) expect([physical, page.references]).toEqual([physical, Number(count)]);
      expect([physical, page.flags.join(',')]).toEqual([physical, flags]);
    }
  });
});

describe('the QEMU processes of kvm-host', () => {
  it.each(kvmGuests())('$vm has the areas of memory that /proc/PID/maps showed, line for line', async ({ vm: pid }) => {
    const { workbench, dumpId } = await dumps.open(labFile('kvm-host', 'paging-off.elf'));
    const { areas, problems } = await workbench.getLinuxTask({ dumpId, pid: Number(pid) });
    expect(problems).toEqual([]);
    const maps = readFileSync(labFile('kvm-host', `guests/maps-${pid}.txt`), 'utf8').split('\n');
    expect(areas!.map(areaLine)).toEqual(maps.filter((line) => /^[0-9a-f]+-/.test(line)));
  });

  it.each(kvmGuests())('$vm has its command line, threads and the files that ls showed', async ({ vm: pid, name: guestName }) => {
    const { workbench, dumpId } = await dumps.open(labFile('kvm-host', 'paging-off.elf'));
    const { task, commandLine, files, threads } = await workbench.getLinuxTask({ dumpId, pid: Number(pid) });
    expect(task).toMatchObject({ comm: 'qemu-system-x86', parent: 1, kernel: false });
    expect(commandLine!.slice(0, 4)).toEqual(['qemu-system-x86_64', '-name', guestName, '-enable-kvm']);
    expect(threads.length).toBeGreaterThan(0);
    const shown = readFileSync(labFile('kvm-host', `guests/maps-${pid}.txt`), 'utf8').matchAll(/ (\d+) -> (.*)$/gm);
    const named = new Map(files!.map(({ descriptor, path: name }) => [descriptor, name]));
    for (const [, descriptor, target] of shown) expect([descriptor, named.get(Number(descriptor))]).toEqual([descriptor, target]);
    expect([...named.values()]).toContain('anon_inode:kvm-vm');
  });
});

describe('arm64, whose symbols are functions alone', () => {
  it('has the processes that printed lines, with areas and pages for their addresses, and names what is missing', async () => {
    const { workbench, dumpId } = await dumps.open(labFile('arm64', 'paging-off.elf'));
    const system = await workbench.getLinux({ dumpId });
    expect(system).toMatchObject({ machine: 'aarch64', time: null, moduleCount: null });
    expect(system.problems.join('\n')).toMatch(/no tk_core: without CONFIG_KALLSYMS_ALL/);
    const processes = readMarks('arm64');
    expect(processes.length).toBeGreaterThan(1);
    for (const { pid, marks } of processes) {
      const { task, areas } = await workbench.getLinuxTask({ dumpId, pid });
      expect(task).toMatchObject({ comm: 'marker', kernel: false });
      for (const { kind, address, physical } of marks) {
        const area = areas!.find(({ start, last }) => start <= address && address <= last);
        const names = { text: '/bin/marker', stack: '[stack]', huge2m: '/anon_hugepage (deleted)', small: null, ro: null, notpresent: null };
        expect([kind, area?.name]).toEqual([kind, names[kind]]);
        if (physical === undefined) continue;
        const page = await workbench.getLinuxPage({ dumpId, physical });
        const use =
          { text: /^page cache of \/bin\/marker$/, huge2m: /anonymous, huge page of hugetlbfs$/ }[kind as 'text' | 'huge2m'] ?? /^anonymous$/;
        expect([kind, page.use]).toEqual([kind, expect.stringMatching(use)]);
      }
    }
  });
});
