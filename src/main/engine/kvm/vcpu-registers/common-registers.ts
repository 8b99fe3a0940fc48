/**
 * What KVM keeps of a vCPU in struct kvm_vcpu_arch, on AMD and Intel alike.
 *
 * Facts: Linux arch/x86/include/asm/kvm_host.h, kvm_cache_regs.h, kvm/x86.c (v6.1). `regs[]` are in the order of the machine's encoding, RIP after them. Which registers `arch` has only as a copy of what the CPU keeps
 * elsewhere, `regs_avail` tells by the numbers of enum kvm_reg.
 */
import { GENERAL_REGISTERS } from '../../arch/x86-64/registers.ts';
import type { KernelStruct } from '../../linux/kernel-struct.ts';
import type { KernelTypes } from '../../linux/kernel-types.ts';
import { numberIn, type RegisterNotes, type RegisterSet } from './register-set.ts';

/** Members of kvm_vcpu_arch that hold one register each, and are always up to date once the vCPU has left the guest. */
const SINGLE: readonly [member: string, register: string, width?: number][] = [
  ['cr2', 'cr2'],
  ['efer', 'efer'],
  ['db[0]', 'dr0'],
  ['db[1]', 'dr1'],
  ['db[2]', 'dr2'],
  ['db[3]', 'dr3'],
  ['dr6', 'dr6'],
  ['dr7', 'dr7'],
  ['xcr0', 'xcr0'],
  ['ia32_xss', 'xss'],
  ['pat', 'pat'],
  ['pkru', 'pkru', 32],
  ['smbase', 'smbase'],
  ['ia32_misc_enable_msr', 'misc_enable'],
  ['mcg_cap', 'mcg_cap'],
  ['mcg_status', 'mcg_status'],
  ['mcg_ctl', 'mcg_ctl'],
  ['time', 'kvm_system_time'],
  ['mp_state', 'mp_state', 32],
];

/** KVM_MP_STATE_HALTED (include/uapi/linux/kvm.h). */
const HALTED = 3n;

export function takeCommon(set: RegisterSet, vcpu: KernelStruct): void {
  for (const [member, register, width] of SINGLE) set.take(register, vcpu, `arch.${member}`, { width });
}

/** The sixteen, and RIP. `notesOf` gives what is to be said of one, or undefined for one that memory does not have. */
export function takeGeneral(set: RegisterSet, vcpu: KernelStruct, notesOf: (name: string, number: number) => RegisterNotes | undefined): void {
  for (const [number, name] of [...GENERAL_REGISTERS, 'rip'].entries()) {
    const notes = notesOf(name, number);
    // By v7.2 RIP has a member of its own.
    const path = name === 'rip' && vcpu.has('arch.rip') ? 'arch.rip' : `arch.regs[${number}]`;
    if (notes !== undefined) set.take(name, vcpu, path, notes);
  }
}

export const CACHED: RegisterNotes = { why: 'read since the last exit' };

/** All of the above, and the control registers, as far as `regs_avail` says that they are up to date: on Intel the VMCS has some of them first. */
export function takeKept(set: RegisterSet, vcpu: KernelStruct, types: KernelTypes | undefined): void {
  takeCommon(set, vcpu);
  const available = new RegisterBits(vcpu, 'regs_avail', types);
  takeGeneral(set, vcpu, (name) => {
    if (name !== 'rsp' && name !== 'rip') return {};
    return available.has(`REGS_${name.toUpperCase()}`) ? CACHED : undefined;
  });
  if (available.has('EXREG_CR3')) set.take('cr3', vcpu, 'arch.cr3', CACHED);
  for (const name of ['cr0', 'cr4']) takeOwned(set, vcpu, name, available.has(`EXREG_${name.toUpperCase()}`));
}

/** Bits that belong to the guest are in the VMCS until somebody asks for them; before v5.8 (bd31fe495d0d) nothing tells whether anybody did. */
function takeOwned(set: RegisterSet, vcpu: KernelStruct, name: string, available: boolean): void {
  const owned = numberIn(vcpu, `arch.${name}_guest_owned_bits`);
  if (available || owned === 0n) set.take(name, vcpu, `arch.${name}`);
  else if (owned !== undefined)
    set.take(name, vcpu, `arch.${name}`, { knownBits: BigInt.asUintN(64, ~owned), why: 'without the bits that the guest owns' });
}

/** True when KVM has it halted; undefined where it leaves that to QEMU (no interrupt controller in the kernel), or the dump does not say. */
export function isHalted(vcpu: KernelStruct): boolean | undefined {
  const inKernel = vcpu.has('arch.apic') && vcpu.pointer('arch.apic') !== 0n;
  const state = inKernel ? numberIn(vcpu, 'arch.mp_state') : undefined;
  return state === undefined ? undefined : state === HALTED;
}

/** Bits of regs_avail and regs_dirty by the register's name: `EXREG_CR3`, `REGS_RIP`. */
export class RegisterBits {
  readonly #numbers: ReadonlyMap<string, bigint>;
  readonly #bits: bigint | undefined;

  /** `member`: `regs_avail` or `regs_dirty`. */
  constructor(vcpu: KernelStruct, member: string, types: KernelTypes | undefined) {
    // Until v5.5 (34059c257089) the numbers beyond RIP had an enum of their own.
    this.#numbers = new Map([...(types?.enum('kvm_reg')?.values ?? []), ...(types?.enum('kvm_reg_ex')?.values ?? [])]);
    this.#bits = numberIn(vcpu, `arch.${member}`);
  }

  /** False where this kernel has no such number, or the dump lacks the bits. */
  has(name: string): boolean {
    // VCPU_EXREG_CR3 and VCPU_REGS_RIP are VCPU_REG_CR3 and VCPU_REG_RIP by v7.2.
    const number = this.#numbers.get(`VCPU_${name}`) ?? this.#numbers.get(`VCPU_${name.replace(/^(EXREG|REGS)_/, 'REG_')}`);
    return number !== undefined && this.#bits !== undefined && ((this.#bits >> number) & 1n) === 1n;
  }
}
