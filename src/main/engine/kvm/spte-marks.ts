/**
 * What KVM keeps in entries of nested page tables beside what the CPU reads there. The kernel tells most of it in variables of its own.
 *
 * Facts: Linux arch/x86/kvm/mmu/spte.{h,c} (v6.1). An entry of a page that is no memory holds shadow_mmio_value under shadow_mmio_mask, which to the CPU is a reserved bit (AMD) or a misconfiguration (Intel): since v5.13
 * (8120337a4c55; a machine's own value since v6.10), bits 52 and 53 both before (v5.4, 6eeb4ef049e7). Bits that tell whether a page may be written are variables since v5.13 (5fc3424f8b85), 10 and 11 before.
 * The host's encryption bit is shadow_me_mask; on Intel that has the bits of key numbers, several, which entries never have set.
 * An entry that a thread is about to change: bit 59 since v5.10, 0x5a0 since v5.13, 0x498 since v6.13; with bit 63, which empty entries then have, too, where EPT violations can become exceptions (v6.10).
 */
import type { KernelStruct } from '../linux/kernel-struct.ts';
import { encryptionBitOf } from '../translate/encryption-bit.ts';
import type { KvmModule } from './kvm-module.ts';

export interface SpteMarks {
  /** Undefined where KVM marks none. */
  mmio: { mask: bigint; value: bigint } | undefined;
  /** Numbers of bits: the process may write the page; KVM lets the guest write it. */
  hostWritable: number | undefined;
  mmuWritable: number | undefined;
  /** Bit of entries that lead to memory; undefined before v5.13. */
  memory: number | undefined;
  /** Bit that marks encrypted memory, as in the host's own tables. */
  encryption: number | undefined;
}

const OLD_MMIO = 3n << 52n;
const OLD_HOST_WRITABLE = 10;
const OLD_MMU_WRITABLE = 11;
const MEMORY = 11;

/** `machine`: a struct kvm. */
export function readSpteMarks(kvm: KvmModule, machine: KernelStruct): SpteMarks {
  const variable = (name: string): bigint | undefined => {
    const at = kvm.address(name);
    return at === undefined ? undefined : kvm.kernel.space.u64(at);
  };
  const own = machine.has('arch.shadow_mmio_value') ? machine.number('arch.shadow_mmio_value') : undefined;
  const value = own ?? variable('shadow_mmio_value');
  const mask = variable('shadow_mmio_mask');
  const hostWritable = bitOf(variable('shadow_host_writable_mask'));
  const encryption = encryptionBitOf(variable('shadow_me_mask') ?? 0n);
  if (mask === undefined && hostWritable === undefined)
    return {
      mmio: { mask: OLD_MMIO, value: OLD_MMIO },
      hostWritable: OLD_HOST_WRITABLE,
      mmuWritable: OLD_MMU_WRITABLE,
      memory: undefined,
      encryption,
    };
  const mmio = mask !== undefined && value !== undefined && value !== 0n ? { mask, value } : undefined;
  return { mmio, hostWritable, mmuWritable: bitOf(variable('shadow_mmu_writable_mask')), memory: MEMORY, encryption };
}

/** The one bit that is set; undefined where it is not one. */
function bitOf(mask: bigint | undefined): number | undefined {
  if (mask === undefined || mask === 0n || (mask & (mask - 1n)) !== 0n) return undefined;
  return mask.toString(2).length - 1;
}

const FROZEN: ReadonlySet<bigint> = new Set([1n << 59n, 0x5a0n, 0x498n]);
const SUPPRESS = 1n << 63n;

/** Whether a thread has taken the entry to change it. */
export const isFrozen = (entry: bigint): boolean => FROZEN.has(entry & ~SUPPRESS);

export const isMmio = ({ mmio }: SpteMarks, entry: bigint): boolean => mmio !== undefined && (entry & mmio.mask) === mmio.value;

export const hasBit = (entry: bigint, bit: number | undefined): boolean => bit !== undefined && ((entry >> BigInt(bit)) & 1n) === 1n;
