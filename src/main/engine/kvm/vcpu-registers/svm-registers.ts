/**
 * Registers of a vCPU on AMD: the VMCB lies in memory, as the CPU left it at the last exit.
 *
 * Facts: AMD64 APM vol. 2, appendix B (layout of the VMCB, told here by the kernel's types); Linux arch/x86/kvm/svm/svm.c and vmenter.S (v6.1): svm_vcpu_run copies RAX, RSP and RIP out of the VMCB after each exit, before anything
 * else may look; __svm_vcpu_run saves what VMSAVE saves (FS, GS, TR, LDTR with their hidden parts, KernelGSBase, STAR and its kin, SYSENTER) at each exit, into vmcb01 since v5.13 (cc3ed80ae69f) whether or not a nested guest runs.
 * CR0, CR4 and EFER of the VMCB have bits of the host's making; those that the guest sees are in vcpu.arch. SYSENTER_ESP and _EIP have 32 bits on AMD; KVM keeps the rest for guests that believe in Intel (v5.12, adc2a23734ac).
 */
import type { KernelStruct } from '../../linux/kernel-struct.ts';
import type { KernelTypes } from '../../linux/kernel-types.ts';
import { RegisterBits, takeCommon, takeGeneral } from './common-registers.ts';
import { numberIn, sourceOf, type RegisterSet } from './register-set.ts';
import { flagsOfVmcb } from './segment-flags.ts';

const EXITED = 'copied from the VMCB at each exit';
/** Bit of the intercepts for writes of CR0, in the first 32 (APM: vector 0, offset 0). */
const CR0_WRITE = 1n << 16n;
/** Those bits that KVM lets a guest write without an exit: MP and TS. */
const CR0_OWNED = 0b1010n;
const NP_ENABLE = 1n;

/** Which segments VMRUN saves, and which VMSAVE. */
const SAVED_BY_EXIT = ['es', 'cs', 'ss', 'ds'];
const SAVED_BY_VMSAVE = ['fs', 'gs', 'tr', 'ldt'];
const MEMBERS: Readonly<Record<string, string>> = { ldt: 'ldtr', gdt: 'gdtr', idt: 'idtr' };

const VMSAVE_REGISTERS: readonly [member: string, register: string][] = [
  ['star', 'star'],
  ['lstar', 'lstar'],
  ['cstar', 'cstar'],
  ['sfmask', 'fmask'],
  ['kernel_gs_base', 'kernel_gs_base'],
  ['sysenter_cs', 'sysenter_cs'],
];

/** `svm`: the struct vcpu_svm around `vcpu`; its types know struct vmcb. */
export function takeSvmRegisters(set: RegisterSet, vcpu: KernelStruct, svm: KernelStruct, types: KernelTypes | undefined): void {
  takeCommon(set, vcpu);
  takeGeneral(set, vcpu, (name) => ({ why: ['rax', 'rsp', 'rip'].includes(name) ? EXITED : undefined }));
  const vmcb = svm.has('vmcb') ? svm.follow('vmcb', 'vmcb') : undefined;
  if (vmcb === undefined || numberIn(vmcb, 'save.rflags') === undefined) {
    set.problems.push('Its VMCB is not in the dump: segments, RFLAGS and what else only the VMCB holds are missing.');
    takeControl(set, vcpu, undefined, types);
    return;
  }
  set.take('rflags', vmcb, 'save.rflags');
  takeControl(set, vcpu, vmcb, types);
  for (const name of SAVED_BY_EXIT) takeSegment(set, vmcb, name);
  takeTable(set, vmcb, 'gdt');
  takeTable(set, vmcb, 'idt');
  const first = svm.has('vmcb01.ptr') ? svm.follow('vmcb01.ptr', 'vmcb') : vmcb;
  if (!first) {
    set.problems.push('vmcb01 is not in the dump: FS, GS, TR, LDTR and the registers of system calls are missing.');
    return;
  }
  for (const name of SAVED_BY_VMSAVE) takeSegment(set, first, name);
  for (const [member, register] of VMSAVE_REGISTERS) set.take(register, first, `save.${member}`);
  for (const name of ['sysenter_esp', 'sysenter_eip']) takeSysenter(set, first, svm, name);
  set.take('tsc_aux', svm, 'tsc_aux');
}

function takeControl(set: RegisterSet, vcpu: KernelStruct, vmcb: KernelStruct | undefined, types: KernelTypes | undefined): void {
  takeCr0(set, vcpu, vmcb);
  set.take('cr4', vcpu, 'arch.cr4');
  const nested = vmcb && ((numberIn(vmcb, 'control.nested_ctl') ?? 0n) & NP_ENABLE) !== 0n;
  // With shadow paging the VMCB has the root of the shadow tables.
  const written = new RegisterBits(vcpu, 'regs_dirty', types).has('EXREG_CR3');
  if (nested === true && !written) set.take('cr3', vmcb, 'save.cr3');
  else set.take('cr3', vcpu, 'arch.cr3', { why: nested === true ? 'set since the last exit' : undefined });
}

/** While writes of CR0 do not exit, MP and TS are the guest's own, and the VMCB has them first. */
function takeCr0(set: RegisterSet, vcpu: KernelStruct, vmcb: KernelStruct | undefined): void {
  const kept = numberIn(vcpu, 'arch.cr0');
  const saved = vmcb && numberIn(vmcb, 'save.cr0');
  // One word for reads and writes of control registers before v5.10 (c45ad7229d13).
  const intercepts = vmcb && (numberIn(vmcb, 'control.intercepts[0]') ?? numberIn(vmcb, 'control.intercept_cr'));
  if (kept === undefined || saved === undefined || intercepts === undefined || (intercepts & CR0_WRITE) !== 0n) {
    set.take('cr0', vcpu, 'arch.cr0');
    return;
  }
  set.set('cr0', (kept & ~CR0_OWNED) | (saved & CR0_OWNED), sourceOf(vcpu, 'arch.cr0', `MP and TS from ${sourceOf(vmcb!, 'save.cr0')}`));
}

function takeSegment(set: RegisterSet, vmcb: KernelStruct, name: string): void {
  const path = `save.${MEMBERS[name] ?? name}`;
  const part = (member: string) => numberIn(vmcb, `${path}.${member}`);
  const [selector, attributes, limit, base, privilege] = [part('selector'), part('attrib'), part('limit'), part('base'), numberIn(vmcb, 'save.cpl')];
  if (selector === undefined || attributes === undefined || limit === undefined || base === undefined) return;
  const flags = flagsOfVmcb({ name, attributes: Number(attributes), limit: Number(limit), privilege: Number(privilege ?? 0n) });
  set.setSegment(name, { selector: Number(selector), base, limit: Number(limit), flags, source: sourceOf(vmcb, path) });
}

/** The GDT's or the IDT's register, which is a base and a limit. */
function takeTable(set: RegisterSet, vmcb: KernelStruct, name: 'gdt' | 'idt'): void {
  const path = `save.${MEMBERS[name]}`;
  const base = numberIn(vmcb, `${path}.base`);
  const limit = numberIn(vmcb, `${path}.limit`);
  if (base !== undefined && limit !== undefined)
    set.setSegment(name, { selector: 0, base, limit: Number(limit), flags: 0, source: sourceOf(vmcb, path) });
}

function takeSysenter(set: RegisterSet, vmcb: KernelStruct, svm: KernelStruct, name: string): void {
  const low = numberIn(vmcb, `save.${name}`);
  const high = numberIn(svm, `${name}_hi`) ?? 0n;
  if (low !== undefined) set.set(name, BigInt.asUintN(32, low) | (high << 32n), sourceOf(vmcb, `save.${name}`));
}

/** Whether the vCPU runs a guest of the guest: the VMCB is then that guest's. Until v5.12 (4995a3685f1b) one VMCB served both. */
export function runsNestedGuestSvm(svm: KernelStruct): boolean {
  if (!svm.has('current_vmcb') || !svm.has('nested.vmcb02')) return false;
  return svm.pointer('current_vmcb') === svm.at('nested.vmcb02');
}
