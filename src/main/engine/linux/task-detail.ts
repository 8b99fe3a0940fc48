/** One task in full. Each part may be missing on its own: it is then null, and a sentence says so. */
import { WorkbenchError } from '#shared/errors.ts';
import type { LinuxArea, LinuxTask, LinuxTaskDetail, LinuxTaskList } from '#shared/model/index.ts';
import type { LinuxKernel } from './kernel.ts';
import { areasOf } from './areas.ts';
import { describeFiles } from './files.ts';
import { Parts } from './parts.ts';
import { commandLineOf } from './tasks.ts';

/** `pid`: of any thread. Throws WorkbenchError `bad-request` where there is none. */
export function describeTask(kernel: LinuxKernel, { tasks }: LinuxTaskList, pid: number): LinuxTaskDetail {
  const task = tasks.find((each) => each.pid === pid);
  if (!task) throw new WorkbenchError('bad-request', `there is no task with PID ${pid}`);
  const parts = new Parts();
  return {
    task,
    commandLine: task.kernel ? null : parts.read('The command line', () => commandLineOf(kernel, task)),
    areas: task.kernel ? null : parts.read('The areas of its memory', () => areasIn(kernel, task, parts.problems)),
    files: task.kernel ? null : parts.read('The open files', () => describeFiles(kernel, task)),
    ...familyOf(tasks, task),
    problems: parts.problems,
  };
}

function familyOf(tasks: readonly LinuxTask[], { pid, tgid }: LinuxTask): Pick<LinuxTaskDetail, 'threads' | 'children'> {
  const threads = tasks.filter((each) => each.tgid === tgid && each.pid !== pid).map((each) => each.pid);
  const children = tasks.filter((each) => each.parent === tgid && each.pid === each.tgid && each.pid !== 0).map((each) => each.pid);
  return { threads, children };
}

function areasIn(kernel: LinuxKernel, task: LinuxTask, problems: string[]): LinuxArea[] | undefined {
  const list = areasOf(kernel, task);
  problems.push(...(list?.problems ?? []));
  return list?.areas;
}
