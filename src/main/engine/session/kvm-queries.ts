/** What a session answers of the virtual machines in its dump, the memory of a KVM host. They are looked for when they are first asked for. */
import type { VirtualMachineList } from '#shared/model/index.ts';
import { describeMachine } from '../kvm/machine.ts';
import { findMachines, type Machines } from '../kvm/machines.ts';
import type { LinuxKernel } from '../linux/kernel.ts';
import { withUnused } from './linux-queries.ts';

export class KvmQueries {
  readonly #kernel: () => LinuxKernel;
  #machines: Machines | undefined;

  /** `kernel` throws WorkbenchError `unsupported` where there is none. */
  constructor(kernel: () => LinuxKernel) {
    this.#kernel = kernel;
  }

  get machines(): Machines {
    this.#machines ??= findMachines(this.#kernel());
    return this.#machines;
  }

  listVms(): VirtualMachineList {
    const { machines, problems } = this.machines;
    return withUnused(this.#kernel(), { vms: machines.map((machine) => describeMachine(machine)), problems });
  }
}
