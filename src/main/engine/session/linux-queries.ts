/** What a session answers of the Linux kernel in its dump. The kernel is found when it is first asked for. */
import type { MethodArgument } from '#shared/contract.ts';
import type { LinuxLog, LinuxModuleList, LinuxOverview, LinuxPage, LinuxTaskDetail, LinuxTaskList } from '#shared/model/index.ts';
import type { LinuxKernel } from '../linux/kernel.ts';
import { readLog, type KernelLog } from '../linux/log.ts';
import { describeModules } from '../linux/module-list.ts';
import { describeKernel } from '../linux/overview.ts';
import { describePage } from '../linux/struct-page.ts';
import { describeTask } from '../linux/task-detail.ts';
import { listTasks } from '../linux/tasks.ts';

type Argument<Name extends 'readLinuxLog' | 'getLinuxTask' | 'getLinuxPage'> = Omit<MethodArgument<Name>, 'dumpId'>;

export class LinuxQueries {
  readonly #open: () => LinuxKernel;
  #kernel: LinuxKernel | undefined;
  #log: KernelLog | undefined;
  #tasks: LinuxTaskList | undefined;

  /** `open` throws WorkbenchError `unsupported` where there is no kernel. */
  constructor(open: () => LinuxKernel) {
    this.#open = open;
  }

  get kernel(): LinuxKernel {
    this.#kernel ??= this.#open();
    return this.#kernel;
  }

  getOverview(): LinuxOverview {
    return describeKernel(this.kernel, {
      log: this.#wholeLog(),
      countTasks: () => this.listTasks().tasks.length,
      countModules: () => this.listModules().modules.length,
    });
  }

  readLog({ from, limit }: Argument<'readLinuxLog'>): LinuxLog {
    const { lines, problem } = this.#wholeLog();
    const end = Math.min(lines.length, from + limit);
    return { lines: lines.slice(from, end), next: end < lines.length ? end : null, ...(problem === undefined ? {} : { problem }) };
  }

  listTasks(): LinuxTaskList {
    this.#tasks ??= withUnused(this.kernel, listTasks(this.kernel));
    return this.#tasks;
  }

  getTask(which: Argument<'getLinuxTask'>): LinuxTaskDetail {
    return describeTask(this.kernel, this.listTasks(), which);
  }

  listModules(): LinuxModuleList {
    return withUnused(this.kernel, describeModules(this.kernel));
  }

  getPage({ physical }: Argument<'getLinuxPage'>): LinuxPage {
    return describePage(this.kernel, physical);
  }

  #wholeLog(): KernelLog {
    this.#log ??= readLog(this.kernel);
    return this.#log;
  }
}

/** With what is said of files that were given and not used. */
export function withUnused<List extends { problems: string[] }>(kernel: LinuxKernel, list: List): List {
  const unused = kernel.given?.problems(kernel) ?? [];
  return unused.length === 0 ? list : { ...list, problems: [...list.problems, ...unused] };
}
