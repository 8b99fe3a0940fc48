/**
 * The CPUs of a kernel, and its variables of which each CPU has its own.
 *
 * Facts: Linux include/linux/cpumask.h, kernel/cpu.c, arch/x86/kernel/setup_percpu.c, mm/percpu.c (v6.1). Masks are __cpu_online_mask and so on since v4.5 (4b804c85dc37). A kernel for one CPU has neither masks nor offsets.
 */
import { KernelStruct } from './kernel-struct.ts';
import type { LinuxKernel } from './kernel.ts';

/** NR_CPUS of the largest configurations. */
const MAX_CPUS = 8192;

/** Numbers of the CPUs of a mask, ascending; undefined where the dump does not say. */
function cpusOfMask(kernel: LinuxKernel, symbol: string): number[] | undefined {
  const mask = kernel.address(symbol);
  const size = kernel.size('cpumask');
  if (mask === undefined || size === undefined || size > MAX_CPUS / 8) return undefined;
  const { space } = kernel;
  const cpus: number[] = [];
  for (let at = 0; at < size; at += space.wordSize) {
    const word = space.word(mask + BigInt(at));
    if (word === undefined) return undefined;
    if (word === 0n) continue;
    for (let bit = 0; bit < 8 * space.wordSize; bit++) if (((word >> BigInt(bit)) & 1n) === 1n) cpus.push(8 * at + bit);
  }
  return cpus;
}

/** Numbers of the CPUs that are there, running or not; undefined where the dump does not say. */
export function presentCpus(kernel: LinuxKernel): number[] | undefined {
  return cpusOfMask(kernel, '__cpu_present_mask') ?? (isForOneCpu(kernel) ? [0] : undefined);
}

/** Those of them that run: a kernel that panics stops all others. */
export function onlineCpus(kernel: LinuxKernel): number[] | undefined {
  return cpusOfMask(kernel, '__cpu_online_mask') ?? (isForOneCpu(kernel) ? [0] : undefined);
}

/** No offsets among the symbols mean that only where variables are among them at all (CONFIG_KALLSYMS_ALL). */
function isForOneCpu(kernel: LinuxKernel): boolean {
  return kernel.address('jiffies_64') !== undefined && kernel.address('__per_cpu_offset') === undefined;
}

/** Address of a CPU's own instance of a variable; undefined where nothing says. */
export function perCpuAddress(kernel: LinuxKernel, symbol: string, cpu: number): bigint | undefined {
  const address = kernel.address(symbol);
  if (address === undefined) return undefined;
  const offsets = kernel.address('__per_cpu_offset');
  if (offsets === undefined) return cpu === 0 && isForOneCpu(kernel) ? address : undefined;
  const { space } = kernel;
  const offset = space.word(offsets + BigInt(cpu * space.wordSize));
  return offset === undefined ? undefined : BigInt.asUintN(8 * space.wordSize, address + offset);
}

/** The idle task of a CPU: what it executes when there is nothing to do. */
export function idleTask(kernel: LinuxKernel, cpu: number): KernelStruct | undefined {
  const queue = perCpuAddress(kernel, 'runqueues', cpu);
  return queue === undefined ? undefined : new KernelStruct(kernel, 'rq', queue).follow('idle', 'task_struct');
}
