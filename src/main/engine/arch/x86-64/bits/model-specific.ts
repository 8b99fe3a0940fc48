/**
 * Model-specific registers bit by bit: EFER, STAR, PAT, MISC_ENABLE, FEATURE_CONTROL, SPEC_CTRL, MTRR_DEF_TYPE, MCG_STATUS.
 *
 * Source: Intel SDM vol. 4 chapter 2 (MSRs), vol. 3A section 2.2.1 (IA32_EFER), "Memory Type Range Registers", "Page Attribute
 * Table", vol. 3B "Machine-Check MSRs";
 * AMD APM vol. 2 sections 3.1.7 (EFER), 6.1.1 (STAR).
 */
import { formatAddress } from '#shared/address-text.ts';
import { field, flag, type BitTable } from '../../bit-table.ts';

export const EFER_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [
    flag(21, 'AIBRSE', 'Automatic IBRS', 'off', 'on (AMD)'),
    flag(20, 'UAIE', 'Upper address ignore', 'off', 'bits 63 to 57 of user pointers are ignored (AMD)'),
    flag(18, 'INTWB', 'Interruptible WBINVD', 'off', 'on (AMD)'),
    flag(17, 'MCOMMIT', 'MCOMMIT instruction', 'off', 'on (AMD)'),
    flag(15, 'TCE', 'Translation cache extension', 'off', 'on (AMD)'),
    flag(14, 'FFXSR', 'Fast FXSAVE', 'off', 'FXSAVE leaves out the xmm registers at ring 0 in 64-bit mode (AMD)'),
    flag(13, 'LMSLE', 'Long-mode segment limits', 'off', 'segment limits count in 64-bit mode (AMD)'),
    flag(12, 'SVME', 'Secure virtual machine', 'off', 'the guest can run VMs of its own (AMD)'),
    flag(11, 'NXE', 'No-execute enable', 'bit 63 of a page-table entry is reserved', 'bit 63 of a page-table entry forbids execution'),
    flag(10, 'LMA', 'Long mode active', 'the CPU is not in long mode', 'the CPU is in long mode'),
    flag(8, 'LME', 'Long mode enable', 'paging would start a 32-bit mode', 'paging starts long mode'),
    flag(0, 'SCE', 'System-call extensions', 'SYSCALL is off', 'SYSCALL and SYSRET are on'),
  ],
};

const selectorPair = (first: string, second: string) => (value: bigint) => `${first} ${formatAddress(value)}, ${second} ${formatAddress(value + 8n)}`;

export const STAR_BITS: BitTable = {
  unlisted: 'ignored',
  rows: [
    field(
      48,
      16,
      'SYSRET',
      'SYSRET selectors',
      (value) => `64-bit CS ${formatAddress(value + 16n)}, 32-bit CS ${formatAddress(value)}, SS ${formatAddress(value + 8n)}, with RPL 3`,
    ),
    field(32, 16, 'SYSCALL', 'SYSCALL selectors', selectorPair('CS', 'SS')),
    field(0, 32, 'EIP', 'SYSCALL target of 32-bit mode', (value) => (value === 0n ? 'not used' : `EIP ${formatAddress(value)}`)),
  ],
};

const MEMORY_TYPES: Record<number, string> = {
  0: 'UC: uncached',
  1: 'WC: write-combining',
  4: 'WT: write-through',
  5: 'WP: write-protected',
  6: 'WB: write-back',
  7: 'UC-: uncached, unless the MTRRs say WC',
};

const memoryType = (value: bigint) => MEMORY_TYPES[Number(value)] ?? `type ${value} is reserved`;

export const PAT_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [7, 6, 5, 4, 3, 2, 1, 0].map((entry) => field(entry * 8, 3, `PA${entry}`, `Memory type of PAT entry ${entry}`, memoryType)),
};

export const MISC_ENABLE_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    flag(34, 'XD_DIS', 'Execute-disable bit disable', 'EFER.NXE can be set', 'EFER.NXE cannot be set'),
    flag(22, 'LCMV', 'Limit CPUID maximum', 'off', 'CPUID reports at most leaf 3'),
    flag(18, 'MWAIT', 'MONITOR/MWAIT', 'off', 'on'),
    flag(16, 'EIST', 'Enhanced SpeedStep', 'off', 'on'),
    flag(12, 'PEBS_U', 'Precise event sampling unavailable', 'available', 'not available'),
    flag(11, 'BTS_U', 'Branch trace storage unavailable', 'available', 'not available'),
    flag(7, 'EMON', 'Performance monitoring available', 'not available', 'available'),
    flag(3, 'TM1', 'Automatic thermal control', 'off', 'on'),
    flag(0, 'FAST_STR', 'Fast strings', 'off', 'on'),
  ],
};

export const FEATURE_CONTROL_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [
    flag(20, 'LMCE', 'Local machine checks', 'off', 'on'),
    flag(18, 'SGX', 'SGX', 'off', 'on'),
    flag(17, 'SGX_LC', 'SGX launch control', 'off', 'on'),
    flag(2, 'VMXON', 'VMX outside SMX', 'VMXON faults', 'VMXON is allowed'),
    flag(1, 'VMXON_SMX', 'VMX inside SMX', 'VMXON faults in SMX', 'VMXON is allowed in SMX'),
    flag(0, 'LOCK', 'Lock', 'can still be changed', 'cannot be changed until reset'),
  ],
};

export const SPEC_CTRL_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    flag(10, 'BHI_DIS_S', 'Branch history injection, supervisor', 'not restricted', 'restricted'),
    flag(7, 'PSFD', 'Predictive store forwarding disable', 'forwarding is on', 'forwarding is off'),
    flag(2, 'SSBD', 'Speculative store bypass disable', 'stores may be bypassed', 'stores are not bypassed'),
    flag(1, 'STIBP', 'Single-thread indirect branch predictors', 'shared with the sibling thread', 'not shared'),
    flag(0, 'IBRS', 'Indirect branch restricted speculation', 'off', 'on'),
  ],
};

export const MTRR_DEF_TYPE_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [
    flag(11, 'E', 'MTRRs enabled', 'all memory is uncached', 'the MTRRs are in force'),
    flag(10, 'FE', 'Fixed-range MTRRs', 'off', 'on'),
    field(0, 8, 'type', 'Default memory type', memoryType),
  ],
};

export const MCG_STATUS_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [
    flag(3, 'LMCE_S', 'Local machine check', 'no', 'the machine check went to this CPU only'),
    flag(2, 'MCIP', 'Machine check in progress', 'no', 'a second machine check would shut the CPU down'),
    flag(1, 'EIPV', 'Error IP valid', 'the saved RIP has nothing to do with the error', 'the saved RIP belongs to the error'),
    flag(0, 'RIPV', 'Restart IP valid', 'the program cannot go on', 'the program can go on at the saved RIP'),
  ],
};

/** PKRU and IA32_PKRS: two bits a key. Intel SDM vol. 3A, "Protection Keys". */
export const PROTECTION_KEY_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map((key) =>
    field(key * 2, 2, `key ${key}`, `Rights of pages with key ${key}`, ['read and write', 'no data access', 'read only', 'no data access']),
  ),
};

/** IA32_APIC_BASE is not in QEMU's `cpu` section; the KVM clock MSRs are. Source: Linux Documentation/virt/kvm/x86/msr.rst. */
export const KVM_CLOCK_BITS: BitTable = {
  unlisted: 'ignored',
  rows: [
    field(2, 50, 'address', 'Address of the guest’s time structure', (value) => `GPA ${formatAddress(value << 2n)}`),
    flag(0, 'enable', 'Enabled', 'the guest does not use the KVM clock', 'the guest uses the KVM clock'),
  ],
};
