import { describe, expect, it } from 'vitest';
import { statesOf, taskRows, type TaskFilter } from '../../../src/renderer/src/features/linux/task-rows.ts';
import type { LinuxTask } from '../../../src/shared/model/index.ts';

const task = (pid: number, comm: string, part: Partial<LinuxTask> = {}): LinuxTask => ({
  address: 0xffff_8880_0000_0000n + BigInt(pid) * 64n,
  pid,
  tgid: pid,
  parent: 1,
  comm,
  state: 'S',
  cpu: 0,
  running: false,
  kernel: false,
  root: 0x1000 * pid,
  ...part,
});
const TASKS = [
  task(0, 'swapper/0', { kernel: true, state: 'R', running: true }),
  task(0, 'swapper/1', { kernel: true, state: 'R', address: 1n, cpu: 1 }),
  task(1, 'init', { parent: 0 }),
  task(2, 'kthreadd', { kernel: true, parent: 0 }),
  task(174, 'qemu-system-x86'),
  task(300, 'sleep', { state: 'D' }),
  task(180, 'CPU 0/KVM', { tgid: 174, state: 'R', cpu: null }),
  task(188, 'CPU 1/KVM', { tgid: 174 }),
];
const ALL: TaskFilter = { text: '', state: '', kernelThreads: true, grouping: 'grouped' };
const shown = (filter: Partial<TaskFilter> = {}, column: Parameters<typeof taskRows>[2]['column'] = 'pid', descending = false): string[] =>
  taskRows(TASKS, { ...ALL, ...filter }, { column, descending }).map(({ task: { comm }, below }) => (below ? `  ${comm}` : comm));

describe('the table of tasks', () => {
  it('has threads below their process, and every idle task', () => {
    expect(shown()).toEqual(['swapper/0', 'swapper/1', 'init', 'kthreadd', 'qemu-system-x86', '  CPU 0/KVM', '  CPU 1/KVM', 'sleep']);
  });

  it('keeps threads with their process however it is sorted', () => {
    expect(shown({}, 'comm', true).slice(0, 6)).toEqual(['swapper/1', 'swapper/0', 'sleep', 'qemu-system-x86', '  CPU 1/KVM', '  CPU 0/KVM']);
  });

  it('has threads one by one, or only processes', () => {
    expect(shown({ grouping: 'flat', kernelThreads: false })).toEqual(['init', 'qemu-system-x86', 'CPU 0/KVM', 'CPU 1/KVM', 'sleep']);
    expect(shown({ grouping: 'processes', kernelThreads: false })).toEqual(['init', 'qemu-system-x86', 'sleep']);
  });

  it('shows a thread that is found without its process', () => {
    expect(shown({ text: 'cpu 1' })).toEqual(['CPU 1/KVM']);
  });

  it('finds a PID, and with a process its threads', () => {
    expect(shown({ text: '174' })).toEqual(['qemu-system-x86', '  CPU 0/KVM', '  CPU 1/KVM']);
    expect(shown({ text: '1' })).toEqual(['init']);
    expect(shown({ text: '86' })).toEqual(['qemu-system-x86']);
    expect(shown({ text: '18' })).toEqual([]);
  });

  it('sorts by state with what runs and what cannot be interrupted on top', () => {
    expect(shown({ grouping: 'flat' }, 'state').slice(0, 4)).toEqual(['swapper/0', 'swapper/1', 'CPU 0/KVM', 'sleep']);
    expect(shown({ state: 'D' })).toEqual(['sleep']);
  });

  it('has tasks whose CPU is not known after all others', () => {
    expect(shown({ grouping: 'flat' }, 'cpu').at(-1)).toBe('CPU 0/KVM');
  });

  it('counts the states that occur', () => {
    expect(statesOf(TASKS)).toEqual([
      { state: 'R', word: 'runnable', count: 3 },
      { state: 'D', word: 'uninterruptible', count: 1 },
      { state: 'S', word: 'sleeping', count: 4 },
    ]);
  });
});
