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
import { listModules } from '../linux/modules.ts';
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
/** Memslots and vCPUs of all machines together: a dump can be made to show the same thousands for each. */
const MAX_PARTS = 4_000_000;

export interface Machines {
  /** By PID. */
  machines: KvmMachine[];
  /** What is missing or does not fit together, in sentences. */
  problems: string[];
}

/** Throws WorkbenchError `unsupported` for a kernel whose types or symbols are not known, those of module kvm among them; the message says what would supply them. */
export function findMachines(kernel: LinuxKernel): Machines {
  const kvm = KvmModule.find(kernel);
  if (!kvm) return { machines: [], problems: [whyNoKvm(kernel)] };
  const problems: string[] = [];
  const listed = listMachines(kvm, problems);
  const { tasks, problems: ofTasks } = listTasks(kernel);
  const holders = new Map<bigint, LinuxTask[]>();
  for (const { machine, task } of findVmFiles(kvm, tasks)) {
    const known = holders.get(machine);
    if (known) known.push(task);
    else holders.set(machine, [task]);
  }
  const machines: KvmMachine[] = [];
  const addresses = new Set([...listed, ...holders.keys()]);
  let parts = 0;
  for (const address of addresses) {
    const last = machines.at(-1);
    parts += (last?.memslots.length ?? 0) + (last?.vcpus.length ?? 0);
    if (parts > MAX_PARTS) {
      problems.push(`${machines.length} of ${addresses.size} machines have more than ${MAX_PARTS} memslots and vCPUs: the others are left out.`);
      break;
    }
    const struct = kvm.object('kvm', address);
    if (struct.pointer('mm') === undefined) problems.push(`The machine at 0x${address.toString(16)} is not in the dump.`);
    else machines.push(readMachine(kvm, struct, listed.has(address), holders.get(address) ?? [], tasks));
  }
  machines.sort((a, b) => (a.pid ?? Infinity) - (b.pid ?? Infinity));
  numberMachines(machines);
  // Tasks that are missing tell why a machine's process is, or why a torn list has no second.
  if (problems.length > 0 || machines.some(({ task, foundBy }) => !task || !foundBy.includes('task-file'))) problems.push(...ofTasks);
  return { machines, problems };
}

/** The machine of that id. Throws WorkbenchError `bad-request`, which says what keeps others from being found. */
export function machineOf({ machines, problems }: Machines, id: string): KvmMachine {
  const found = machines.find((machine) => machine.id === id);
  if (found) return found;
  const known = machines.length === 0 ? 'none was found in this dump' : `there are ${machines.map((machine) => machine.id).join(', ')}`;
  throw new WorkbenchError('bad-request', `there is no virtual machine ${id}: ${known}`, { hint: problems.join(' ') || undefined });
}

/** Throws WorkbenchError `unsupported` where nothing tells whether KVM is there. */
function whyNoKvm(kernel: LinuxKernel): string {
  if (kernel.address('modules') !== undefined) {
    const { problems } = listModules(kernel);
    if (problems.length === 0) return 'This kernel runs no virtual machines: KVM is neither loaded nor built in.';
    return `KVM is not among the modules that the dump has. ${problems.join(' ')}`;
  }
  if (!kernel.types) kernel.require('modules');
  return "Whether KVM is loaded is not known: the kernel's symbols do not tell of its modules, and no open file belongs to one.";
}

function listMachines(kvm: KvmModule, problems: string[]): Set<bigint> {
  const offset = kvm.object('kvm', 0n).at('vm_list');
  const head = kvm.address('vm_list');
  if (head === undefined) {
    problems.push("KVM's symbols have no vm_list: machines are looked for among the files of tasks alone.");
    return new Set();
  }
  const { nodes, broken } = readList(kvm.kernel.space, head, MAX_MACHINES);
  if (broken !== undefined) problems.push(`KVM's list of machines is not whole: ${broken}.`);
  return new Set(nodes.map((node) => node - offset));
}

function readMachine(kvm: KvmModule, struct: KernelStruct, listed: boolean, holders: readonly LinuxTask[], tasks: readonly LinuxTask[]): KvmMachine {
  const { kernel } = kvm;
  const processRoot = rootOf(struct);
  const task = taskOf(struct, processRoot, holders, tasks);
  const problems = disagreement(kvm, listed, holders);
  const { memslots } = attempt(problems, { memslots: [], problems: [] }, () => readMemslots(kvm, struct));
  const { vcpus } = attempt(problems, { vcpus: [], problems: [] }, () => readVcpus(kvm, struct));
  const { nested } = attempt(problems, { nested: [], problems: [] }, () => readNestedRoots(kvm, struct, vcpus));
  const commandLine = task && commandLineOf(kernel, task);
  const foundBy: VirtualMachine['foundBy'] = [...(listed ? (['vm-list'] as const) : []), ...(holders.length > 0 ? (['task-file'] as const) : [])];
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

/** What a part of the machine gives; nothing, and why, where types lack what it needs: the rest is worth having. */
function attempt<Part extends { problems: string[] }>(problems: string[], nothing: Part, read: () => Part): Part {
  try {
    const part = read();
    problems.push(...part.problems);
    return part;
  } catch (error) {
    if (!(error instanceof WorkbenchError) || error.code !== 'unsupported') throw error;
    const { hint } = error.details;
    problems.push(`${error.message.replace(/^./, (first) => first.toUpperCase())}.${hint === undefined ? '' : ` ${hint}`}`);
    return nothing;
  }
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
  const pid = struct.has('userspace_pid') ? struct.small('userspace_pid') : undefined;
  return pid === 0 ? undefined : pid;
}

/** The PID names a machine; `PID.1`, `PID.2` those of a process with several; the address one of which nothing says whose it is. */
function numberMachines(machines: readonly KvmMachine[]): void {
  const byProcess = Map.groupBy(machines, ({ pid }) => pid);
  for (const [pid, siblings] of byProcess) {
    for (const [index, machine] of siblings.entries()) {
      if (pid === null) machine.id = `0x${machine.struct.address.toString(16)}`;
      else machine.id = siblings.length === 1 ? `${pid}` : `${pid}.${index + 1}`;
    }
  }
}
