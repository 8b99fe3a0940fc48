/**
 * SCTLR_ELx, CPACR_EL1, HCR_EL2 and SCR_EL3 bit by bit.
 *
 * Source: Arm Architecture Reference Manual for A-profile (DDI 0487J), D19.2, by the register's name.
 */
import { field, flag, type BitTable } from '../../bit-table.ts';

const trap = (bit: number, name: string, title: string, to: string) => flag(bit, name, title, 'not trapped', `trapped to ${to}`);
const allowed = (bit: number, name: string, title: string) => flag(bit, name, title, 'trapped from EL0', 'allowed at EL0');

export const SCTLR_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    flag(62, 'SPINTMASK', 'Stack pointer selects interrupt masking', 'off', 'on'),
    flag(61, 'NMI', 'Non-maskable interrupts', 'off', 'on'),
    flag(60, 'EnTP2', 'TPIDR2_EL0 at EL0', 'trapped', 'allowed'),
    flag(57, 'EPAN', 'Enhanced privileged access never', 'PAN ignores execute-only pages', 'PAN covers execute-only pages'),
    flag(44, 'DSSBS', 'Default PSTATE.SSBS on exceptions', '0', '1'),
    flag(43, 'ATA', 'Allocation tags at EL1', 'no access', 'access'),
    flag(42, 'ATA0', 'Allocation tags at EL0', 'no access', 'access'),
    field(40, 2, 'TCF', 'Tag check fault at EL1', [
      'ignored',
      'synchronous exception',
      'collected in TFSR',
      'synchronous for reads, collected for writes',
    ]),
    field(38, 2, 'TCF0', 'Tag check fault at EL0', [
      'ignored',
      'synchronous exception',
      'collected in TFSRE0',
      'synchronous for reads, collected for writes',
    ]),
    flag(36, 'BT1', 'PACIASP as branch target at EL1', 'lands any branch', 'lands calls alone'),
    flag(35, 'BT0', 'PACIASP as branch target at EL0', 'lands any branch', 'lands calls alone'),
    flag(31, 'EnIA', 'Pointer authentication, instruction key A', 'off', 'on: return addresses on stacks may be signed'),
    flag(30, 'EnIB', 'Pointer authentication, instruction key B', 'off', 'on'),
    flag(27, 'EnDA', 'Pointer authentication, data key A', 'off', 'on'),
    flag(13, 'EnDB', 'Pointer authentication, data key B', 'off', 'on'),
    flag(29, 'LSMAOE', 'Load/store multiple atomicity and ordering', 'relaxed', 'as ARMv8.0'),
    flag(28, 'nTLSMD', 'Device memory by AArch32 load/store multiple', 'trapped', 'not trapped'),
    allowed(26, 'UCI', 'Cache maintenance'),
    flag(25, 'EE', 'Byte order of this level and of page tables', 'little-endian', 'big-endian'),
    flag(24, 'E0E', 'Byte order of EL0', 'little-endian', 'big-endian'),
    flag(23, 'SPAN', 'Set PAN on exceptions', 'PAN is set on exceptions', 'PAN is left as it is'),
    flag(22, 'EIS', 'Exception entry synchronizes', 'no', 'yes'),
    flag(21, 'IESB', 'Implicit error synchronization', 'off', 'on'),
    flag(20, 'TSCXT', 'SCXTNUM_EL0 at EL0', 'allowed', 'trapped'),
    flag(19, 'WXN', 'Writable means execute-never', 'off', 'on: no writable page is executable'),
    allowed(18, 'nTWE', 'WFE'),
    allowed(16, 'nTWI', 'WFI'),
    allowed(15, 'UCT', 'CTR_EL0'),
    allowed(14, 'DZE', 'DC ZVA'),
    flag(12, 'I', 'Instruction cache', 'instruction fetches are not cached', 'on'),
    flag(11, 'EOS', 'Exception return synchronizes', 'no', 'yes'),
    allowed(9, 'UMA', 'Interrupt masks (DAIF)'),
    flag(8, 'SED', 'SETEND at EL0', 'allowed', 'not allowed'),
    flag(7, 'ITD', 'IT instruction at EL0', 'allowed', 'restricted'),
    flag(5, 'CP15BEN', 'CP15 barriers at EL0', 'not allowed', 'allowed'),
    flag(4, 'SA0', 'Stack alignment check at EL0', 'off', 'on'),
    flag(3, 'SA', 'Stack alignment check', 'off', 'on'),
    flag(2, 'C', 'Data cache', 'data is not cached', 'on'),
    flag(1, 'A', 'Alignment check', 'off', 'on'),
    flag(0, 'M', 'MMU', 'off: addresses are physical', 'on'),
  ],
};

export const CPACR_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    flag(28, 'TTA', 'Trace registers', 'not trapped', 'trapped'),
    field(24, 2, 'SMEN', 'SME', ['trapped', 'trapped from EL0', 'trapped', 'allowed']),
    field(20, 2, 'FPEN', 'Floating point and vectors', ['trapped', 'trapped from EL0', 'trapped', 'allowed']),
    field(16, 2, 'ZEN', 'SVE', ['trapped', 'trapped from EL0', 'trapped', 'allowed']),
  ],
};

const virtual = (bit: number, name: string, what: string) => flag(bit, name, `Virtual ${what}`, 'not pending', `pending for the guest`);

export const HCR_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    flag(56, 'ATA', 'Allocation tags of the guest', 'trapped', 'allowed'),
    flag(46, 'FWB', 'Forced write-back', 'stage 2 attributes combine with those of stage 1', 'stage 2 attributes decide'),
    trap(45, 'NV2', 'Nested virtualization, through memory', 'EL2'),
    flag(43, 'NV1', 'Nested virtualization of a guest without VHE', 'off', 'on'),
    flag(42, 'NV', 'Nested virtualization', 'off', 'on'),
    flag(41, 'API', 'Pointer authentication instructions of the guest', 'trapped', 'allowed'),
    flag(40, 'APK', 'Pointer authentication keys of the guest', 'trapped', 'allowed'),
    flag(38, 'MIOCNCE', 'Mismatched cacheability', 'coherent', 'may lose coherence'),
    trap(37, 'TEA', 'External aborts', 'EL2'),
    trap(36, 'TERR', 'Error record registers', 'EL2'),
    flag(35, 'TLOR', 'LORegion registers of the guest', 'not trapped', 'trapped'),
    flag(34, 'E2H', 'EL2 host', 'EL2 is a hypervisor with one table', 'EL2 runs an operating system (VHE), with two tables'),
    flag(33, 'ID', 'Stage 2 instruction cacheability', 'as stage 2 says', 'non-cacheable'),
    flag(32, 'CD', 'Stage 2 data cacheability', 'as stage 2 says', 'non-cacheable'),
    flag(31, 'RW', 'EL1 is 64-bit', 'EL1 is AArch32', 'EL1 is AArch64'),
    flag(29, 'HCD', 'HVC', 'enabled', 'undefined'),
    flag(28, 'TDZ', 'DC ZVA of the guest', 'not trapped', 'trapped'),
    flag(27, 'TGE', 'Trap general exceptions', 'exceptions of EL0 go to EL1', 'exceptions of EL0 go to EL2: EL0 runs programs of EL2'),
    trap(26, 'TVM', 'Writes of translation registers', 'EL2'),
    trap(25, 'TTLB', 'TLB maintenance', 'EL2'),
    trap(24, 'TPU', 'Cache maintenance to unification', 'EL2'),
    trap(23, 'TPCP', 'Cache maintenance to coherency', 'EL2'),
    trap(22, 'TSW', 'Cache maintenance by set and way', 'EL2'),
    trap(21, 'TACR', 'Auxiliary control registers', 'EL2'),
    trap(20, 'TIDCP', 'Implementation-defined registers', 'EL2'),
    trap(19, 'TSC', 'SMC', 'EL2'),
    trap(18, 'TID3', 'Id registers, group 3', 'EL2'),
    trap(17, 'TID2', 'Id registers, group 2', 'EL2'),
    trap(16, 'TID1', 'Id registers, group 1', 'EL2'),
    trap(15, 'TID0', 'Id registers, group 0', 'EL2'),
    trap(14, 'TWE', 'WFE', 'EL2'),
    trap(13, 'TWI', 'WFI', 'EL2'),
    flag(12, 'DC', 'Default cacheability', 'off', 'stage 1 is off and memory is cached'),
    field(10, 2, 'BSU', 'Barrier shareability upgrade', ['none', 'inner shareable', 'outer shareable', 'full system']),
    flag(9, 'FB', 'Force broadcast of maintenance', 'off', 'on'),
    virtual(8, 'VSE', 'SError'),
    virtual(7, 'VI', 'IRQ'),
    virtual(6, 'VF', 'FIQ'),
    flag(5, 'AMO', 'SError routing', 'not to EL2', 'to EL2'),
    flag(4, 'IMO', 'IRQ routing', 'not to EL2', 'to EL2'),
    flag(3, 'FMO', 'FIQ routing', 'not to EL2', 'to EL2'),
    flag(2, 'PTW', 'Page tables of the guest in device memory', 'allowed', 'a fault'),
    flag(1, 'SWIO', 'Set/way invalidation override', 'off', 'on'),
    flag(0, 'VM', 'Stage 2 translation', 'off', 'on: addresses of EL1 and EL0 go through VTTBR_EL2'),
  ],
};

export const SCR_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    flag(62, 'NSE', 'Security state, with NS', 'secure or non-secure', 'root or realm'),
    flag(18, 'EEL2', 'Secure EL2', 'off', 'on'),
    flag(10, 'RW', 'The next lower level is 64-bit', 'AArch32', 'AArch64'),
    flag(8, 'HCE', 'HVC', 'undefined', 'enabled'),
    flag(7, 'SMD', 'SMC', 'enabled', 'undefined'),
    flag(3, 'EA', 'External aborts and SErrors to EL3', 'no', 'yes'),
    flag(2, 'FIQ', 'FIQ to EL3', 'no', 'yes'),
    flag(1, 'IRQ', 'IRQ to EL3', 'no', 'yes'),
    flag(0, 'NS', 'Non-secure', 'lower levels are secure', 'lower levels are non-secure'),
  ],
};
