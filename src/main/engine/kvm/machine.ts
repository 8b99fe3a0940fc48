/** One virtual machine in a host's memory. */
import type { LinuxTask, Memslot, NestedTables, VcpuSummary, VirtualMachine } from '#shared/model/index.ts';
import type { KernelSpace } from '../linux/kernel-space.ts';
import type { KernelStruct } from '../linux/kernel-struct.ts';
import { pageSizeOf } from '../linux/page-place.ts';
import type { KvmModule } from './kvm-module.ts';

export interface KvmMachine {
  /** Names it in calls: the PID; of a process with several, `PID.N`. */
  id: string;
  /** Null where nothing says whose it is. */
  pid: number | null;
  /** The process that made it; undefined where it is not among the tasks any more. */
  task: LinuxTask | undefined;
  /** comm of the process. */
  name: string;
  commandLine: string[] | undefined;
  guestName: string | undefined;
  foundBy: VirtualMachine['foundBy'];
  /** KVM of its host: types and symbols. */
  kvm: KvmModule;
  /** struct kvm. */
  struct: KernelStruct;
  /** By address space, then by GPA. */
  memslots: Memslot[];
  /** struct kvm_vcpu of each. */
  vcpus: KernelStruct[];
  /** As `vcpus`. */
  summaries: VcpuSummary[];
  /** Memory of the process by HVA; undefined where its tables are not in the dump. */
  processSpace: KernelSpace | undefined;
  /** HPA of the process's top page table. */
  processRoot: number | undefined;
  nested: NestedTables[];
  problems: string[];
}

/** As the contract has it. */
export function describeMachine(machine: KvmMachine): VirtualMachine {
  const { id, pid, name, commandLine, guestName, foundBy, struct, memslots, summaries, nested, problems } = machine;
  const pageSize = pageSizeOf(struct.kernel);
  const writable = memslots.filter(({ addressSpace, flags }) => addressSpace === 0 && !flags.includes('readonly'));
  return {
    id,
    pid,
    name,
    commandLine: commandLine ?? null,
    guestName: guestName ?? null,
    address: struct.address,
    foundBy,
    memory: writable.reduce((sum, { npages }) => sum + npages * pageSize, 0),
    pageSize,
    memslots,
    vcpus: summaries,
    nested,
    problems,
  };
}
