/** The virtual machines in the memory of a KVM host. Here GPA is the guest's, HVA of the QEMU process, HPA what the host's dump is numbered by. */
import type { LinuxArea, LinuxPage } from './linux.ts';
import type { Walk } from './walk.ts';

/** A stretch of a guest's physical memory and where it lies in its QEMU process. */
export interface Memslot {
  /** 0; 1 is that of System Management Mode on x86. */
  addressSpace: number;
  id: number;
  /** Guest frame number of its first page. */
  baseGfn: number;
  /** Pages of the guest. */
  npages: number;
  /** HVA of its first byte. */
  userspaceAddr: bigint;
  /** KVM_MEM_… by name: "log-dirty-pages", "readonly", "guest-memfd". */
  flags: string[];
}

export interface VcpuSummary {
  /** vcpu_id. */
  id: number;
  /** Thread that runs it; null where the kernel does not say. */
  thread: number | null;
  instructionPointer: bigint | null;
  /** CR3, or what the family has. */
  root: number | null;
  /** "64-bit", "halted", … : what the vCPU was doing, in words. */
  state: string;
}

/** The tables that translate GPA to HPA for the CPU. */
export interface NestedTables {
  kind: 'npt' | 'ept';
  /** HPA of the top table. */
  root: number;
  /** 4 or 5. */
  levels: number;
  /** The address space whose memslots they map: 1 is that of System Management Mode on x86. */
  addressSpace: number;
  /** vcpu_id of those that have them; none for tables that KVM keeps while no vCPU has them loaded. */
  vcpus: number[];
}

export interface VirtualMachine {
  /** Names it in other calls: the PID; of a process with several, `PID.N`. */
  id: string;
  /** Null where nothing says whose it is; the address is its id then. */
  pid: number | null;
  /** comm of the process; "?" where it is not known. */
  name: string;
  commandLine: string[] | null;
  /** As the command line or the process names the guest: "-name guest=web1"; null where nothing does. */
  guestName: string | null;
  /** GVA of struct kvm in the host. */
  address: bigint;
  /** The ways that led to it. Both, or `problems` say what that means. */
  foundBy: ('vm-list' | 'task-file')[];
  /** Bytes of memslots of address space 0 that are not read-only. */
  memory: number;
  /** Bytes of one of the pages that memslots count: the host's. */
  pageSize: number;
  memslots: Memslot[];
  vcpus: VcpuSummary[];
  /** Roots of nested paging, most used first; empty for a guest with shadow paging. */
  nested: NestedTables[];
  problems: string[];
}

export interface VirtualMachineList {
  vms: VirtualMachine[];
  problems: string[];
}

/** Where an address of a guest leads, cut down to the answer. */
export interface GuestTranslation {
  /** As asked. */
  address: bigint;
  /** Null from where the way ends; `reason` then says why. */
  gpa: number | null;
  hva: bigint | null;
  hpa: number | null;
  /** Also of an HVA that is no address of the guest's memory, whatever the HPA. */
  reason?: string;
}

/** Whether two roads from GPA to HPA lead to the same byte. `agree` is null where one of them has no answer; `sentence` says why. */
export interface RoadAgreement {
  agree: boolean | null;
  sentence: string;
}

/** An address of a guest followed through all four spaces. What lies before the space that was asked for is absent. */
export interface GuestWalk {
  vm: string;
  vcpu: number | null;
  space: 'gva' | 'gpa' | 'hva';
  address: bigint;
  /** GVA to GPA by the guest's own tables, read through memslots. */
  guest?: Walk;
  gpa: number | null;
  /** The memslot that holds the GPA; null where none does. */
  memslot: Memslot | null;
  hva: bigint | null;
  /** The area of QEMU's memory that the HVA lies in. */
  area: LinuxArea | null;
  /** HVA to HPA by the page tables of the process; null without an HVA. */
  host: Walk | null;
  hpa: number | null;
  /** Offset in the dump's file. */
  fileOffset: number | null;
  page: LinuxPage | null;
  /** GPA to HPA by the nested tables; null for a guest without. */
  nested: Walk | null;
  agreement: RoadAgreement | null;
  /** The walk that the CPU does: each of the guest's tables found by the nested ones. `steps[n].below` and `result.below` are walks of those. */
  twoDimensional?: Walk;
}

/** A guest that holds a host page: one of its addresses for it. */
export interface GuestOwner {
  vm: string;
  pid: number | null;
  name: string;
  hva: bigint;
  /** The area of QEMU's memory that the HVA lies in; null where the dump does not tell. */
  area: LinuxArea | null;
  /** Null for memory of QEMU's own. */
  gpa: number | null;
  memslot: Memslot | null;
}

/** The virtual machines whose processes hold a byte of the host's memory. */
export interface GuestOwnerList {
  owners: GuestOwner[];
  /** What keeps others from being found, in sentences. */
  problems: string[];
}
