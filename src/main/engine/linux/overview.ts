/** What the memory of a kernel tells of its system at a glance. Each part may be missing on its own: it is then null, and a sentence says so. */
import type { LinuxOverview } from '#shared/model/index.ts';
import { readClock } from './clock.ts';
import { onlineCpus, presentCpus } from './cpus.ts';
import type { LinuxKernel } from './kernel.ts';
import { VMLINUX, whatToGive } from './known-types.ts';
import type { KernelLog } from './log.ts';
import { panicMessage } from './panic.ts';
import { Parts } from './parts.ts';
import { readSystemNames } from './uts.ts';

/** All symbols of the overview: one pass finds them all. */
const SYMBOLS = [
  ...[
    'init_uts_ns',
    'saved_command_line',
    'tk_core',
    'timekeeper_data',
    'jiffies_64',
    'tick_nsec',
    '__cpu_online_mask',
    '__cpu_present_mask',
    '__per_cpu_offset',
    'runqueues',
  ],
  ...['init_task', 'modules', 'prb', 'log_buf', 'log_buf_len', 'log_first_idx', 'log_next_idx', '__start_BTF', '__stop_BTF'],
];

export interface OverviewSources {
  log: KernelLog;
  /** Number of tasks, or of modules. Throws WorkbenchError `unsupported` where the kernel's types or symbols are not known. */
  countTasks(): number;
  countModules(): number;
}

export function describeKernel(kernel: LinuxKernel, { log, countTasks, countModules }: OverviewSources): LinuxOverview {
  kernel.lookUp(SYMBOLS);
  const parts = new Parts();
  const names = parts.read('The names of the system', () => readSystemNames(kernel));
  const clock = parts.read('Its clock', () => readClock(kernel) ?? unknownSymbol(kernel, 'tk_core'));
  if (log.problem !== undefined) parts.problems.push(log.problem);
  if (!kernel.types) parts.problems.push(`The types of the kernel are not known: it has no BTF, or the dump lacks it. ${whatToGive(VMLINUX)}`);
  return {
    release: names?.release ?? kernel.release ?? '?',
    version: names?.version ?? null,
    machine: names?.machine ?? null,
    nodeName: names?.nodename ?? null,
    uptime: clock?.uptime ?? null,
    time: clock?.time?.toISOString() ?? null,
    commandLine: parts.read("The kernel's command line", () => commandLineInLog(kernel, log) ?? commandLine(kernel)),
    panic: panicMessage(log.lines),
    cpuCount: parts.read('The number of CPUs', () => presentCpus(kernel)?.length ?? unknownSymbol(kernel, '__cpu_present_mask')),
    onlineCpuCount: parts.read('The number of CPUs that run', () => onlineCpus(kernel)?.length ?? unknownSymbol(kernel, '__cpu_online_mask')),
    taskCount: parts.read('The tasks', countTasks),
    moduleCount: parts.read('The modules', countModules),
    sources: sourcesOf(kernel),
    problems: [...parts.problems, ...(kernel.given?.problems(kernel) ?? [])],
  };
}

/** Of a kernel whose variables are not known by name; every family prints it as it starts (init/main.c). */
function commandLineInLog(kernel: LinuxKernel, { lines }: KernelLog): string | undefined {
  if (kernel.address('saved_command_line') !== undefined) return undefined;
  const begin = 'Kernel command line: ';
  return lines.find(({ text }) => text.startsWith(begin))?.text.slice(begin.length);
}

function commandLine(kernel: LinuxKernel): string | undefined {
  const text = kernel.space.word(kernel.require('saved_command_line'));
  return text === undefined || text === 0n ? undefined : kernel.space.string(text);
}

/** Undefined for a symbol that is known: then memory is what lacks. Throws for one that is not. */
function unknownSymbol(kernel: LinuxKernel, name: string): undefined {
  kernel.require(name);
}

function sourcesOf(kernel: LinuxKernel): LinuxOverview['sources'] {
  const { kallsyms, btf, types } = kernel;
  const symbols = kallsyms ? `kallsyms in memory, ${kallsyms.count.toLocaleString('en-US')} symbols` : (kernel.given?.symbolSource(kernel) ?? null);
  const given = kernel.given?.sourceOf(VMLINUX, kernel);
  const own = btf ? `BTF in memory, ${(btf.endId - 1).toLocaleString('en-US')} types` : null;
  return { kernel: kernel.foundBy, symbols, types: given ?? (types ? own : null) };
}
