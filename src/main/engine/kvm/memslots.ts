/**
 * The memslots of a virtual machine, of every age of KVM.
 *
 * Which age it is, members tell (Linux include/linux/kvm_host.h):
 *
 * ```
 * kvm.memslots[] of structs                     v2.6.20: in struct kvm itself, kvm.nmemslots of them
 * kvm.memslots → kvm_memslots.memslots[]        v2.6.34: nmemslots there; not since v3.4, where unused slots have no pages; used_slots since v4.0
 * kvm.memslots[address space] → …               v4.2 (f481b069e674); memslots[] as long as used_slots since v5.7 (36947254e5f9)
 * kvm.memslots[address space] → gfn_tree        v5.17 (a54d806688fe): red-black tree; the set's node_idx says which of a slot's two nodes is its
 * ```
 */
import type { Memslot } from '#shared/model/index.ts';
import { resolved, type CType } from '../dwarf/type-model.ts';
import { KernelStruct } from '../linux/kernel-struct.ts';
import { readTree } from '../linux/rbtree.ts';
import type { KvmModule } from './kvm-module.ts';

/** KVM_MEM_SLOTS_NUM is at most 32767. */
const MAX_SLOTS = 32768;
const MAX_SPACES = 16;

/** KVM_MEM_… (include/uapi/linux/kvm.h) and KVM_MEMSLOT_… (include/linux/kvm_host.h), by bit. */
const FLAGS: Readonly<Record<number, string>> = {
  0: 'log-dirty-pages',
  1: 'readonly',
  2: 'guest-memfd',
  16: 'invalid',
};

export interface Memslots {
  /** By address space, then by GPA. */
  memslots: Memslot[];
  /** What is missing, in sentences. */
  problems: string[];
}

/** `machine`: a struct kvm. Throws WorkbenchError `unsupported` for types that have no memslots of any known age. */
export function readMemslots(kvm: KvmModule, machine: KernelStruct): Memslots {
  const problems: string[] = [];
  const memslots = spacesOf(kvm, machine, problems).flatMap(({ slots }, addressSpace) =>
    slots.flatMap((slot, index) => readSlot(slot, index, addressSpace, problems)),
  );
  memslots.sort((a, b) => a.addressSpace - b.addressSpace || a.baseGfn - b.baseGfn);
  return { memslots, problems };
}

/** Slots of one address space; of an array, by index. */
interface SlotSpace {
  slots: KernelStruct[];
}

function spacesOf(kvm: KvmModule, machine: KernelStruct, problems: string[]): SlotSpace[] {
  const type = memberType(kvm, 'kvm', 'memslots');
  if (type?.kind === 'array' && resolved(type.element).kind === 'pointer') {
    const count = Math.min(type.count ?? 0, MAX_SPACES);
    return Array.from({ length: count }, (_, space) => setOf(kvm, machine, `memslots[${space}]`, problems));
  }
  if (type?.kind === 'pointer') return [setOf(kvm, machine, 'memslots', problems)];
  return [{ slots: slotsOfArray(kvm, machine, problems) }];
}

function setOf(kvm: KvmModule, machine: KernelStruct, pointer: string, problems: string[]): SlotSpace {
  const set = machine.follow(pointer, 'kvm_memslots');
  if (!set) {
    problems.push(`${pointer} leads nowhere: its memslots are not in the dump.`);
    return { slots: [] };
  }
  return { slots: set.has('gfn_tree') ? slotsOfTree(kvm, set, problems) : slotsOfArray(kvm, set, problems) };
}

function slotsOfTree(kvm: KvmModule, set: KernelStruct, problems: string[]): KernelStruct[] {
  const node = set.small('node_idx');
  if (node === undefined || node < 0 || node > 1) {
    problems.push('The tree of memslots is not in the dump.');
    return [];
  }
  const { nodes, broken } = readTree(kvm.kernel, set.at('gfn_tree'), MAX_SLOTS);
  if (broken !== undefined) problems.push(`The tree of memslots is not whole: ${broken}.`);
  return nodes.map((at) => KernelStruct.of(kvm.kernel, 'kvm_memory_slot', `gfn_node[${node}]`, at, kvm.types));
}

/** `holder`: what has the array `memslots`, and the number of those in use. */
function slotsOfArray(kvm: KvmModule, holder: KernelStruct, problems: string[]): KernelStruct[] {
  const type = memberType(kvm, holder.name, 'memslots');
  const room = type?.kind === 'array' && type.count !== undefined && type.count > 1 ? type.count : undefined;
  const counter = ['used_slots', 'nmemslots'].find((name) => holder.has(name));
  const used = counter === undefined ? room : holder.small(counter);
  if (used === undefined || used < 0 || used > (room ?? MAX_SLOTS)) {
    problems.push(`The number of memslots is ${used ?? 'not in the dump'}: they are not read.`);
    return [];
  }
  const first = holder.at('memslots');
  const { size } = kvm.object('kvm_memory_slot', first);
  return size === undefined
    ? []
    : Array.from({ length: Math.min(used, MAX_SLOTS) }, (_, index) => kvm.object('kvm_memory_slot', first + BigInt(index * size)));
}

/** Empty for one without pages. `index` is its id where it has none of its own, before v3.4. */
function readSlot(slot: KernelStruct, index: number, addressSpace: number, problems: string[]): Memslot[] {
  const npages = slot.small('npages');
  if (npages === 0) return [];
  const baseGfn = slot.small('base_gfn');
  const userspaceAddr = slot.pointer('userspace_addr');
  const flags = slot.small('flags');
  const id = slot.has('id') ? slot.small('id') : index;
  if (npages === undefined || baseGfn === undefined || userspaceAddr === undefined || flags === undefined || id === undefined) {
    problems.push(`The memslot at 0x${slot.address.toString(16)} is not in the dump.`);
    return [];
  }
  return [{ addressSpace, id, baseGfn, npages, userspaceAddr, flags: flagNames(flags) }];
}

function flagNames(flags: number): string[] {
  const names: string[] = [];
  for (let bit = 0; bit < 32; bit++) if ((flags & (1 << bit)) !== 0) names.push(FLAGS[bit] ?? `bit ${bit}`);
  return names;
}

function memberType(kvm: KvmModule, struct: string, member: string): Exclude<CType, { kind: 'typedef' }> | undefined {
  const type = kvm.types?.find(struct, member)?.type;
  return type && resolved(type);
}
