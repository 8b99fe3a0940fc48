/** The layout of a dump's kernel, as JSON: everything is asked of it once, so that the structs of every question are in it. */
import { WorkbenchError } from '#shared/errors.ts';
import { encodeLayout } from '../kernel-files/layout-encode.ts';
import { registersOfVcpu } from '../kvm/vcpu-registers/index.ts';
import type { LinuxKernel } from '../linux/kernel.ts';
import { VMLINUX } from '../linux/known-types.ts';
import type { GuestMemory } from '../memory/guest-memory.ts';
import type { GuestTranslations } from './guest-translation.ts';
import type { KvmQueries } from './kvm-queries.ts';
import type { LinuxQueries } from './linux-queries.ts';

/** Processes whose files and areas are looked at, and frames: enough to meet every kind. */
const SOME_TASKS = 64;
const SOME_FRAMES = 64;

/** What is asked of machines and their registers, for dumps of the same kernel that have some. */
const KVM_STRUCTS: Readonly<Record<string, readonly string[]>> = {
  [VMLINUX]: ['xa_node'],
  kvm: ['kvm', 'kvm_vcpu', 'kvm_memslots', 'kvm_memory_slot', 'kvm_mmu_page', 'fpu', 'fpstate', 'pid', 'mm_struct'],
  kvm_amd: ['vcpu_svm', 'kvm_svm', 'vmcb'],
  kvm_intel: ['vcpu_vmx', 'kvm_vmx', 'vmcs12'],
};
const KVM_ENUMS = ['kvm_reg', 'kvm_reg_ex'];

export interface LayoutSources {
  linux: LinuxQueries;
  kvm: KvmQueries;
  guests: GuestTranslations;
  memory: GuestMemory;
}

/** Throws WorkbenchError `unsupported` where there is no kernel, or nothing is known of its types. */
export function writeLayout(sources: LayoutSources): string {
  const { kernel } = sources.linux;
  if (!kernel.types)
    throw new WorkbenchError('unsupported', "the kernel's types are not known, so there is no layout to write", {
      hint: 'Give the vmlinux of exactly this kernel with debug information (--debug), or its BTF.',
    });
  for (const ask of [...aboutLinux(sources), ...aboutMachines(sources), ...aboutModules(kernel)]) attempt(ask);
  return JSON.stringify(encodeLayout(kernel));
}

function aboutLinux({ linux, memory }: LayoutSources): (() => unknown)[] {
  const ofTasks = () => {
    const programs = linux.listTasks().tasks.filter(({ kernel }) => !kernel);
    for (const { pid } of programs.slice(0, SOME_TASKS)) attempt(() => linux.getTask({ pid }));
  };
  const ofFrames = () => {
    const last = memory.regions.lasts[0] ?? 0;
    for (let frame = 0; frame < SOME_FRAMES; frame++) attempt(() => linux.getPage({ physical: Math.floor((last / SOME_FRAMES) * frame) }));
  };
  return [() => linux.getOverview(), () => linux.listModules(), ofTasks, ofFrames];
}

function aboutMachines({ kvm, guests }: LayoutSources): (() => unknown)[] {
  const ofMachines = () => {
    for (const machine of kvm.machines.machines) {
      machine.vcpus.forEach((vcpu, index) => attempt(() => registersOfVcpu(machine.kvm, vcpu, index)));
      for (const { baseGfn } of machine.memslots) attempt(() => guests.walk({ vm: machine.id, space: 'gpa', address: BigInt(baseGfn) << 12n }));
    }
  };
  return [() => kvm.listVms(), ofMachines];
}

function aboutModules(kernel: LinuxKernel): (() => unknown)[] {
  return Object.entries(KVM_STRUCTS).map(([name, structs]) => () => {
    const types = name === VMLINUX ? kernel.types : kernel.module(name)?.types;
    for (const struct of structs) types?.struct(struct);
    for (const each of KVM_ENUMS) types?.enum(each);
  });
}

/** What this dump lacks does not keep the rest from being asked. */
function attempt(ask: () => unknown): void {
  try {
    ask();
  } catch (error) {
    if (!(error instanceof WorkbenchError)) throw error;
  }
}
