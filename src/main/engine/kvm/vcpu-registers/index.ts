/** The registers of a vCPU out of the host's memory, as a CPU of a dump has them. */
import type { CpuState } from '../../arch/cpu-state.ts';
import { KernelStruct } from '../../linux/kernel-struct.ts';
import type { KvmModule } from '../kvm-module.ts';
import { isHalted, takeKept } from './common-registers.ts';
import { takeFpuRegisters } from './fpu-registers.ts';
import { numberIn, RegisterSet } from './register-set.ts';
import { runsNestedGuestSvm, takeSvmRegisters } from './svm-registers.ts';
import { runsNestedGuestVmx, takeVmxRegisters } from './vmx-registers.ts';

/** vcpu.mode: OUTSIDE_GUEST_MODE (include/linux/kvm_host.h). */
const OUTSIDE = 0n;

export interface VcpuRegisters {
  cpu: CpuState;
  /** Whether it was running a guest of the guest's own: the registers are then that guest's. */
  runsNestedGuest: boolean;
  /** What is missing or not to be trusted, in sentences that begin without the vCPU's name. */
  problems: string[];
}

/** Registers that only this vendor's structs hold are missing where the module's types are. `index`: the CPU's number in the dump that is made of it. */
export function registersOfVcpu(kvm: KvmModule, vcpu: KernelStruct, index: number): VcpuRegisters {
  const set = new RegisterSet();
  let runsNestedGuest = false;
  if (isProtected(vcpu)) {
    set.problems.push('Its registers are encrypted (SEV-ES, SEV-SNP or TDX): the host does not have them.');
  } else {
    runsNestedGuest = takeVendor(set, kvm, vcpu);
    takeFpuRegisters(set, vcpu);
    const mode = numberIn(vcpu, 'mode');
    if (mode !== undefined && mode !== OUTSIDE)
      set.problems.push('It was executing the guest: general registers are those of its last exit, and vector registers those of its last turn.');
  }
  const halted = isHalted(vcpu);
  const cpu: CpuState = { index, registers: set.registers, segments: set.segments, littleEndian: true, ...(halted === undefined ? {} : { halted }) };
  return { cpu, runsNestedGuest, problems: set.problems };
}

/** Since v5.11 (ed02b213098a). */
function isProtected(vcpu: KernelStruct): boolean {
  return (numberIn(vcpu, 'arch.guest_state_protected') ?? 0n) !== 0n;
}

/** True where the vCPU was running a guest of the guest's own. */
function takeVendor(set: RegisterSet, kvm: KvmModule, vcpu: KernelStruct): boolean {
  const { kernel, vendor } = kvm;
  const [module, struct] = vendor === 'ept' ? ['kvm_intel', 'vcpu_vmx'] : ['kvm_amd', 'vcpu_svm'];
  const loaded = kernel.address('modules') === undefined ? undefined : kernel.module(module);
  const types = loaded?.types ?? kernel.types;
  if (vendor === undefined || types?.find(struct, 'vcpu') === undefined) {
    takeKept(set, vcpu, kvm.types);
    set.problems.push(
      `The layout of struct ${struct} is not known, so only what KVM itself keeps is there; types of ${module} (--debug ${module.replace('_', '-')}.ko) would supply the rest.`,
    );
    return false;
  }
  const own = KernelStruct.of(kernel, struct, 'vcpu', vcpu.address, types);
  if (vendor === 'npt') takeSvmRegisters(set, vcpu, own, types);
  else takeVmxRegisters(set, vcpu, own, { types, addressOf: (symbol) => kvm.address(symbol) });
  const nested = vendor === 'npt' ? runsNestedGuestSvm(own) : runsNestedGuestVmx(own);
  if (nested)
    set.problems.push(
      "It was running a guest of the guest's own: its registers are those of that nested guest, whose page tables the guest's memory does not hold in one piece.",
    );
  return nested;
}
