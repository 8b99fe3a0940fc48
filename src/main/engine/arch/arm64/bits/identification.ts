/**
 * Identification registers bit by bit: what the CPU can do.
 *
 * Source: Arm Architecture Reference Manual for A-profile (DDI 0487J), D19.2: MIDR_EL1, MPIDR_EL1, CurrentEL's neighbours by name, ID_AA64MMFR0_EL1 to ID_AA64MMFR2_EL1, ID_AA64PFR0_EL1,
 * CTR_EL0.
 */
import { field, flag, type BitRow, type BitTable } from '../../bit-table.ts';

const IMPLEMENTERS: Readonly<Record<number, string>> = {
  0x00: 'reserved for software (QEMU’s -cpu max)',
  0x41: 'Arm',
  0x42: 'Broadcom',
  0x43: 'Cavium',
  0x46: 'Fujitsu',
  0x48: 'HiSilicon',
  0x4e: 'NVIDIA',
  0x50: 'Applied Micro',
  0x51: 'Qualcomm',
  0x61: 'Apple',
  0x6d: 'Microsoft',
  0xc0: 'Ampere',
};

export const MIDR_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    field(24, 8, 'Implementer', 'Implementer', (value) => IMPLEMENTERS[Number(value)] ?? `code 0x${value.toString(16)}`),
    field(20, 4, 'Variant', 'Major revision', (value) => `${value}`),
    field(16, 4, 'Architecture', 'Architecture', (value) => (value === 15n ? 'told by the id registers' : `version ${value}`)),
    field(4, 12, 'PartNum', 'Part', (value) => `0x${value.toString(16)}`),
    field(0, 4, 'Revision', 'Minor revision', (value) => `${value}`),
  ],
};

export const MPIDR_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    field(32, 8, 'Aff3', 'Affinity 3', (value) => `${value}`),
    flag(30, 'U', 'Uniprocessor', 'one of several', 'the only one'),
    flag(24, 'MT', 'Multithreading', 'the lowest level is a core', 'the lowest level is a thread'),
    field(16, 8, 'Aff2', 'Affinity 2', (value) => `${value}`),
    field(8, 8, 'Aff1', 'Affinity 1', (value) => `${value}`),
    field(0, 8, 'Aff0', 'Affinity 0', (value) => `${value}`),
  ],
};

const feature = (bit: number, name: string, title: string): BitRow =>
  field(bit, 4, name, title, (value) => (value === 0n ? 'no' : value === 15n ? 'no (15)' : `yes (${value})`));

export const MMFR0_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    feature(60, 'ECV', 'Enhanced counter virtualization'),
    feature(56, 'FGT', 'Fine-grained traps'),
    field(40, 4, 'TGran4_2', '4 KiB granule at stage 2', ['as at stage 1', 'no', 'yes', 'yes, 52 bits']),
    field(36, 4, 'TGran64_2', '64 KiB granule at stage 2', ['as at stage 1', 'no', 'yes']),
    field(32, 4, 'TGran16_2', '16 KiB granule at stage 2', ['as at stage 1', 'no', 'yes', 'yes, 52 bits']),
    field(28, 4, 'TGran4', '4 KiB granule', (value) => (value === 15n ? 'no' : value === 1n ? 'yes, 52 bits' : 'yes')),
    field(24, 4, 'TGran64', '64 KiB granule', (value) => (value === 15n ? 'no' : 'yes')),
    field(20, 4, 'TGran16', '16 KiB granule', ['no', 'yes', 'yes, 52 bits']),
    field(16, 4, 'BigEndEL0', 'Big-endian at EL0 alone', ['no', 'yes']),
    field(12, 4, 'SNSMem', 'Secure and non-secure memory', ['not told apart', 'told apart']),
    field(8, 4, 'BigEnd', 'Big-endian', ['no', 'yes']),
    field(4, 4, 'ASIDBits', 'ASID', (value) => (value === 2n ? '16 bits' : '8 bits')),
    field(0, 4, 'PARange', 'Physical addresses', ['32 bits', '36 bits', '40 bits', '42 bits', '44 bits', '48 bits', '52 bits', '56 bits']),
  ],
};

export const MMFR1_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    feature(52, 'TIDCP1', 'TIDCP traps'),
    feature(44, 'AFP', 'Alternate floating point'),
    feature(40, 'HCX', 'HCRX_EL2'),
    feature(36, 'ETS', 'Enhanced translation synchronization'),
    feature(32, 'TWED', 'Delayed WFE traps'),
    feature(28, 'XNX', 'Execute-never by level at stage 2'),
    feature(24, 'SpecSEI', 'SErrors of speculative reads'),
    feature(20, 'PAN', 'Privileged access never'),
    feature(16, 'LO', 'LORegions'),
    feature(12, 'HPDS', 'Hierarchical permission disables'),
    feature(8, 'VH', 'Virtualization host extensions'),
    field(4, 4, 'VMIDBits', 'VMID', (value) => (value === 2n ? '16 bits' : '8 bits')),
    field(0, 4, 'HAFDBS', 'Access flag and dirty state by the CPU', ['no', 'access flag', 'access flag and dirty state']),
  ],
};

export const MMFR2_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    feature(60, 'E0PD', 'EL0 kept from one half'),
    feature(56, 'EVT', 'Enhanced virtualization traps'),
    feature(52, 'BBM', 'Break before make'),
    feature(48, 'TTL', 'Level hints in TLB maintenance'),
    feature(40, 'FWB', 'Forced write-back'),
    feature(36, 'IDS', 'Id traps'),
    feature(32, 'AT', 'Unaligned single-copy atomicity'),
    field(28, 4, 'ST', 'Small translation tables', ['T0SZ up to 39', 'T0SZ up to 48']),
    feature(24, 'NV', 'Nested virtualization'),
    field(20, 4, 'CCIDX', 'CCSIDR_EL1', ['32 bits', '64 bits']),
    field(16, 4, 'VARange', 'Virtual addresses', ['48 bits', '52 bits with 64 KiB', '56 bits']),
    feature(12, 'IESB', 'Implicit error synchronization'),
    feature(8, 'LSM', 'Load/store multiple control'),
    feature(4, 'UAO', 'User access override'),
    feature(0, 'CnP', 'Common not private'),
  ],
};

const levels = (bit: number, name: string, level: string) => field(bit, 4, name, level, ['not there', 'AArch64 alone', 'AArch64 and AArch32']);

export const PFR0_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    feature(60, 'CSV3', 'Not open to Meltdown'),
    feature(56, 'CSV2', 'Branch prediction by context'),
    feature(52, 'RME', 'Realms'),
    feature(48, 'DIT', 'Data-independent timing'),
    feature(44, 'AMU', 'Activity monitors'),
    feature(40, 'MPAM', 'Memory partitioning'),
    feature(36, 'SEL2', 'Secure EL2'),
    feature(32, 'SVE', 'Scalable vectors'),
    feature(28, 'RAS', 'Error records'),
    feature(24, 'GIC', 'System registers of the interrupt controller'),
    field(20, 4, 'AdvSIMD', 'Vectors', (value) => (value === 15n ? 'no' : value === 1n ? 'yes, with half precision' : 'yes')),
    field(16, 4, 'FP', 'Floating point', (value) => (value === 15n ? 'no' : value === 1n ? 'yes, with half precision' : 'yes')),
    levels(12, 'EL3', 'EL3'),
    levels(8, 'EL2', 'EL2'),
    levels(4, 'EL1', 'EL1'),
    levels(0, 'EL0', 'EL0'),
  ],
};
