/** KVM in a kernel: a module, or built in. Its types and symbols, wherever they are. */
import type { LinuxKernel } from '../linux/kernel.ts';
import { KernelStruct } from '../linux/kernel-struct.ts';
import type { KernelTypes } from '../linux/kernel-types.ts';

/** x86_vendor of struct cpuinfo_x86 (Linux arch/x86/include/asm/processor.h): Intel, Centaur and Zhaoxin have EPT, AMD and Hygon nested page tables. */
const VENDORS: Readonly<Record<number, 'npt' | 'ept'>> = { 0: 'ept', 2: 'npt', 5: 'ept', 9: 'npt', 10: 'ept' };

export class KvmModule {
  readonly kernel: LinuxKernel;
  /** Its own, and the kernel's behind them. Those of a module before v5.11, which has no BTF, may lack struct kvm. */
  readonly types: KernelTypes | undefined;
  readonly #address: (symbol: string) => bigint | undefined;

  private constructor(kernel: LinuxKernel, types: KernelTypes | undefined, address: (symbol: string) => bigint | undefined) {
    this.kernel = kernel;
    this.types = types;
    this.#address = address;
  }

  /** Undefined for a kernel that has no KVM. Throws WorkbenchError `unsupported` where its list of modules cannot be read. */
  static find(kernel: LinuxKernel): KvmModule | undefined {
    // All that is looked up on the way to a list of machines, in one pass over the symbols.
    kernel.lookUp(['modules', 'init_task', 'btf_modules', '__start_BTF', '__stop_BTF']);
    const module = kernel.address('modules') === undefined ? undefined : kernel.module('kvm');
    if (module) return new KvmModule(kernel, module.types, (symbol) => module.address(symbol));
    // kvm_init stands in every kernel that has it built in; data symbols are there only with CONFIG_KALLSYMS_ALL.
    kernel.lookUp(['kvm_init', 'vm_list', 'kvm_vm_fops', 'tdp_enabled', 'boot_cpu_data']);
    if (kernel.address('kvm_init') === undefined) return undefined;
    return new KvmModule(kernel, kernel.types, (symbol) => kernel.address(symbol));
  }

  /** Of the module's own symbols. */
  address(symbol: string): bigint | undefined {
    return this.#address(symbol);
  }

  object(type: string, address: bigint): KernelStruct {
    return new KernelStruct(this.kernel, type, address, this.types);
  }

  /** Whose nested paging the host has: told by the module that is loaded beside this one, or by the CPU's maker. Undefined for hosts that are not x86, and where nothing tells. */
  get vendor(): 'npt' | 'ept' | undefined {
    const { kernel } = this;
    const modules = kernel.address('modules') !== undefined;
    const amd = modules && kernel.module('kvm_amd') !== undefined;
    const intel = modules && kernel.module('kvm_intel') !== undefined;
    if (amd !== intel) return amd ? 'npt' : 'ept';
    const cpu = kernel.address('boot_cpu_data');
    const maker = cpu === undefined ? undefined : new KernelStruct(kernel, 'cpuinfo_x86', cpu);
    return maker?.has('x86_vendor') === true ? VENDORS[maker.small('x86_vendor') ?? -1] : undefined;
  }
}
