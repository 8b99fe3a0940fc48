/** One task in full. Each part may be missing on its own: it is then null, and a sentence says so. */
import { formatAddress } from '#shared/address-text.ts';
import { WorkbenchError } from '#shared/errors.ts';
import type { LinuxArea, LinuxTask, LinuxTaskDetail, LinuxTaskList } from '#shared/model/index.ts';
import type { LinuxKernel } from './kernel.ts';
import { areasOf } from './areas.ts';
import { describeFiles } from './files.ts';
import { Parts } from './parts.ts';
import { commandLineOf } from './tasks.ts';

/** Which task: by the PID of any thread, or where its task_struct lies, which alone tells the idle tasks of CPUs apart. */
export interface WhichTask {
  pid?: number | undefined;
  address?: bigint | undefined;
}

/** Throws WorkbenchError `bad-request` where there is none. */
export function describeTask(kernel: LinuxKernel, { tasks, problems }: LinuxTaskList, { pid, address }: WhichTask): LinuxTaskDetail {
  const task = tasks.find((each) => (address === undefined ? each.pid === pid : each.address === address));
  if (!task) {
    const which = address === undefined ? `with PID ${pid}` : `at ${formatAddress(address)}`;
    throw new WorkbenchError('bad-request', `there is no task ${which}`, { hint: problems.join(' ') || undefined });
  }
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

function familyOf(tasks: readonly LinuxTask[], { pid, tgid, address }: LinuxTask): Pick<LinuxTaskDetail, 'threads' | 'children'> {
  // Of the idle tasks, which share PID 0, the first has started all others.
  if (pid === 0 && tasks.find((each) => each.pid === 0)?.address !== address) return { threads: [], children: [] };
  const threads = tasks.filter((each) => each.tgid === tgid && each.pid !== pid).map((each) => each.pid);
  const children = tasks.filter((each) => each.parent === tgid && each.pid === each.tgid && each.pid !== 0).map((each) => each.pid);
  return { threads, children };
}

function areasIn(kernel: LinuxKernel, task: LinuxTask, problems: string[]): LinuxArea[] | undefined {
  const list = areasOf(kernel, task);
  problems.push(...(list?.problems ?? []));
  return list?.areas;
}
