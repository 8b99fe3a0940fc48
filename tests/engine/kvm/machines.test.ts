/** Machines that KVM's list and the files of tasks do not agree on, in the memory of a small kernel; those of Linux 6.1 are judged in tests/lab/kvm-vms.lab.test.ts. */
import { beforeEach, describe, expect, it } from 'vitest';
import { describeMachine } from '#engine/kvm/machine.ts';
import { findMachines, machineOf } from '#engine/kvm/machines.ts';
import type { KernelTypes } from '#engine/linux/kernel-types.ts';
import { listHead, MadeKvm } from './made-kvm.ts';
import { array, MadeKernel, pointer, struct, typesOf, u32, u64, u8 } from './made-structs.ts';

const VM_LIST = 0x800n;
const FOPS = 0x900n;
const INIT = 0x1000n;
const CPU = 0xe00n;
const RUN_QUEUE = 0xa00n;
const MODULES = 0xb00n;
const [FIRST, SECOND] = [0x80000n, 0x84000n] as const;

const atomic = struct('atomic_t', { counter: u32 });
const slot = struct('kvm_memory_slot', { base_gfn: u64, npages: u64, userspace_addr: u64, flags: u32, id: u32 });
const structs = [
  listHead,
  atomic,
  slot,
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
  struct('mm_struct', { pgd: pointer, arg_start: u64, arg_end: u64 }),
  struct('files_struct', { fdt: pointer }),
  struct('fdtable', { max_fds: u32, pad: u32, fd: pointer, open_fds: pointer }),
  struct('file', { f_op: pointer, private_data: pointer }),
  struct('kvm', {
    mm: pointer,
    userspace_pid: u32,
    nmemslots: u32,
    memslots: array(slot, 2),
    vcpus: array(pointer, 2),
    online_vcpus: atomic,
    vm_list: listHead,
  }),
  struct('kvm_vcpu', { vcpu_id: u32 }),
  struct('cpuinfo_x86', { x86_vendor: u8 }),
  struct('rq', { idle: pointer }),
];
let kernel: MadeKvm;

/** A process at 0x10000 × PID with a file table of its own. */
function process(pid: number): bigint {
  const at = BigInt(pid) * 0x10000n;
  const task = kernel.write('task_struct', at, { pid, tgid: pid, mm: at + 0x200n, files: at + 0x300n });
  for (const [index, byte] of Buffer.from('qemu').entries()) kernel.poke(task.at('comm') + BigInt(index), 1, BigInt(byte));
  kernel.link(task.at('thread_group'));
  const words = Buffer.from(`qemu\0-name\0vm-${pid}\0`);
  for (const [index, byte] of words.entries()) kernel.poke(at + 0x800n + BigInt(index), 1, BigInt(byte));
  kernel.write('mm_struct', at + 0x200n, { pgd: at + 0x1000n, arg_start: at + 0x800n, arg_end: at + 0x800n + BigInt(words.length) });
  kernel.write('files_struct', at + 0x300n, { fdt: at + 0x340n });
  kernel.write('fdtable', at + 0x340n, { max_fds: 64, fd: at + 0x400n, open_fds: at + 0x600n });
  return at;
}

/** Opens files of KVM, from descriptor 3 on. */
function hold(task: bigint, ...machines: bigint[]): void {
  for (const [index, machine] of machines.entries()) {
    const file = task + 0x700n + BigInt(index * 16);
    kernel.write('file', file, { f_op: FOPS, private_data: machine });
    kernel.poke(task + 0x400n + BigInt(8 * (index + 3)), 8, file);
  }
  kernel.poke(task + 0x600n, 8, BigInt(((1 << machines.length) - 1) << 3));
}

const list = (...machines: bigint[]) => kernel.link(VM_LIST, ...machines.map((machine) => kernel.machine(machine).at('vm_list')));
const runs = (...tasks: bigint[]) => kernel.link(...[INIT, ...tasks].map((task) => kernel.at('task_struct', task).at('tasks')));

function boot(known: KernelTypes): void {
  kernel = new MadeKvm(known, { vm_list: VM_LIST, kvm_vm_fops: FOPS, init_task: INIT, boot_cpu_data: CPU, runqueues: RUN_QUEUE });
  kernel.write('rq', RUN_QUEUE, { idle: INIT });
}

beforeEach(() => {
  boot(typesOf(structs));
});

describe('machines of a host', () => {
  it('that both ways show are complete, by PID', () => {
    const [two, three] = [process(2), process(3)];
    runs(three, two);
    kernel.write('kvm', FIRST, { mm: three + 0x200n, nmemslots: 1, 'memslots[0].npages': 5 });
    kernel.write('kvm', SECOND, { mm: two + 0x200n });
    hold(three, FIRST);
    hold(two, SECOND);
    list(FIRST, SECOND);
    const { machines, problems } = findMachines(kernel.kernel);
    expect(problems).toEqual([]);
    expect(machines.map(({ id, pid, name, guestName, foundBy, problems: own }) => ({ id, pid, name, guestName, foundBy, own }))).toEqual(
      [2, 3].map((pid) => ({ id: `${pid}`, pid, name: 'qemu', guestName: `vm-${pid}`, foundBy: ['vm-list', 'task-file'], own: [] })),
    );
    const machine = machineOf({ machines, problems }, '3');
    expect(machine.processRoot).toBe(0x31000);
    expect(describeMachine(machine)).toMatchObject({ address: FIRST, memory: 5 * 4096, pageSize: 4096 });
    expect(() => machineOf({ machines, problems }, '4')).toThrow('there is no virtual machine 4: there are 2, 3');
  });

  it("that only KVM's list has are shown with what that means: a process that is ending has let go of its files and its memory", () => {
    const two = process(2);
    runs(two);
    kernel.write('task_struct', two, { mm: 0, files: 0 });
    kernel.write('kvm', FIRST, { mm: two + 0x200n, userspace_pid: 2 });
    list(FIRST);
    const [machine] = findMachines(kernel.kernel).machines;
    expect(machine).toMatchObject({ id: '2', pid: 2, foundBy: ['vm-list'], problems: [expect.stringContaining('no task holds its file')] });
  });

  it('that only a task has are shown with what that means, though the list is torn', () => {
    const two = process(2);
    runs(two);
    kernel.write('kvm', FIRST, { mm: two + 0x200n });
    hold(two, FIRST);
    kernel.write('list_head', VM_LIST, { next: 0xdead_0000_0000n });
    const { machines, problems } = findMachines(kernel.kernel);
    expect(problems.slice(0, 2)).toEqual([
      "KVM's list of machines is not whole: it leads to memory that is not in the dump.",
      expect.stringMatching(/^The machine at 0xdeacff.* is not in the dump\.$/),
    ]);
    expect(machines).toHaveLength(1);
    expect(machines[0]).toMatchObject({ pid: 2, foundBy: ['task-file'], problems: [expect.stringContaining("not on KVM's list")] });
  });

  it('of one process are numbered', () => {
    const two = process(2);
    runs(two);
    for (const machine of [FIRST, SECOND]) kernel.write('kvm', machine, { mm: two + 0x200n });
    hold(two, FIRST, SECOND);
    list(FIRST, SECOND);
    expect(findMachines(kernel.kernel).machines.map(({ id }) => id)).toEqual(['2.1', '2.2']);
  });

  it('of which nothing says whose they are have their address for a name', () => {
    runs();
    kernel.write('kvm', FIRST, { mm: 0, userspace_pid: 77 });
    kernel.write('kvm', SECOND, { mm: 0 });
    list(FIRST, SECOND);
    const { machines } = findMachines(kernel.kernel);
    expect(machines.map(({ id, pid }) => ({ id, pid }))).toEqual([
      { id: '77', pid: 77 },
      { id: '0x84000', pid: null },
    ]);
    expect(machines[1]!.problems).toContain('The page tables of its process are not in the dump.');
  });

  it('of a kernel without KVM are none', () => {
    const bare = new MadeKernel(typesOf([...structs, struct('module', { list: listHead })]), { init_task: INIT, modules: MODULES });
    bare.write('list_head', MODULES, { next: MODULES, prev: MODULES });
    expect(findMachines(bare.kernel)).toEqual({ machines: [], problems: [expect.stringContaining('neither loaded nor built in')] });
  });

  it('are not denied where the list of modules is torn, or not known', () => {
    const torn = new MadeKernel(typesOf([...structs, struct('module', { list: listHead })]), { init_task: INIT, modules: MODULES });
    expect(findMachines(torn.kernel).problems).toEqual([expect.stringMatching(/not among the modules that the dump has.* not whole/)]);
    expect(() => machineOf(findMachines(torn.kernel), '4')).toThrow(
      expect.objectContaining({
        message: 'there is no virtual machine 4: none was found in this dump',
        details: { hint: expect.stringContaining('not whole') },
      }),
    );
    const unknown = new MadeKernel(typesOf(structs), { init_task: INIT });
    expect(findMachines(unknown.kernel).problems).toEqual([expect.stringContaining('Whether KVM is loaded is not known')]);
    const bare = new MadeKernel(typesOf([]), {});
    bare.kernel.given!.typesOf = () => undefined;
    expect(() => findMachines(bare.kernel)).toThrow(
      expect.objectContaining({ code: 'unsupported', message: expect.stringContaining('modules is not known') }),
    );
  });

  it('of a KVM whose types are not known are refused, with what would supply them', () => {
    const other = new MadeKvm(typesOf([listHead]), { vm_list: VM_LIST });
    expect(() => findMachines(other.kernel)).toThrow(
      expect.objectContaining({ code: 'unsupported', message: expect.stringContaining('struct kvm') }),
    );
  });

  it('are shown as far as types go: what is missing is named', () => {
    boot(typesOf(structs.filter(({ name }) => name !== 'kvm_memory_slot')));
    const two = process(2);
    runs(two);
    kernel.write('kvm', FIRST, { mm: two + 0x200n, nmemslots: 1 });
    hold(two, FIRST);
    list(FIRST);
    const [machine] = findMachines(kernel.kernel).machines;
    expect(machine).toMatchObject({ pid: 2, memslots: [] });
  });
});
