/**
 * The list of modules by those whose files are open, for kernels whose symbol table has functions alone (see init-task.ts) or is not in the dump.
 *
 * Facts: Linux include/linux/fs.h, include/linux/module.h, kernel/module/main.c (v6.1): file_operations.owner and file_system_type.owner lead to a struct module; of all that its list leads through, only the head is none.
 */
import { WorkbenchError } from '#shared/errors.ts';
import { openDescriptors } from './files.ts';
import { KernelStruct } from './kernel-struct.ts';
import type { LinuxKernel } from './kernel.ts';
import { readList } from './lists.ts';
import { listTasks } from './tasks.ts';

const MAX_MODULES = 65536;
/** Owners of files that are asked where the first leads nowhere. */
const MAX_OWNERS = 16;
const NAME = /^[\w-]{1,63}$/;

/** Address of the list's head; undefined where no open file is a module's, or the kernel's types are not known. */
export function findModules(kernel: LinuxKernel): bigint | undefined {
  try {
    let tries = 0;
    for (const owner of owners(kernel)) {
      const head = headOf(owner);
      if (head !== undefined || ++tries >= MAX_OWNERS) return head;
    }
  } catch (error) {
    if (!(error instanceof WorkbenchError)) throw error;
  }
  return undefined;
}

/** Each that files of processes lead to, once. */
function* owners(kernel: LinuxKernel): Generator<KernelStruct, void, undefined> {
  const seen = new Set<bigint>();
  for (const task of listTasks(kernel).tasks) {
    if (task.kernel || task.pid !== task.tgid) continue;
    for (const { file } of openDescriptors(kernel, task) ?? []) {
      const system = file.has('f_inode') ? file.follow('f_inode', 'inode')?.follow('i_sb', 'super_block') : undefined;
      const ways = [file.follow('f_op', 'file_operations'), system?.follow('s_type', 'file_system_type')];
      for (const owner of ways.map((way) => way?.follow('owner', 'module'))) {
        if (!owner || seen.has(owner.address)) continue;
        seen.add(owner.address);
        yield owner;
      }
    }
  }
}

/** The one member of the list that has no module's name. */
function headOf(module: KernelStruct): bigint | undefined {
  const { kernel } = module;
  const start = module.at('list');
  const { nodes, broken } = readList(kernel.space, start, MAX_MODULES);
  if (broken !== undefined || !isModule(module)) return undefined;
  const others = nodes.filter((node) => !isModule(KernelStruct.of(kernel, 'module', 'list', node)));
  return others.length === 1 ? others[0] : undefined;
}

function isModule(module: KernelStruct): boolean {
  return NAME.test(module.text('name') ?? '');
}
