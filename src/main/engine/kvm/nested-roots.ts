/**
 * Roots of the tables that translate a guest's physical addresses to the host's.
 *
 * Facts: Linux arch/x86/include/asm/kvm_host.h, arch/x86/kvm/mmu/{mmu.c,tdp_mmu.c,mmu_internal.h} (v6.1). A vCPU's own are arch.root_mmu since v4.20 (14c07ad89f4d; arch.mmu is a pointer since 44dd3ffa7bb3, the struct itself
 * before), those of a guest inside the guest apart from it. root.hpa is root_hpa before v5.18 (b9e5603c2a3a); root_role.level is shadow_root_level before v5.19 (a972e29c1d6c). What the TDP MMU (since v5.10) made is on the
 * list arch.tdp_mmu_roots as well, which shows roots that no vCPU has loaded.
 */
import type { NestedTables } from '#shared/model/index.ts';
import { resolved } from '../dwarf/type-model.ts';
import type { KernelStruct } from '../linux/kernel-struct.ts';
import { readList } from '../linux/lists.ts';
import type { KvmModule } from './kvm-module.ts';

/** Two address spaces, a few hypervisors inside, roots that are going away. */
const MAX_ROOTS = 4096;
const PAGE = 0x1000n;

interface Root {
  /** HPA. */
  physical: number;
  levels: number;
  addressSpace: number;
}

export interface NestedRoots {
  /** Most used first. */
  nested: NestedTables[];
  problems: string[];
}

/** Nothing for a guest with shadow paging, and for hosts that are not x86. `vcpus`: struct kvm_vcpu of each. */
export function readNestedRoots(kvm: KvmModule, machine: KernelStruct, vcpus: readonly KernelStruct[]): NestedRoots {
  const problems: string[] = [];
  const first = vcpus[0];
  if (first && mmuOf(kvm, first) === undefined) return { nested: [], problems };
  if (tdpEnabled(kvm, first) === false) {
    return { nested: [], problems: ['Nested paging is off in this host: its tables are shadows of the guest’s own, which map virtual addresses.'] };
  }
  const kind = kvm.vendor;
  if (kind === undefined) {
    return {
      nested: [],
      problems: ['Whether the host has nested page tables (AMD) or EPT (Intel) is not known: neither kvm_amd nor kvm_intel is loaded.'],
    };
  }
  const nested = new Map<number, NestedTables>();
  const add = ({ physical, levels, addressSpace }: Root, vcpu?: number) => {
    const known = nested.get(physical) ?? { kind, root: physical, levels, addressSpace, vcpus: [] };
    nested.set(physical, known);
    if (vcpu !== undefined) known.vcpus.push(vcpu);
  };
  for (const vcpu of vcpus) {
    const root = rootOfVcpu(kvm, vcpu);
    if (root) add(root, vcpu.small('vcpu_id') ?? -1);
  }
  const listed = machine.has('arch.tdp_mmu_roots') ? listedRoots(kvm, machine, problems) : [];
  for (const tables of nested.values()) {
    if (listed.length > 0 && !listed.some(({ physical }) => physical === tables.root))
      problems.push(`The nested tables at 0x${tables.root.toString(16)} are a vCPU's, but not on KVM's own list of roots.`);
  }
  for (const root of listed) add(root);
  return { nested: [...nested.values()].sort((a, b) => b.vcpus.length - a.vcpus.length || a.addressSpace - b.addressSpace), problems };
}

/** Path of the tables that the vCPU has when no guest inside the guest runs. Undefined where there are none. */
function mmuOf(kvm: KvmModule, vcpu: KernelStruct): string | undefined {
  if (vcpu.has('arch.root_mmu')) return 'arch.root_mmu';
  const type = kvm.types?.find('kvm_vcpu', 'arch.mmu')?.type;
  return type && resolved(type).kind === 'struct' ? 'arch.mmu' : undefined;
}

/** KVM's own switch, or what it shows in: tables that map guest-physical addresses are direct. */
function tdpEnabled(kvm: KvmModule, vcpu: KernelStruct | undefined): boolean | undefined {
  const at = kvm.address('tdp_enabled');
  const enabled = at === undefined ? undefined : kvm.kernel.space.u8(at);
  if (enabled !== undefined) return enabled !== 0;
  const direct = vcpu && smallest(vcpu, mmuOf(kvm, vcpu), ['root_role.direct', 'direct_map']);
  return direct === undefined ? undefined : direct !== 0;
}

/** The first of these members that the tables have. */
function smallest(struct: KernelStruct, mmu: string | undefined, names: readonly string[]): number | undefined {
  const name = names.find((member) => struct.has(`${mmu}.${member}`));
  return name === undefined ? undefined : struct.small(`${mmu}.${name}`);
}

function rootOfVcpu(kvm: KvmModule, vcpu: KernelStruct): Root | undefined {
  const mmu = mmuOf(kvm, vcpu);
  // INVALID_PAGE, all ones, is no small number.
  const physical = smallest(vcpu, mmu, ['root.hpa', 'root_hpa']);
  const levels = smallest(vcpu, mmu, ['root_role.level', 'shadow_root_level']);
  if (physical === undefined || physical === 0 || physical % Number(PAGE) !== 0 || levels === undefined) return undefined;
  return { physical, levels, addressSpace: smallest(vcpu, mmu, ['root_role.smm', 'mmu_role.base.smm', 'base_role.smm']) ?? 0 };
}

function listedRoots(kvm: KvmModule, machine: KernelStruct, problems: string[]): Root[] {
  const { space } = kvm.kernel;
  const page = kvm.object('kvm_mmu_page', 0n);
  if (!page.has('spt') || !page.has('link')) return [];
  const head = machine.at('arch.tdp_mmu_roots');
  // Where the TDP MMU is off, as it was by default before v5.15 (71ba3f3189c7), nobody begins the list.
  if (space.word(head) === 0n) return [];
  const { nodes, broken } = readList(space, head, MAX_ROOTS);
  if (broken !== undefined) problems.push(`The list of nested tables is not whole: ${broken}.`);
  return nodes.flatMap((node): Root[] => {
    const root = kvm.object('kvm_mmu_page', node - page.at('link'));
    const table = root.pointer('spt');
    const levels = root.small('role.level');
    const gone = root.has('role.invalid') && root.small('role.invalid') !== 0;
    // Tables for a guest inside the guest map other addresses.
    const inner = root.has('role.guest_mode') && root.small('role.guest_mode') !== 0;
    if (gone || inner || table === undefined || levels === undefined || !space.tables.translateAddress(table)) return [];
    return [{ physical: space.tables.found.physical, levels, addressSpace: root.small('role.smm') ?? 0 }];
  });
}
