/**
 * The virtual machines of a KVM host, by KVM's list and by the files of tasks.
 *
 * ```
 * vm_list (kvm) ──▶ struct kvm.vm_list …                   every machine, with its process as kvm.mm
 * task.files ──▶ file "anon_inode:kvm-vm" ──▶ struct kvm   every machine that a process holds
 * ```
 */
import type { LinuxTask, VirtualMachine } from '#shared/model/index.ts';
import { WorkbenchError } from '#shared/errors.ts';
import type { LinuxKernel } from '../linux/kernel.ts';
import type { KernelStruct } from '../linux/kernel-struct.ts';
import { readList } from '../linux/lists.ts';
import { commandLineOf, listTasks } from '../linux/tasks.ts';
import { guestNameOf } from './guest-name.ts';
import { KvmModule } from './kvm-module.ts';
import type { KvmMachine } from './machine.ts';
import { readMemslots } from './memslots.ts';
import { readNestedRoots } from './nested-roots.ts';
import { readVcpus, summarizeVcpu } from './vcpus.ts';
import { findVmFiles } from './vm-files.ts';

/** A VM takes some hundred megabytes at least. */
const MAX_MACHINES = 65536;

export interface Machines {
  /** By PID. */
  machines: KvmMachine[];
  /** What is missing or does not fit together, in sentences. */
  problems: string[];
}

/** Throws WorkbenchError `unsupported` for a kernel whose types or symbols are not known. */
export function findMachines(kernel: LinuxKernel): Machines {
  const kvm = KvmModule.find(kernel);
  if (!kvm) return { machines: [], problems: ['This kernel runs no virtual machines: KVM is neither loaded nor built in.'] };
  if (!kvm.types) {
    throw new WorkbenchError('unsupported', 'the types of module kvm are not known: it has no BTF, or the dump lacks it', {
      hint: 'Modules have BTF since Linux 5.11. Debug information of kvm.ko would supply it.',
    });
  }
  const { tasks, problems } = listTasks(kernel);
  const listed = listMachines(kvm, problems);
  const holders = new Map<bigint, LinuxTask[]>();
  for (const { machine, task } of findVmFiles(kvm, tasks)) {
    const known = holders.get(machine);
    if (known) known.push(task);
    else holders.set(machine, [task]);
  }
  const addresses = new Set([...listed, ...holders.keys()]);
  const machines = Array.from(addresses, (address) =>
    readMachine(kvm, kvm.object('kvm', address), listed.has(address), holders.get(address) ?? [], tasks),
  );
  machines.sort((a, b) => (a.pid ?? Infinity) - (b.pid ?? Infinity));
  numberMachines(machines);
  return { machines, problems };
}

/** The machine of that id; of a PID alone when the process has one. Throws WorkbenchError `bad-request`. */
export function machineOf(machines: readonly KvmMachine[], id: string): KvmMachine {
  const found = machines.find((machine) => machine.id === id);
  if (found) return found;
  const known = machines.length === 0 ? 'this host has none' : `there are ${machines.map((machine) => machine.id).join(', ')}`;
  throw new WorkbenchError('bad-request', `there is no virtual machine ${id}: ${known}`);
}

function listMachines(kvm: KvmModule, problems: string[]): Set<bigint> {
  const head = kvm.address('vm_list');
  if (head === undefined) {
    problems.push("KVM's symbols have no vm_list: machines are looked for among the files of tasks alone.");
    return new Set();
  }
  const { nodes, broken } = readList(kvm.kernel.space, head, MAX_MACHINES);
  if (broken !== undefined) problems.push(`KVM's list of machines is not whole: ${broken}.`);
  const offset = kvm.object('kvm', 0n).at('vm_list');
  return new Set(nodes.map((node) => node - offset));
}

function readMachine(kvm: KvmModule, struct: KernelStruct, listed: boolean, holders: readonly LinuxTask[], tasks: readonly LinuxTask[]): KvmMachine {
  const { kernel } = kvm;
  const processRoot = rootOf(struct);
  const task = taskOf(struct, processRoot, holders, tasks);
  const { memslots, problems: ofSlots } = readMemslots(kvm, struct);
  const { vcpus, problems: ofVcpus } = readVcpus(kvm, struct);
  const { nested, problems: ofRoots } = readNestedRoots(kvm, struct, vcpus);
  const commandLine = task && commandLineOf(kernel, task);
  const foundBy: VirtualMachine['foundBy'] = [...(listed ? (['vm-list'] as const) : []), ...(holders.length > 0 ? (['task-file'] as const) : [])];
  const problems = [...disagreement(kvm, listed, holders), ...ofSlots, ...ofVcpus, ...ofRoots];
  if (processRoot === undefined) problems.push('The page tables of its process are not in the dump.');
  return {
    id: '',
    pid: task?.tgid ?? creatorOf(struct) ?? null,
    task,
    name: task?.comm ?? '?',
    commandLine,
    guestName: commandLine && guestNameOf(commandLine),
    foundBy,
    kvm,
    struct,
    memslots,
    vcpus,
    summaries: vcpus.map((vcpu) => summarizeVcpu(kvm, vcpu)),
    processSpace: processRoot === undefined ? undefined : kernel.userSpace(processRoot),
    processRoot,
    nested,
    problems,
  };
}

function disagreement(kvm: KvmModule, listed: boolean, holders: readonly LinuxTask[]): string[] {
  if (listed && holders.length === 0)
    return ["It is on KVM's list, but no task holds its file: its process is ending, or its files are not in the dump."];
  if (!listed && kvm.address('vm_list') !== undefined)
    return [`PID ${holders[0]?.pid} holds its file, but it is not on KVM's list: the list is torn, or it was being made or ended.`];
  return [];
}

/** HPA of the top page table of kvm.mm, which a machine keeps as long as it lives. */
function rootOf(struct: KernelStruct): number | undefined {
  const tables = struct.follow('mm', 'mm_struct')?.pointer('pgd');
  const { space } = struct.kernel;
  return tables !== undefined && space.tables.translateAddress(tables) ? space.tables.found.physical : undefined;
}

/** The leader of the process whose memory it has; else the one that made it; else one that holds its file. */
function taskOf(struct: KernelStruct, root: number | undefined, holders: readonly LinuxTask[], tasks: readonly LinuxTask[]): LinuxTask | undefined {
  const owners = root === undefined ? [] : tasks.filter((task) => task.root === root);
  const leader = owners.find(({ pid, tgid }) => pid === tgid) ?? owners[0];
  const creator = creatorOf(struct);
  return leader ?? tasks.find(({ pid }) => pid === creator) ?? holders[0];
}

/** PID of the thread that made it, as the host counts. */
function creatorOf(struct: KernelStruct): number | undefined {
  return struct.has('userspace_pid') ? struct.small('userspace_pid') : undefined;
}

/** The PID names a machine; `PID.1`, `PID.2` those of a process with several; the address one of which nothing says whose it is. */
function numberMachines(machines: readonly KvmMachine[]): void {
  for (const machine of machines) {
    const { pid, struct } = machine;
    const siblings = machines.filter((other) => other.pid === pid);
    if (pid === null) machine.id = `0x${struct.address.toString(16)}`;
    else machine.id = siblings.length === 1 ? `${pid}` : `${pid}.${siblings.indexOf(machine) + 1}`;
  }
}
