/** CR0, CR3, CR4, CR8, XCR0 bit by bit. Source: Intel SDM vol. 3A section 2.5 (control registers), 2.6 (XCR0); AMD APM vol. 2 section 3.1. */
import { formatAddress } from '#shared/address-text.ts';
import { field, flag, type BitTable } from '../../bit-table.ts';

export const CR0_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [
    flag(31, 'PG', 'Paging', 'paging is off: linear addresses are physical', 'paging is on'),
    flag(30, 'CD', 'Cache disable', 'caches are on', 'caches are off'),
    flag(29, 'NW', 'Not write-through', 'write-back as usual', 'write-back is off (only together with CD)'),
    flag(18, 'AM', 'Alignment mask', 'alignment is not checked', 'user-mode alignment is checked when RFLAGS.AC is set'),
    flag(16, 'WP', 'Write protect', 'the kernel may write to read-only pages', 'read-only pages are read-only for the kernel too'),
    flag(5, 'NE', 'Numeric error', 'x87 errors are reported through an interrupt pin', 'x87 errors raise #MF'),
    { ...flag(4, 'ET', 'Extension type', 'clear: not possible since the 486', 'fixed to 1'), mustBe: 1n },
    flag(3, 'TS', 'Task switched', 'x87 and SSE state is loaded', 'the next x87 or SSE instruction raises #NM'),
    flag(2, 'EM', 'Emulation', 'x87 instructions run', 'x87 instructions raise #NM'),
    flag(1, 'MP', 'Monitor coprocessor', 'WAIT ignores TS', 'WAIT raises #NM when TS is set'),
    flag(0, 'PE', 'Protection enable', 'real-address mode', 'protected mode'),
  ],
};

/** CR3 with CR4.PCIDE clear. */
export const CR3_BITS: BitTable = {
  unlisted: 'ignored',
  rows: [
    flag(62, 'LAM_U48', 'Linear-address masking, user, 48 bits', 'off', 'user pointers may carry metadata in bits 62 to 48'),
    flag(61, 'LAM_U57', 'Linear-address masking, user, 57 bits', 'off', 'user pointers may carry metadata in bits 62 to 57'),
    field(12, 40, 'base', 'Page-table root', (value) => `the top table is at GPA ${formatAddress(value << 12n)}`),
    flag(4, 'PCD', 'Page-level cache disable', 'the top table is read through the cache', 'the top table is read without the cache'),
    flag(3, 'PWT', 'Page-level write-through', 'the top table is read write-back', 'the top table is read write-through'),
  ],
};

/** CR3 with CR4.PCIDE set: bits 11 to 0 are the process-context identifier. */
export const CR3_PCID_BITS: BitTable = {
  unlisted: 'ignored',
  rows: [
    ...CR3_BITS.rows.filter(({ bit }) => bit >= 12),
    field(0, 12, 'PCID', 'Process-context identifier', (value) => `TLB entries are tagged ${value}; not part of the root's address`),
  ],
};

/** CR3 of a 32-bit CPU. */
export const CR3_32_BITS: BitTable = {
  unlisted: 'ignored',
  rows: [
    field(12, 20, 'base', 'Page directory', (value) => `the top table is at GPA ${formatAddress(value << 12n)}`),
    ...CR3_BITS.rows.filter(({ bit }) => bit < 12),
  ],
};

/** CR3 with PAE paging of 32-bit protected mode: the top table has four entries, so its alignment is 32. */
export const CR3_PAE_BITS: BitTable = {
  unlisted: 'ignored',
  rows: [field(5, 27, 'base', 'Page-directory-pointer table', (value) => `the table of four entries is at GPA ${formatAddress(value << 5n)}`)],
};

export const CR4_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [
    flag(32, 'FRED', 'Flexible return and event delivery', 'interrupts go through the IDT', 'events are delivered by FRED'),
    flag(28, 'LAM_SUP', 'Linear-address masking, supervisor', 'kernel pointers must be canonical', 'kernel pointers may carry metadata'),
    flag(27, 'LASS', 'Linear-address-space separation', 'off', 'user and kernel halves are kept apart before paging'),
    flag(25, 'UINTR', 'User interrupts', 'off', 'on'),
    flag(24, 'PKS', 'Protection keys for supervisor pages', 'off', 'keys of kernel pages count (IA32_PKRS)'),
    flag(23, 'CET', 'Control-flow enforcement', 'off', 'shadow stacks and indirect-branch tracking can be used'),
    flag(22, 'PKE', 'Protection keys for user pages', 'off', 'keys of user pages count (PKRU)'),
    flag(21, 'SMAP', 'Supervisor-mode access prevention', 'the kernel may touch user pages', 'the kernel touches user pages only with RFLAGS.AC set'),
    flag(20, 'SMEP', 'Supervisor-mode execution prevention', 'the kernel may run code in user pages', 'the kernel cannot run code in user pages'),
    flag(19, 'KL', 'Key locker', 'off', 'on'),
    flag(18, 'OSXSAVE', 'XSAVE and extended states', 'off: no AVX', 'the operating system uses XSAVE; XCR0 is in force'),
    flag(17, 'PCIDE', 'Process-context identifiers', 'off: CR3 bits 11 to 0 are PCD, PWT and ignored bits', 'CR3 bits 11 to 0 are a PCID'),
    flag(16, 'FSGSBASE', 'RDFSBASE and its kin', 'off', 'user mode may set the FS and GS bases'),
    flag(14, 'SMXE', 'Safer mode extensions', 'off', 'on'),
    flag(13, 'VMXE', 'Virtual-machine extensions', 'off', 'the guest can run VMs of its own (Intel)'),
    flag(12, 'LA57', '57-bit linear addresses', '4-level paging in long mode', '5-level paging in long mode'),
    flag(11, 'UMIP', 'User-mode instruction prevention', 'off', 'SGDT, SIDT, SLDT, STR and SMSW fault in user mode'),
    flag(10, 'OSXMMEXCPT', 'SIMD floating-point exceptions', 'raise #UD', 'raise #XM'),
    flag(9, 'OSFXSR', 'FXSAVE and SSE', 'off', 'the operating system uses FXSAVE; SSE is on'),
    flag(8, 'PCE', 'Performance counters in user mode', 'RDPMC faults in user mode', 'user mode may run RDPMC'),
    flag(7, 'PGE', 'Global pages', 'the G bit of pages is ignored', 'global pages stay in the TLB when CR3 is loaded'),
    flag(6, 'MCE', 'Machine-check enable', 'machine checks shut the CPU down', 'machine checks raise #MC'),
    flag(5, 'PAE', 'Physical-address extension', '4-byte page-table entries', '8-byte page-table entries'),
    flag(4, 'PSE', 'Page-size extensions', '4 KiB pages only, in 32-bit paging', '4 MiB pages in 32-bit paging; no effect in long mode'),
    flag(3, 'DE', 'Debugging extensions', 'DR4 and DR5 are DR6 and DR7', 'DR4 and DR5 do not exist'),
    flag(2, 'TSD', 'Time-stamp disable', 'user mode may run RDTSC', 'RDTSC faults in user mode'),
    flag(1, 'PVI', 'Protected-mode virtual interrupts', 'off', 'on'),
    flag(0, 'VME', 'Virtual-8086 mode extensions', 'off', 'on'),
  ],
};

export const CR8_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [
    field(0, 4, 'TPL', 'Task priority level', (value) =>
      value === 0n ? 'every interrupt gets through' : `only interrupt classes above ${value} get through`,
    ),
  ],
};

const saved = (what: string) => [`${what} is not enabled`, `${what} is enabled for XSAVE`] as const;

export const XCR0_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [
    flag(19, 'APX', 'APX registers', ...saved('r16 to r31')),
    flag(18, 'TILEDATA', 'AMX tile data', ...saved('AMX tile data')),
    flag(17, 'TILECFG', 'AMX tile configuration', ...saved('AMX tile configuration')),
    flag(9, 'PKRU', 'Protection-key rights', ...saved('PKRU')),
    flag(7, 'Hi16_ZMM', 'zmm16 to zmm31', ...saved('zmm16 to zmm31')),
    flag(6, 'ZMM_Hi256', 'Upper halves of zmm0 to zmm15', ...saved('the upper half of zmm0 to zmm15')),
    flag(5, 'opmask', 'AVX-512 mask registers', ...saved('k0 to k7')),
    flag(4, 'BNDCSR', 'MPX configuration', ...saved('MPX configuration')),
    flag(3, 'BNDREGS', 'MPX bounds', ...saved('MPX bounds')),
    flag(2, 'AVX', 'Upper halves of ymm', ...saved('the upper half of ymm0 to ymm15')),
    flag(1, 'SSE', 'xmm and MXCSR', ...saved('SSE state')),
    { ...flag(0, 'x87', 'x87 state', 'clear: not possible', 'x87 state is enabled'), mustBe: 1n },
  ],
};
