/** What the engine reads of a Linux guest's kernel, out of its memory alone, against what the guest itself printed: symbols, types, log, tasks and their memory. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { LinuxKernel } from '#engine/linux/kernel.ts';
import { readLog, timeText } from '#engine/linux/log.ts';
import { commandLineOf, listTasks } from '#engine/linux/tasks.ts';
import { kernelOfDump } from '#engine/session/kernel-of-dump.ts';
import { openToExport } from '../engine/export/export-case.ts';
import { labFile } from './lab-guest.ts';
import { readMarks } from './marks.ts';

/** The kernel in a guest's stream; `bare` takes VMCOREINFO away that came with it. */
export function kernelOfGuest(guest: string, { bare = false } = {}): LinuxKernel {
  const { dump, memory, architecture } = openToExport(labFile(guest, 'stream.qevm'));
  return kernelOfDump(bare ? { ...dump, vmcoreinfo: undefined } : dump, memory, architecture);
}

/** Tests of a guest's kernel: `missing` is what is known to be missing of its list of tasks. */
export function checkKernel(guest: string, find: () => LinuxKernel, missing: readonly unknown[] = []): void {
  const kernel = find();
  const serial = readFileSync(labFile(guest, 'serial.log'), 'latin1').replaceAll('\r', '').split('\n');

  it('has a log with every line that went to the console, in that order', () => {
    const { lines, problem } = readLog(kernel);
    expect(problem).toBeUndefined();
    const ours = lines.flatMap(({ time, text }) => text.split('\n').map((line) => `${timeText(time)} ${line}`.trimEnd()));
    const console = serial.filter((line) => /^\[ *\d+\.\d{6}\] /.test(line)).map((line) => line.trimEnd());
    expect(console.length).toBeGreaterThan(200);
    let at = 0;
    for (const line of console) {
      const found = ours.indexOf(line, at);
      expect([line, found >= 0]).toEqual([line, true]);
      at = found + 1;
    }
  });

  it('has the symbols that /proc/kallsyms showed', () => {
    const shown = serial.flatMap((line) => {
      const match = /^([0-9a-f]{16}) ([A-Za-z]) (\w+)$/.exec(line);
      return match ? [{ address: BigInt(`0x${match[1]}`), name: match[3]! }] : [];
    });
    expect(shown.length).toBeGreaterThan(2);
    const found = kernel.kallsyms!.find(shown.map(({ name }) => name));
    for (const { name, address } of shown) expect([name, found.get(name)]).toEqual([name, address]);
  });

  it("has BTF that fits its memory: init_task's comm is swapper's", () => {
    const comm = kernel.types!.find('task_struct', 'comm')!.offset;
    expect(kernel.space.string(kernel.address('init_task')! + BigInt(comm), 16)).toBe('swapper/0');
  });

  it('has the processes that printed MARK lines, with their command line and their memory', () => {
    const { tasks, problems } = listTasks(kernel);
    expect(problems).toEqual(missing);
    expect(tasks[0]).toMatchObject({ pid: 0, comm: 'swapper/0', kernel: true, root: null });
    expect(tasks.find(({ pid }) => pid === 1)).toMatchObject({ tgid: 1, parent: 0, kernel: false });
    expect(tasks.find(({ pid }) => pid === 2)).toMatchObject({ comm: 'kthreadd', kernel: true, root: null });
    const processes = readMarks(guest);
    expect(processes.length).toBeGreaterThan(0);
    for (const { pid, marks } of processes) {
      const task = tasks.find((each) => each.pid === pid)!;
      expect(task).toMatchObject({ comm: 'marker', tgid: pid, kernel: false });
      expect(commandLineOf(kernel, task)?.[0]).toMatch(/marker$/);
      const space = kernel.userSpace(task.root!);
      for (const { address, physical, text } of marks) {
        const mapped = space.tables.translateAddress(address);
        expect([address, mapped ? space.tables.found.physical : undefined]).toEqual([address, physical]);
        if (text !== undefined && mapped) expect(space.string(address, text.length)).toBe(text);
      }
    }
  });
}
