/** What a session answers of the kernel of a real Linux guest, against what the guest printed: addresses of its processes' memory, and what is there. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LinuxQueries } from '#engine/session/linux-queries.ts';
import { kernelOfDump } from '#engine/session/kernel-of-dump.ts';
import { fixture } from '../../fixtures/fixture.ts';
import { openToExport } from '../export/export-case.ts';

const { dump, memory, architecture } = openToExport(fixture('linux/stream.qevm'));
const queries = new LinuxQueries(() => kernelOfDump(dump, memory, architecture));
const serial = readFileSync(fixture('linux/serial.log'), 'latin1');
const MARKS = [...serial.matchAll(/^MARK pid=(\d+) (\w+) va=([0-9a-f]+) present=1 /gm)].map(([, pid, kind, address]) => ({
  pid: Number(pid),
  kind: kind!,
  address: BigInt(`0x${address}`),
}));

describe("a Linux guest's kernel", () => {
  it('tells its names, its clock and how much there is of the rest', () => {
    const { time, uptime, ...system } = queries.getOverview();
    expect(system).toMatchObject({
      release: '6.1.0-50-amd64',
      machine: 'x86_64',
      nodeName: '(none)',
      cpuCount: 2,
      onlineCpuCount: 2,
      moduleCount: 1,
      panic: null,
      problems: [],
    });
    expect(serial).toContain(`Linux version ${system.release} `);
    expect(serial).toContain(`Command line: ${system.commandLine}`);
    const console = Number(/.*\[ *(\d+\.\d+)\] /s.exec(serial)![1]);
    expect(uptime).toBeGreaterThan(console);
    expect(uptime).toBeLessThan(console + 10);
    expect(time).toMatch(/^2026-11-20T11:16:5/);
  });

  it('has the idle task of each CPU, and the processes that printed lines', () => {
    const { tasks, problems } = queries.listTasks();
    expect(problems).toEqual([]);
    expect(tasks.filter(({ pid }) => pid === 0)).toMatchObject([
      { comm: 'swapper/0', cpu: 0, kernel: true },
      { comm: 'swapper/1', cpu: 1, kernel: true },
    ]);
    for (const pid of new Set(MARKS.map((mark) => mark.pid)))
      expect(tasks).toContainEqual(expect.objectContaining({ pid, comm: 'marker', kernel: false }));
    expect(new Set(tasks.map(({ address }) => address)).size).toBe(tasks.length);
  });

  it('puts every address that a process told into one of its areas', () => {
    for (const { pid, kind, address } of MARKS) {
      const { areas, problems } = queries.getTask({ pid });
      expect(problems).toEqual([]);
      const area = areas!.find(({ start, last }) => start <= address && address <= last);
      const expected = {
        text: { access: 'r-xp', name: '/bin/marker', file: true },
        stack: { access: 'rw-p', name: '[stack]', file: false },
        ro: { access: 'r--p', name: null },
        small: { access: 'rw-p', name: null, file: false },
        huge2m: { access: 'rw-p', name: '/anon_hugepage (deleted)', file: true, flags: ['dontexpand', 'hugetlb'] },
      }[kind];
      expect([kind, area]).toEqual([kind, expect.objectContaining(expected)]);
    }
  });

  it('names the files of a process, its children and its command line', () => {
    const { files, children, threads, commandLine } = queries.getTask({ pid: 1 });
    expect(commandLine).toEqual(['/bin/busybox', 'sh', '/init']);
    expect(files!.map(({ descriptor, path, access }) => `${descriptor} ${path} ${access}`)).toEqual([
      '0 /dev/console rw',
      '1 /dev/console rw',
      '2 /dev/console rw',
      '10 /init r',
    ]);
    expect(children).toEqual(expect.arrayContaining([...new Set(MARKS.map(({ pid }) => pid))]));
    expect(threads).toEqual([]);
  });

  it('has no command line, areas or files of a thread of the kernel, which is no problem', () => {
    expect(queries.getTask({ pid: 2 })).toMatchObject({ commandLine: null, areas: null, files: null, problems: [] });
    expect(() => queries.getTask({ pid: 4_000_000 })).toThrow('there is no task with PID 4000000');
  });

  it('tells the idle tasks of its CPUs apart by their addresses: all have PID 0', () => {
    const idle = queries.listTasks().tasks.filter(({ pid }) => pid === 0);
    expect(idle.length).toBeGreaterThan(1);
    for (const task of idle) expect(queries.getTask({ address: task.address }).task).toEqual(task);
    expect(idle.map(({ address }) => queries.getTask({ address }).children)).toEqual([[1, 2], ...idle.slice(1).map(() => [])]);
    expect(() => queries.getTask({ address: 0x1000n })).toThrow('there is no task at 0x1000');
  });

  it('knows what the frames of a process are for, and how many map them', () => {
    const { tasks } = queries.listTasks();
    for (const { pid, kind, address } of MARKS) {
      // As the tables have it now: the kernel moved small pages after their frames were printed.
      const { tables } = queries.kernel.userSpace(tasks.find((task) => task.pid === pid)!.root!);
      expect(tables.translateAddress(address)).toBe(true);
      const { physical } = tables.found;
      const page = queries.getPage({ physical });
      expect(page.pfn).toBe(Math.floor(physical / 4096));
      if (kind === 'text') expect(page).toMatchObject({ use: 'page cache of /bin/marker', mappings: 2, size: 4096 });
      else if (kind === 'huge2m')
        expect(page).toMatchObject({ use: expect.stringMatching(/(^|: )anonymous, huge page of hugetlbfs$/), mappings: 1, size: 2 ** 21 });
      else expect([kind, page]).toEqual([kind, expect.objectContaining({ use: 'anonymous', mappings: 1, size: 4096 })]);
    }
    expect(queries.getPage({ physical: 0x1000 })).toMatchObject({ use: 'reserved', flags: ['reserved'] });
    const table = queries.kernel
      .userSpace(tasks.find(({ pid }) => pid === 1)!.root!)
      .tables.walk(0x401000n)
      .steps.at(-1)!;
    expect(queries.getPage({ physical: Number(table.entryAddress) }).use).toBe('table');
    expect(() => queries.getPage({ physical: 2 ** 44 })).toThrow('has no struct page for it');
  });

  it('has as many free frames as it counts itself', () => {
    const { kernel } = queries;
    // vm_zone_stat[NR_FREE_PAGES]; each CPU adds up to 125 of its own to that now and then (mm/vmstat.c).
    const counted = Number(kernel.space.word(kernel.require('vm_zone_stat')));
    let free = 0;
    for (let pfn = 0; pfn < 2 ** 15; pfn++) {
      try {
        if (queries.getPage({ physical: pfn * 4096 }).use.startsWith('free')) free++;
      } catch (error) {
        expect(error).toMatchObject({ message: expect.stringContaining('has no struct page for it') });
      }
    }
    expect(counted).toBeGreaterThan(1000);
    expect(Math.abs(free - counted)).toBeLessThan(250);
  });
});
