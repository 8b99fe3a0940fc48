/**
 * init_task by what it holds, for kernels whose symbol table has functions alone (without CONFIG_KALLSYMS_ALL, as Debian's of all families but x86-64 and RISC-V): it lies in the kernel's data.
 *
 * Facts: Linux init/init_task.c, kernel/sched/core.c (init_idle): its comm is "swapper/0", "swapper" without SMP; its PID is 0, and it heads the list of all processes.
 */
import { KernelStruct } from './kernel-struct.ts';
import { placesOf, type KernelStretch } from './kernel-window.ts';
import type { LinuxKernel } from './kernel.ts';

const NAMES = ['swapper/0\0', 'swapper\0'].map((name) => Buffer.from(name, 'latin1'));
const MEMBERS = ['pid', 'tgid', 'tasks'];
/** More places than that are made to hold somebody up. */
const MAX_TRIES = 4096;

/** Undefined where it is not found, or the kernel's types are not known. */
export function findInitTask(kernel: LinuxKernel, stretches: readonly KernelStretch[]): bigint | undefined {
  const comm = kernel.types?.find('task_struct', 'comm')?.offset;
  const probe = new KernelStruct(kernel, 'task_struct', 0n);
  if (comm === undefined || !MEMBERS.every((member) => probe.has(member))) return undefined;
  let tries = 0;
  for (const name of NAMES) {
    for (const place of placesOf(kernel.space, stretches, name)) {
      if (++tries > MAX_TRIES) return undefined;
      const address = place - BigInt(comm);
      if (isFirst(new KernelStruct(kernel, 'task_struct', address))) return address;
    }
  }
  return undefined;
}

function isFirst(task: KernelStruct): boolean {
  if (task.small('pid') !== 0 || task.small('tgid') !== 0) return false;
  const { space } = task.kernel;
  const list = task.at('tasks');
  const next = space.word(list);
  const back = next === undefined || next === 0n ? undefined : space.word(next + BigInt(space.wordSize));
  return back === list;
}
