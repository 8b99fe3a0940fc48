/** `linux` as scripts and people see it, on a small Linux guest, and on one without Linux. */
import { describe, expect, it } from 'vitest';
import { fixture } from '../fixtures/fixture.ts';
import { copyOfSample, newFolder } from '../hosts/sample-dump.ts';
import { run } from './run-cli.ts';

const guest = fixture('linux/stream.qevm');
const json = async (...words: string[]) => JSON.parse((await run('linux', guest, ...words, '--json')).out) as Record<string, unknown>;

describe('linux', () => {
  it('without a word tells of the kernel at a glance', async () => {
    const { code, out, err } = await run('linux', guest);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^release +6\.1\.0-50-amd64$/m);
    expect(out).toMatch(/^panic +none in the log$/m);
    expect(out).toMatch(/^tasks +56$/m);
    expect(await json()).toMatchObject({ release: '6.1.0-50-amd64', taskCount: 56, moduleCount: 1, problems: [] });
  });

  it('log prints lines as dmesg does; in JSON their times are seconds', async () => {
    const { out } = await run('linux', guest, 'log');
    expect(out).toMatch(/^\[ {4}0\.000000\] Linux version 6\.1\.0-50-amd64 /);
    const { lines, problem } = (await json('log')) as { lines: { time: number; text: string }[]; problem: unknown };
    expect(problem).toBeNull();
    expect(lines.at(-1)!.time).toBeGreaterThan(2);
    expect(out.trimEnd().split('\n')).toHaveLength(lines.flatMap(({ text }) => text.split('\n')).length);
  });

  it('tasks marks those that a CPU executes, and puts threads of the kernel in brackets', async () => {
    const { out } = await run('linux', guest, 'tasks');
    expect(out).toMatch(/^> +0 +0 +0 +0 {2}0xffffffff8ee1aa40 {2}R {3}\[swapper\/0\]$/m);
    expect(out).toMatch(/^ +89 +89 +1 .* S {3}marker$/m);
    const { tasks } = (await json('tasks')) as { tasks: Record<string, unknown>[] };
    expect(tasks.find(({ pid }) => pid === 89)).toMatchObject({ address: '0xffff8f0984533080', root: expect.stringMatching(/^0x[0-9a-f]+$/) });
  });

  it('modules, as lsmod has them', async () => {
    expect((await run('linux', guest, 'modules')).out).toMatch(/^qemu_fw_cfg +0xffffffffc03fd000 +20 KiB +live +0$/m);
    expect(await json('modules')).toMatchObject({ modules: [{ name: 'qemu_fw_cfg', address: '0xffffffffc03fd000', size: 20480 }], problems: [] });
  });

  it('task prints files, and areas as /proc/PID/maps does', async () => {
    const { out } = await run('linux', guest, 'task', '1');
    expect(out).toMatch(/^command line +\/bin\/busybox sh \/init$/m);
    expect(out).toMatch(/^10 +r +663 +0xffff8f09846e6e00 +\/init$/m);
    expect(out).toMatch(/^00401000-00585000 r-xp 00001000 00:02 11 {33}\/bin\/busybox$/m);
    const { areas, files } = (await json('task', '1')) as { areas: unknown[]; files: unknown[] };
    expect(areas[1]).toMatchObject({ start: '0x401000', last: '0x584fff', offset: '0x1000', access: 'r-xp', name: '/bin/busybox' });
    expect(files[0]).toMatchObject({ descriptor: 0, path: '/dev/console' });
    const { tasks } = (await json('tasks')) as { tasks: { address: string; comm: string }[] };
    const { address } = tasks.find(({ comm }) => comm === 'swapper/1')!;
    expect((await run('linux', guest, 'task', address)).out).toMatch(/^name +\[swapper\/1\]$/m);
  });

  it('page tells what a frame is for', async () => {
    expect((await run('linux', guest, 'page', '0x1000')).out).toMatch(/^use +reserved$/m);
    expect(await json('page', '0x1000')).toMatchObject({ pfn: 1, address: '0xfffffa8e80000040', flags: ['reserved'] });
  });

  it.each([
    [['tsks'], /unexpected argument "tsks": .*the words are log, tasks, modules/],
    [['task'], /PID or ADDRESS is missing/],
    [['task', 'init'], /neither a PID nor the address of a task_struct: "init"/],
    [['log', 'more'], /unexpected argument "more"/],
    [['page', '0x20000000000000'], /wider than a physical address/],
  ])('%j is bad usage', async (words, message) => {
    const { code, err } = await run('linux', guest, ...words);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
  });

  it('says of a PID that there is none, and of a guest without Linux what is missing', async () => {
    const none = await run('linux', guest, 'task', '4000');
    expect([none.code, none.err]).toEqual([2, expect.stringContaining('there is no task with PID 4000')]);
    const tiny = await run('linux', copyOfSample(newFolder()));
    expect([tiny.code, tiny.err]).toEqual([1, expect.stringMatching(/kernel|VMCOREINFO/)]);
  });
});
