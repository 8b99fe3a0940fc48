/**
 * Segment attributes as VMCB and VMCS keep them, in the form of QEMU's SegmentCache.flags: the descriptor's second word with bits 8 to 23 in place.
 *
 * Facts: AMD64 APM vol. 2, 15.5.1 (VMCB: type, S, DPL, P in bits 0 to 7, AVL, L, D/B, G in bits 8 to 11); Intel SDM vol. 3C, 25.4.1 (VMCS: the same with AVL … G in bits 12 to 15, "unusable" in bit 16); what KVM
 * makes of them: Linux arch/x86/kvm/svm/svm.c, svm_get_segment, and vmx/vmx.c, vmx_get_segment (v6.1).
 */

const ACCESSED = 1 << 8;
const BUSY = 1 << 9;
const PRESENT = 1 << 15;
const DEFAULT = 1 << 22;
const GRANULAR = 1 << 23;
const DPL_SHIFT = 13;
const UNUSABLE = 1 << 16;

export interface VmcbSegment {
  name: string;
  attributes: number;
  limit: number;
  /** CPL of the VMCB, which stands for SS.DPL. */
  privilege: number;
}

/** As KVM hands a segment of a VMCB out: G is worked out from the limit, and bits that AMD's CPUs do not keep are set. */
export function flagsOfVmcb({ name, attributes, limit, privilege }: VmcbSegment): number {
  let flags = ((attributes & 0xff) << 8) | ((attributes & 0x700) << 12);
  if (limit > 0xfffff) flags |= GRANULAR;
  const present = (flags & PRESENT) !== 0;
  if (name === 'tr') flags |= BUSY;
  if (present && ['ds', 'es', 'fs', 'gs'].includes(name)) flags |= ACCESSED;
  if (name === 'ss') {
    if (!present) flags &= ~DEFAULT;
    flags = (flags & ~(3 << DPL_SHIFT)) | ((privilege & 3) << DPL_SHIFT);
  }
  return flags;
}

/** `rights`: the access rights of a VMCS. A segment that is not usable is not present. */
export function flagsOfVmcs(rights: number): number {
  const flags = (rights & 0xf0ff) << 8;
  return (rights & UNUSABLE) === 0 ? flags | PRESENT : flags & ~PRESENT;
}
