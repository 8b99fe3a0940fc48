import type { LinuxTask } from '#shared/model/index.ts';
import { formatAddress } from '#shared/address-text.ts';
import { hexOrNull, toJson } from '../json.ts';
import { textTable } from '#shared/text-table.ts';
import type { LinuxPart } from './part.ts';

const right = 'right' as const;

export const tasks: LinuxPart = {
  async show({ workbench, json, print, note }, dumpId) {
    const { tasks: all, problems } = await workbench.listLinuxTasks({ dumpId });
    if (json) {
      print(toJson({ tasks: all.map(taskJson), problems }));
      return;
    }
    for (const problem of problems) note(problem);
    print(
      textTable(
        [
          { title: '' },
          { title: 'PID', align: right },
          { title: 'TGID', align: right },
          { title: 'PPID', align: right },
          { title: 'CPU', align: right },
          { title: 'TASK' },
          { title: 'ST' },
          { title: 'COMM' },
        ],
        all.map((task) => [
          task.running ? '>' : '',
          `${task.pid}`,
          `${task.tgid}`,
          `${task.parent ?? '-'}`,
          `${task.cpu ?? '-'}`,
          formatAddress(task.address),
          task.state,
          commOf(task),
        ]),
      ),
    );
  },
};

/** Threads of the kernel in brackets, as ps has them. */
export function commOf({ comm, kernel }: LinuxTask): string {
  return kernel ? `[${comm}]` : comm;
}

export function taskJson({ root, ...task }: LinuxTask) {
  return { ...task, root: hexOrNull(root) };
}
