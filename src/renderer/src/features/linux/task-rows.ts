/** Tasks as rows of the table: filtered, sorted, threads below the process that they are of. */
import type { LinuxTask } from '#shared/model/index.ts';
import { taskStateWord } from '#shared/linux-text.ts';
import type { Sorting } from '../../composables/use-sorting.ts';

/** Threads below their process, among the processes, or left out. */
export type TaskGrouping = 'grouped' | 'flat' | 'processes';
export type TaskColumn = 'pid' | 'parent' | 'cpu' | 'state' | 'comm' | 'address';

export interface TaskRow {
  task: LinuxTask;
  /** A thread that stands below its process. */
  below: boolean;
}

export interface TaskFilter {
  /** Part of the name, or a whole PID. */
  text: string;
  /** A letter; empty for all. */
  state: string;
  kernelThreads: boolean;
  grouping: TaskGrouping;
}

/** What wants a look comes first: what runs, what cannot be interrupted, what was stopped; those that wait come last. */
const STATE_ORDER = 'RDTtZXP?SI';
const rank = ({ state, running }: LinuxTask): number => (running ? -1 : STATE_ORDER.indexOf(state));

const ORDER: Record<TaskColumn, (a: LinuxTask, b: LinuxTask) => number> = {
  pid: (a, b) => a.pid - b.pid,
  parent: (a, b) => (a.parent ?? -1) - (b.parent ?? -1),
  cpu: (a, b) => (a.cpu ?? Infinity) - (b.cpu ?? Infinity) || 0,
  state: (a, b) => rank(a) - rank(b),
  comm: (a, b) => (a.comm < b.comm ? -1 : a.comm > b.comm ? 1 : 0),
  address: (a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0),
};

export function matchesTask(task: LinuxTask, { text, state, kernelThreads }: Omit<TaskFilter, 'grouping'>): boolean {
  if (task.kernel && !kernelThreads) return false;
  if (state !== '' && task.state !== state) return false;
  const wanted = text.trim().toLowerCase();
  return wanted === '' || hasPid(task, wanted) || task.comm.toLowerCase().includes(wanted);
}

/** Its own PID, or its process's. */
const hasPid = ({ pid, tgid }: LinuxTask, text: string): boolean => String(pid) === text || String(tgid) === text;

/** Idle tasks all have PID 0: each is a process of its own. */
const isThread = ({ pid, tgid }: LinuxTask): boolean => pid !== tgid;

export function taskRows(tasks: readonly LinuxTask[], filter: TaskFilter, { column, descending }: Sorting<TaskColumn>): TaskRow[] {
  const order = ORDER[column];
  const sign = descending ? -1 : 1;
  const matching = tasks.filter((task) => matchesTask(task, filter) && !(filter.grouping === 'processes' && isThread(task)));
  // A PID that is there is meant as one, not as part of a name: "1" is init and no kworker/1:0.
  const meant = matching.filter((task) => hasPid(task, filter.text.trim()));
  const found = meant.length > 0 ? meant : matching;
  found.sort((a, b) => sign * order(a, b) || a.pid - b.pid);
  if (filter.grouping !== 'grouped') return found.map((task) => ({ task, below: false }));
  const threads = new Map<number, LinuxTask[]>();
  const shown = new Set(found.filter((task) => !isThread(task)).map(({ pid }) => pid));
  const top: LinuxTask[] = [];
  for (const task of found) {
    // A thread that is found without its process stands alone.
    if (!isThread(task) || !shown.has(task.tgid)) top.push(task);
    else threads.set(task.tgid, [...(threads.get(task.tgid) ?? []), task]);
  }
  return top.flatMap((task) => {
    const below = isThread(task) ? undefined : threads.get(task.pid);
    // Once: the idle tasks of all CPUs are process 0.
    if (below) threads.delete(task.pid);
    return [{ task, below: false }, ...(below ?? []).map((thread) => ({ task: thread, below: true }))];
  });
}

/** States that occur, with how many are in them, in the order of what wants a look. */
export function statesOf(tasks: readonly LinuxTask[]): { state: string; word: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { state } of tasks) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => STATE_ORDER.indexOf(a) - STATE_ORDER.indexOf(b))
    .map(([state, count]) => ({ state, word: taskStateWord({ state, running: false }), count }));
}
