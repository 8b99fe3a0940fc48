/** The list of modules by the files that are open, in the memory of a small kernel whose symbols do not tell where the list begins. */
import { expect, it } from 'vitest';
import { listModules } from '#engine/linux/modules.ts';
import { array, MadeKernel, pointer, struct, typesOf, u32, u64, u8 } from '../kvm/made-structs.ts';

const listHead = struct('list_head', { next: pointer, prev: pointer });
const structs = [
  listHead,
  struct('task_struct', {
    __state: u32,
    flags: u32,
    tasks: listHead,
    mm: pointer,
    exit_state: u32,
    pid: u32,
    tgid: u32,
    cpu: u32,
    real_parent: pointer,
    thread_group: listHead,
    comm: array(u8, 16),
    files: pointer,
  }),
  struct('mm_struct', { pgd: pointer }),
  struct('files_struct', { fdt: pointer }),
  struct('fdtable', { max_fds: u32, pad: u32, fd: pointer, open_fds: pointer }),
  struct('file', { f_inode: pointer, f_op: pointer }),
  struct('inode', { i_sb: pointer }),
  struct('super_block', { s_type: pointer }),
  struct('file_operations', { owner: pointer }),
  struct('file_system_type', { name: pointer, owner: pointer }),
  struct('module', { state: u64, list: listHead, name: array(u8, 56) }),
];
const [INIT, PROCESS, HEAD] = [0x1000n, 0x2000n, 0x8000n];
const MODULES = [
  ['kvm_amd', 0x9000n],
  ['kvm', 0xa000n],
] as const;

/** A process with a file, whose operations or file system belong to the first module. */
function kernelWith(owner: 'f_op' | 's_type' | 'nobody'): MadeKernel {
  const kernel = new MadeKernel(typesOf(structs), { init_task: INIT });
  const text = (at: bigint, value: string) => Buffer.from(value).forEach((byte, index) => kernel.poke(at + BigInt(index), 1, BigInt(byte)));
  const link = (...heads: bigint[]) =>
    heads.forEach((head, index) => kernel.write('list_head', head, { next: heads[(index + 1) % heads.length]!, prev: heads.at(index - 1)! }));
  const tasks = [INIT, PROCESS].map((task) => kernel.at('task_struct', task));
  link(...tasks.map((task) => task.at('tasks')));
  for (const task of tasks) link(task.at('thread_group'));
  kernel.write('task_struct', PROCESS, { pid: 5, tgid: 5, files: 0x3000n });
  kernel.write('files_struct', 0x3000n, { fdt: 0x3100n });
  kernel.write('fdtable', 0x3100n, { max_fds: 64, fd: 0x3200n, open_fds: 0x3600n });
  kernel.poke(0x3600n, 8, 1n);
  kernel.poke(0x3200n, 8, 0x4000n);
  kernel.write('file', 0x4000n, { f_inode: 0x4100n, f_op: 0x4200n });
  kernel.write('inode', 0x4100n, { i_sb: 0x4300n });
  kernel.write('super_block', 0x4300n, { s_type: 0x4400n });
  kernel.write('file_operations', 0x4200n, { owner: owner === 'f_op' ? MODULES[0][1] : 0 });
  kernel.write('file_system_type', 0x4400n, { owner: owner === 's_type' ? MODULES[0][1] : 0 });
  link(HEAD, ...MODULES.map(([, at]) => kernel.at('module', at).at('list')));
  for (const [name, at] of MODULES) text(kernel.at('module', at).at('name'), name);
  return kernel;
}

it.each(['f_op', 's_type'] as const)('begins at the one member that is no module, found by the %s of a file', (owner) => {
  const { kernel } = kernelWith(owner);
  expect(kernel.address('modules')).toBe(HEAD);
  expect(listModules(kernel).modules.map(({ name }) => name)).toEqual(['kvm_amd', 'kvm']);
});

it('is not known where no file is a module’s, where the list is torn, and where two members are none', () => {
  expect(kernelWith('nobody').kernel.address('modules')).toBeUndefined();
  const torn = kernelWith('f_op');
  torn.write('list_head', HEAD, { next: 0 });
  expect(torn.kernel.address('modules')).toBeUndefined();
  const two = kernelWith('f_op');
  two.poke(two.at('module', MODULES[1][1]).at('name'), 1, 0n);
  expect(two.kernel.address('modules')).toBeUndefined();
});
