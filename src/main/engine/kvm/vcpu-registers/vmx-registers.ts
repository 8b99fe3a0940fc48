/**
 * Registers of a vCPU on Intel: what the CPU keeps in the VMCS is in a form of its own, so that only those are known that KVM has read since the last exit.
 *
 * Facts: Intel SDM vol. 3C, 25.11.1 (the VMCS's data is in an implementation-specific format); Linux arch/x86/kvm/vmx/vmx.{c,h}, kvm_cache_regs.h (v6.1): which registers are cached, `regs_avail` says; bits of CR0 and CR4 that the guest
 * does not own are always up to date; of each segment four bits of `segment_cache.bitmask` (selector, base, limit, access rights) say what is cached, ES CS SS DS FS GS TR LDTR in this order. MSRs that are exchanged only on the
 * way to user space: guest_uret_msrs since v5.11 (eb3db1b13788), their numbers in kvm_uret_msrs_list; guest_msrs, with their numbers, before.
 */
import type { KernelStruct } from '../../linux/kernel-struct.ts';
import type { KernelTypes } from '../../linux/kernel-types.ts';
import { CACHED, RegisterBits, takeKept } from './common-registers.ts';
import { numberIn, sourceOf, type RegisterSet } from './register-set.ts';
import { flagsOfVmcs } from './segment-flags.ts';

const SEGMENTS = ['es', 'cs', 'ss', 'ds', 'fs', 'gs', 'tr', 'ldt'];
/** Selector, base, limit and access rights. */
const ALL_FIELDS = 0b1111n;
const MAX_MSRS = 32;

const MSRS: Readonly<Record<number, string>> = {
  0xc000_0081: 'star',
  0xc000_0082: 'lstar',
  0xc000_0083: 'cstar',
  0xc000_0084: 'fmask',
  0xc000_0103: 'tsc_aux',
  0x122: 'tsx_ctrl',
};

/** What the window and the command line say is missing, by register. */
const EXPECTED = ['rsp', 'rip', 'rflags', 'cr0', 'cr3', 'cr4'];

/** `vmx`: the struct vcpu_vmx around `vcpu`. `addressOf`: of a symbol of the module kvm. */
export function takeVmxRegisters(
  set: RegisterSet,
  vcpu: KernelStruct,
  vmx: KernelStruct,
  { types, addressOf }: { types: KernelTypes | undefined; addressOf: (symbol: string) => bigint | undefined },
): void {
  takeKept(set, vcpu, types);
  const available = new RegisterBits(vcpu, 'regs_avail', types);
  if (available.has('EXREG_RFLAGS')) set.take('rflags', vmx, 'rflags', CACHED);
  if (available.has('EXREG_SEGMENTS')) takeSegments(set, vmx);
  takeMsrs(set, vcpu, vmx, addressOf);
  const loaded = numberIn(vmx, 'guest_state_loaded');
  if (loaded === 0n) set.take('kernel_gs_base', vmx, 'msr_guest_kernel_gs_base', { why: 'read as the vCPU was put aside' });
  const missing = [...EXPECTED, ...SEGMENTS, 'gdt', 'idt'].filter((name) => set.registers[name] === undefined && set.segments[name] === undefined);
  if (missing.length > 0)
    set.problems.push(
      `The VMCS of an Intel CPU cannot be read from memory, and KVM had not asked it for ${missing.map((name) => name.toUpperCase()).join(', ')}.`,
    );
}

function takeSegments(set: RegisterSet, vmx: KernelStruct): void {
  const mask = numberIn(vmx, 'segment_cache.bitmask');
  if (mask === undefined) return;
  for (const [index, name] of SEGMENTS.entries()) {
    if (((mask >> BigInt(4 * index)) & ALL_FIELDS) !== ALL_FIELDS) continue;
    const path = `segment_cache.seg[${index}]`;
    const [selector, base, limit, rights] = ['selector', 'base', 'limit', 'ar'].map((member) => numberIn(vmx, `${path}.${member}`));
    if (selector === undefined || base === undefined || limit === undefined || rights === undefined) continue;
    set.setSegment(name, { selector: Number(selector), base, limit: Number(limit), flags: flagsOfVmcs(Number(rights)), source: sourceOf(vmx, path) });
  }
}

function takeMsrs(set: RegisterSet, vcpu: KernelStruct, vmx: KernelStruct, addressOf: (symbol: string) => bigint | undefined): void {
  const member = ['guest_uret_msrs', 'guest_msrs'].find((name) => vmx.has(`${name}[0].data`));
  const numbers = addressOf('kvm_uret_msrs_list');
  for (let slot = 0; member !== undefined && slot < MAX_MSRS && vmx.has(`${member}[${slot}].data`); slot++) {
    const path = `${member}[${slot}]`;
    const own = vmx.has(`${path}.index`) ? vmx.small(`${path}.index`) : undefined;
    const number = own ?? (numbers === undefined ? undefined : vcpu.kernel.space.u32(numbers + BigInt(4 * slot)));
    const name = number === undefined ? undefined : MSRS[number];
    if (name !== undefined) set.take(name, vmx, `${path}.data`);
  }
}

/** Whether the vCPU runs a guest of the guest: the VMCS in use is then that guest's. */
export function runsNestedGuestVmx(vmx: KernelStruct): boolean {
  if (!vmx.has('loaded_vmcs') || !vmx.has('nested.vmcs02')) return false;
  return vmx.pointer('loaded_vmcs') === vmx.at('nested.vmcs02');
}
