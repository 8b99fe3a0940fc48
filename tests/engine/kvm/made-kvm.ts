/** A kernel that has KVM built in, of structs that a test lays out. */
import { KvmModule } from '#engine/kvm/kvm-module.ts';
import type { CType } from '#engine/dwarf/type-model.ts';
import type { KernelStruct } from '#engine/linux/kernel-struct.ts';
import type { KernelTypes } from '#engine/linux/kernel-types.ts';
import { array, MadeKernel, pointer, struct, u32, u64, u8 } from './made-structs.ts';

export const flexible = (element: CType): CType => ({ kind: 'array', element, count: undefined });
export const listHead = struct('list_head', { next: pointer, prev: pointer });
export const rbNode = struct('rb_node', { __rb_parent_color: u64, rb_right: pointer, rb_left: pointer });
export const xarray = struct('xarray', { xa_lock: u32, xa_flags: u32, xa_head: pointer });
export const xaNode = struct('xa_node', { shift: u8, offset: u8, count: u8, nr_values: u8, pad: u32, slots: array(pointer, 64) });

export class MadeKvm extends MadeKernel {
  readonly kvm: KvmModule;

  /** `symbols`: of variables of KVM and the kernel; kvm_init is there. */
  constructor(types: KernelTypes, symbols: Readonly<Record<string, bigint>> = {}) {
    super(types, { kvm_init: 1n, ...symbols });
    this.kvm = KvmModule.find(this.kernel)!;
  }

  /** Makes a circular list of these list_heads. */
  link(...heads: readonly bigint[]): void {
    for (const [index, head] of heads.entries()) {
      const next = heads[(index + 1) % heads.length]!;
      this.write('list_head', head, { next });
      this.write('list_head', next, { prev: head });
    }
  }

  machine(address: bigint): KernelStruct {
    return this.at('kvm', address);
  }
}
