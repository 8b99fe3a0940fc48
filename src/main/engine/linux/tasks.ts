/**
 * The tasks of a kernel, as ps shows them.
 *
 * Facts: Linux include/linux/sched.h, init/init_task.c, fs/proc/array.c (v6.1). `state` is `__state` since v5.14 (2f064a59a11f); threads hang on signal->thread_head since v3.14 (0c740d0afc3b), on thread_group before; the CPU is in
 * thread_info since v5.16 (bcf9033e5449), in the task itself before.
 */
import type { LinuxTask, LinuxTaskList } from '#shared/model/index.ts';
import { idleTask, presentCpus } from './cpus.ts';
import { KernelStruct } from './kernel-struct.ts';
import type { LinuxKernel } from './kernel.ts';
import { readList } from './lists.ts';

/** Threads that a kernel can have: PID_MAX_LIMIT. */
const MAX_TASKS = 4_194_304;
/** Words of a command line: MAX_ARG_STRLEN. Those that libvirt starts QEMU with take some ten thousand. */
const MAX_ARGUMENTS = 131_072;

const PF_KTHREAD = 0x0020_0000;
/** Of task_struct.exit_state. */
const EXIT_DEAD = 0x10;
const EXIT_ZOMBIE = 0x20;

/** Bits of the state that tell on their own, in the order in which ps asks for them. */
const STATE_LETTERS: readonly [bits: number, letter: string][] = [
  [0x402, 'I'],
  [0x01, 'S'],
  [0x02, 'D'],
  [0x04, 'T'],
  [0x08, 't'],
  [0x40, 'P'],
  [0x80, 'X'],
];

/** Every thread: the idle tasks of the CPUs, which have PID 0, then all others in the order of the kernel's list. Throws WorkbenchError `unsupported` for a kernel whose types or symbols are not known. */
export function listTasks(kernel: LinuxKernel): LinuxTaskList {
  const { space } = kernel;
  kernel.lookUp(['init_task', 'runqueues', '__per_cpu_offset', '__cpu_present_mask']);
  const init = kernel.require('init_task');
  const first = new KernelStruct(kernel, 'task_struct', init);
  const problems: string[] = [];
  const leaders = readList(space, first.at('tasks'), MAX_TASKS);
  if (leaders.broken !== undefined) problems.push(`The list of processes is not whole: ${leaders.broken}.`);
  const tasksOffset = first.at('tasks') - init;
  const tasks: LinuxTask[] = [first, ...otherIdleTasks(first, problems)].map(readTask);
  for (const node of leaders.nodes) {
    const leader = new KernelStruct(kernel, 'task_struct', node - tasksOffset);
    for (const thread of threadsOf(leader, problems)) tasks.push(readTask(thread));
  }
  return { tasks, problems };
}

/** Those of all CPUs but the one that started the system: no list has them. */
function otherIdleTasks({ kernel, address }: KernelStruct, problems: string[]): KernelStruct[] {
  const cpus = presentCpus(kernel);
  if (!cpus) problems.push('How many CPUs there are is not known, so the idle tasks of all but one are missing.');
  return (cpus ?? []).flatMap((cpu) => {
    const task = idleTask(kernel, cpu);
    if (!task) problems.push(`The idle task of CPU ${cpu} is not in the dump.`);
    return task && task.address !== address ? [task] : [];
  });
}

/** The leader among them. */
function threadsOf(leader: KernelStruct, problems: string[]): KernelStruct[] {
  const { kernel, address } = leader;
  const byNode = leader.has('thread_node');
  const signal = byNode ? leader.follow('signal', 'signal_struct') : undefined;
  const head = byNode ? signal?.at('thread_head') : leader.at('thread_group');
  if (head === undefined) return [leader];
  const { nodes, broken } = readList(kernel.space, head, MAX_TASKS);
  if (broken !== undefined) problems.push(`The list of threads of ${leader.text('comm') ?? '?'} is not whole: ${broken}.`);
  const offset = leader.at(byNode ? 'thread_node' : 'thread_group') - address;
  const others = nodes.map((node) => node - offset).filter((task) => task !== address);
  return [leader, ...others.map((task) => new KernelStruct(kernel, 'task_struct', task))];
}

function readTask(task: KernelStruct): LinuxTask {
  const flags = task.small('flags') ?? 0;
  const parent = task.follow('real_parent', 'task_struct')?.small('tgid') ?? null;
  return {
    address: task.address,
    pid: task.small('pid') ?? -1,
    tgid: task.small('tgid') ?? -1,
    parent,
    comm: task.text('comm') ?? '?',
    state: stateOf(task),
    cpu: task.small(task.has('thread_info.cpu') ? 'thread_info.cpu' : 'cpu') ?? null,
    running: task.has('on_cpu') && task.small('on_cpu') === 1,
    kernel: (flags & PF_KTHREAD) !== 0,
    root: rootOf(task),
  };
}

function stateOf(task: KernelStruct): string {
  const exit = task.small('exit_state') ?? 0;
  if ((exit & EXIT_ZOMBIE) !== 0) return 'Z';
  if ((exit & EXIT_DEAD) !== 0) return 'X';
  const state = task.small(task.has('__state') ? '__state' : 'state');
  if (state === undefined) return '?';
  if (state === 0) return 'R';
  return STATE_LETTERS.find(([bits]) => (state & bits) === bits)?.[1] ?? '?';
}

function rootOf(task: KernelStruct): number | null {
  const tables = task.follow('mm', 'mm_struct')?.pointer('pgd');
  const { space } = task.kernel;
  return tables !== undefined && space.tables.translateAddress(tables) ? space.tables.found.physical : null;
}

/** The words that a process was started with, as it has them in its memory now; undefined where they are not in the dump. */
export function commandLineOf(kernel: LinuxKernel, task: LinuxTask): string[] | undefined {
  const user = task.root === null ? undefined : kernel.userSpace(task.root);
  const memory = new KernelStruct(kernel, 'task_struct', task.address).follow('mm', 'mm_struct');
  const start = memory?.number('arg_start');
  const end = memory?.number('arg_end');
  if (!user || start === undefined || end === undefined || end <= start) return undefined;
  const length = end - start > BigInt(MAX_ARGUMENTS) ? MAX_ARGUMENTS : Number(end - start);
  const bytes = user.bytes(start, length);
  return bytes && new TextDecoder().decode(bytes).replace(/\0+$/, '').split('\0');
}
