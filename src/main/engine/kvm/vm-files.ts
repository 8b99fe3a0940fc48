/**
 * Virtual machines by the files that tasks hold: each is an `anon_inode:kvm-vm`, whose private_data is its struct kvm (Linux virt/kvm/kvm_main.c, include/linux/fdtable.h, v6.1).
 */
import type { LinuxTask } from '#shared/model/index.ts';
import { KernelStruct } from '../linux/kernel-struct.ts';
import type { KvmModule } from './kvm-module.ts';

/** Descriptors that one process can have: the default of fs.nr_open. */
const MAX_FILES = 1_048_576;
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
    for (const file of filesOf(kvm, task)) {
      const isMachine = operations === undefined ? nameOf(file) === NAME : file.pointer('f_op') === operations;
      const machine = isMachine ? file.pointer('private_data') : undefined;
      if (machine !== undefined && machine !== 0n) machines.add(machine);
    }
    for (const machine of machines) found.push({ machine, task });
  }
  return found;
}

function* filesOf({ kernel }: KvmModule, task: LinuxTask): Generator<KernelStruct, void, undefined> {
  const table = new KernelStruct(kernel, 'task_struct', task.address).follow('files', 'files_struct')?.follow('fdt', 'fdtable');
  const first = table?.pointer('fd');
  const count = table?.small('max_fds');
  if (first === undefined || count === undefined || count > MAX_FILES) return;
  for (let descriptor = 0; descriptor < count; descriptor++) {
    const file = kernel.space.word(first + BigInt(descriptor * kernel.space.wordSize));
    if (file === undefined) return;
    if (file !== 0n) yield new KernelStruct(kernel, 'file', file);
  }
}

/** Where symbols of data are left out (no CONFIG_KALLSYMS_ALL) the name is all that tells. */
function nameOf(file: KernelStruct): string | undefined {
  const name = file.follow('f_path.dentry', 'dentry')?.pointer('d_name.name');
  return name === undefined || name === 0n ? undefined : file.kernel.space.string(name, 32);
}
