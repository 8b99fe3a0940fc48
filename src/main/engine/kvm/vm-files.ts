/**
 * Virtual machines by the files that tasks hold: each is an `anon_inode:kvm-vm`, whose private_data is its struct kvm (Linux virt/kvm/kvm_main.c, include/linux/fdtable.h, v6.1).
 */
import type { LinuxTask } from '#shared/model/index.ts';
import { openDescriptors } from '../linux/files.ts';
import type { KernelStruct } from '../linux/kernel-struct.ts';
import type { KvmModule } from './kvm-module.ts';

const NAME = 'kvm-vm';

export interface VmFile {
  /** Address of its struct kvm. */
  machine: bigint;
  task: LinuxTask;
}

/** One for each VM that a process holds. `tasks`: threads share the files of their process, so leaders are asked. */
export function findVmFiles(kvm: KvmModule, tasks: readonly LinuxTask[]): VmFile[] {
  const operations = kvm.address('kvm_vm_fops');
  const found: VmFile[] = [];
  for (const task of tasks) {
    if (task.kernel || task.pid !== task.tgid) continue;
    const machines = new Set<bigint>();
    for (const { file } of openDescriptors(kvm.kernel, task) ?? []) {
      const isMachine = operations === undefined ? nameOf(file) === NAME : file.pointer('f_op') === operations;
      const machine = isMachine ? file.pointer('private_data') : undefined;
      if (machine !== undefined && machine !== 0n) machines.add(machine);
    }
    for (const machine of machines) found.push({ machine, task });
  }
  return found;
}

/** Where symbols of data are left out (no CONFIG_KALLSYMS_ALL) the name is all that tells. */
function nameOf(file: KernelStruct): string | undefined {
  const name = file.follow('f_path.dentry', 'dentry')?.pointer('d_name.name');
  return name === undefined || name === 0n ? undefined : file.kernel.space.string(name, 32);
}
