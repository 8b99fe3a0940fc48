/**
 * The vCPUs of a virtual machine.
 *
 * Facts: Linux include/linux/kvm_host.h, arch/x86/include/asm/kvm_host.h (v6.1). They are in an XArray, kvm.vcpu_array, since v5.17 (c5b077549136), in the array kvm.vcpus before. `vcpu.pid` is that of the thread that
 * ran it last. Of registers this reads what both AMD and Intel keep in vcpu.arch; all of them are read by vcpu-registers/.
 */
import type { VcpuSummary } from '#shared/model/index.ts';
import { resolved } from '../dwarf/type-model.ts';
import type { KernelStruct } from '../linux/kernel-struct.ts';
import { readXarray } from '../linux/xarray.ts';
import type { KvmModule } from './kvm-module.ts';
import { RegisterBits } from './vcpu-registers/common-registers.ts';

/** KVM_MAX_VCPUS is 4096 at most on x86, 16384 elsewhere. */
const MAX_VCPUS = 16384;

/** KVM_MP_STATE_… (include/uapi/linux/kvm.h). */
const STATES: Readonly<Record<number, string>> = {
  0: 'runnable',
  1: 'not started',
  2: 'waiting for SIPI',
  3: 'halted',
  4: 'starting',
  5: 'stopped',
  6: 'check stop',
  7: 'runnable',
  8: 'loading',
  9: 'held in reset',
  10: 'suspended',
};
/** vcpu.mode: IN_GUEST_MODE. */
const IN_GUEST = 1;

export interface Vcpus {
  /** struct kvm_vcpu of each, in the order in which they were made. */
  vcpus: KernelStruct[];
  /** What is missing, in sentences. */
  problems: string[];
}

/** `machine`: a struct kvm. */
export function readVcpus(kvm: KvmModule, machine: KernelStruct): Vcpus {
  const problems: string[] = [];
  const online = machine.small('online_vcpus.counter');
  if (online === undefined || online < 0 || online > MAX_VCPUS) {
    problems.push(`The number of vCPUs is ${online ?? 'not in the dump'}: they are not read.`);
    return { vcpus: [], problems };
  }
  const addresses = machine.has('vcpu_array') ? fromXarray(machine, problems) : fromArray(kvm, machine, online);
  // One beyond those that are online is being made.
  const vcpus = addresses.slice(0, online).map((address) => kvm.object('kvm_vcpu', address));
  if (vcpus.length < online) problems.push(`${online} vCPUs are online, but only ${vcpus.length} are in the dump.`);
  return { vcpus, problems };
}

function fromXarray(machine: KernelStruct, problems: string[]): bigint[] {
  const { entries, broken } = readXarray(machine.kernel, machine.at('vcpu_array'), MAX_VCPUS);
  if (broken !== undefined) problems.push(`The array of vCPUs is not whole: ${broken}.`);
  return entries.map(({ pointer }) => pointer);
}

function fromArray(kvm: KvmModule, machine: KernelStruct, online: number): bigint[] {
  const type = kvm.types?.find('kvm', 'vcpus')?.type;
  const array = type && resolved(type);
  const room = array?.kind === 'array' ? (array.count ?? 0) : 0;
  const addresses: bigint[] = [];
  for (let index = 0; index < room && addresses.length < online; index++) {
    const address = machine.pointer(`vcpus[${index}]`);
    if (address !== undefined && address !== 0n) addresses.push(address);
  }
  return addresses;
}

export function summarizeVcpu(kvm: KvmModule, vcpu: KernelStruct): VcpuSummary {
  return {
    id: vcpu.small('vcpu_id') ?? -1,
    thread: threadOf(vcpu) ?? null,
    instructionPointer: instructionPointerOf(kvm, vcpu) ?? null,
    root: rootOf(kvm, vcpu) ?? null,
    state: stateOf(vcpu),
  };
}

/** PID of the thread that runs it, as the host counts. */
function threadOf(vcpu: KernelStruct): number | undefined {
  return vcpu.has('pid') ? vcpu.follow('pid', 'pid')?.small('numbers[0].nr') : undefined;
}

/** Register VCPU_REGS_RIP of vcpu.arch.regs; by v7.2 it has a member of its own. */
function instructionPointerOf(kvm: KvmModule, vcpu: KernelStruct): bigint | undefined {
  if (!isKept(kvm, vcpu, 'REGS_RIP')) return undefined;
  if (vcpu.has('arch.rip')) return vcpu.number('arch.rip');
  const register = kvm.types?.enum('kvm_reg')?.values.get('VCPU_REGS_RIP');
  const path = `arch.regs[${register}]`;
  return register !== undefined && vcpu.has(path) ? vcpu.number(path) : undefined;
}

function rootOf(kvm: KvmModule, vcpu: KernelStruct): number | undefined {
  return vcpu.has('arch.cr3') && isKept(kvm, vcpu, 'EXREG_CR3') ? vcpu.small('arch.cr3') : undefined;
}

/** Whether vcpu.arch has a register as it is: on AMD after each exit, on Intel only what KVM has asked the VMCS for; of a guest whose registers are encrypted never. */
function isKept(kvm: KvmModule, vcpu: KernelStruct, register: string): boolean {
  if (vcpu.has('arch.guest_state_protected') && vcpu.number('arch.guest_state_protected') !== 0n) return false;
  return kvm.vendor !== 'ept' || new RegisterBits(vcpu, 'regs_avail', kvm.types).has(register);
}

function stateOf(vcpu: KernelStruct): string {
  if (vcpu.has('mode') && vcpu.small('mode') === IN_GUEST) return 'running';
  // Of s390x and ppc64 it lies elsewhere, or nowhere.
  const member = ['arch.mp_state.mp_state', 'arch.mp_state'].find((path) => vcpu.has(path));
  const state = member === undefined ? undefined : vcpu.small(member);
  return state === undefined ? 'unknown' : (STATES[state] ?? `state ${state}`);
}
