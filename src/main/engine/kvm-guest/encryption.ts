/**
 * Whether a guest's memory is hidden from its host.
 *
 * Facts: Linux arch/x86/kvm/svm/svm.h (struct kvm_svm.sev_info since v4.16, 1654efcbc431; es_active since v5.11, 916391a2d1dc); include/uapi/linux/kvm.h (KVM_MEM_GUEST_MEMFD, v6.8: private memory of such a slot lies in a guest_memfd, which
 * the process does not map).
 */
import { formatSize } from '#shared/address-text.ts';
import type { Diagnostic } from '#shared/model/index.ts';
import type { KvmMachine } from '../kvm/machine.ts';
import { KernelStruct } from '../linux/kernel-struct.ts';

export function encryptionOf(machine: KvmMachine): Diagnostic[] {
  return [...sevOf(machine), ...privateMemoryOf(machine)];
}

function sevOf({ kvm, struct }: KvmMachine): Diagnostic[] {
  const { kernel } = kvm;
  if (kvm.vendor !== 'npt') return [];
  const module = kernel.address('modules') === undefined ? undefined : kernel.module('kvm_amd');
  const types = module?.types ?? kernel.types;
  if (types?.find('kvm_svm', 'sev_info.active') === undefined) return [];
  const svm = KernelStruct.of(kernel, 'kvm_svm', 'kvm', struct.address, types);
  if (svm.small('sev_info.active') !== 1) return [];
  const registers = svm.has('sev_info.es_active') && svm.small('sev_info.es_active') === 1;
  const asid = svm.has('sev_info.asid') ? svm.small('sev_info.asid') : undefined;
  return [
    {
      severity: 'data-loss',
      code: 'guest-encrypted',
      message: `The guest's memory is encrypted by SEV${registers ? ', its registers by SEV-ES' : ''}${asid === undefined ? '' : ` (ASID ${asid})`}.`,
      consequence: 'What is shown of it is ciphertext, but for pages that the guest shares with its host. The key never leaves the CPU.',
    },
  ];
}

function privateMemoryOf({ memslots }: KvmMachine): Diagnostic[] {
  const slots = memslots.filter(({ addressSpace, flags }) => addressSpace === 0 && flags.includes('guest-memfd'));
  if (slots.length === 0) return [];
  const bytes = slots.reduce((sum, { npages }) => sum + npages * 4096, 0);
  return [
    {
      severity: 'data-loss',
      code: 'guest-private-memory',
      message: `${formatSize(bytes)} of the guest's memory may be private (guest_memfd): its process does not map what is.`,
      consequence: 'Only what the guest shares with its host is shown.',
    },
  ];
}
