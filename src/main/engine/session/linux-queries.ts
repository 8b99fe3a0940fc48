/** What a session answers of the Linux kernel in its dump. The kernel is found when it is first asked for. */
import type { MethodArgument } from '#shared/contract.ts';
import type { LinuxLog, LinuxModuleList, LinuxTaskList } from '#shared/model/index.ts';
import type { LinuxKernel } from '../linux/kernel.ts';
import { readLog, type KernelLog } from '../linux/log.ts';
import { describeModules } from '../linux/module-list.ts';
import { listTasks } from '../linux/tasks.ts';

type Argument<Name extends 'readLinuxLog'> = Omit<MethodArgument<Name>, 'dumpId'>;

export class LinuxQueries {
  readonly #open: () => LinuxKernel;
  #kernel: LinuxKernel | undefined;
  #log: KernelLog | undefined;

  /** `open` throws WorkbenchError `unsupported` where there is no kernel. */
  constructor(open: () => LinuxKernel) {
    this.#open = open;
  }

  get kernel(): LinuxKernel {
    this.#kernel ??= this.#open();
    return this.#kernel;
  }

  readLog({ from, limit }: Argument<'readLinuxLog'>): LinuxLog {
    this.#log ??= readLog(this.kernel);
    const { lines, problem } = this.#log;
    const end = Math.min(lines.length, from + limit);
    return { lines: lines.slice(from, end), next: end < lines.length ? end : null, ...(problem === undefined ? {} : { problem }) };
  }

  listTasks(): LinuxTaskList {
    return listTasks(this.kernel);
  }

  listModules(): LinuxModuleList {
    return describeModules(this.kernel);
  }
}
