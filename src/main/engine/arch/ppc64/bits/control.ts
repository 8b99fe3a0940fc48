/**
 * Logical partitioning, facilities, faults. Source: Power ISA 3.0B, Book III, sections 2.2 (LPCR), 2.4 (LPIDR), 6.2.11 (FSCR), 6.2.12 (HFSCR), and the data storage
 * interrupt, 6.5.3 (DSISR); 2.07B for what later versions reserve; POWER9 Processor User's Manual for PVR.
 */
import { formatAddress } from '#shared/address-text.ts';
import type { BitRow, BitTable } from '../../bit-table.ts';
import { powerField, powerFlag } from './power-bits.ts';

const number = (value: bigint): string => `${value}`;
const wakes = (bit: number, name: string, by: string): BitRow =>
  powerFlag(bit, name, `Power-saving exit: ${by}`, 'does not wake the CPU', 'wakes the CPU');

export const LPCR_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    powerFlag(
      0,
      'VPM0',
      'Virtual page class keys in real mode',
      'real mode addresses are offset or host addresses',
      'real mode goes through a virtual real mode area',
    ),
    powerFlag(1, 'VPM1', 'Virtualized partition memory', 'storage interrupts go to the guest', 'hash storage interrupts go to the hypervisor'),
    powerFlag(2, 'ISL', 'Ignore SLB large page', 'the page size of SLB entries counts', 'SLB entries have 4 KiB pages'),
    powerFlag(3, 'KBV', 'Key-based virtualization', 'off', 'on'),
    powerField(8, 10, 'DPFD', 'Default prefetch depth', number),
    powerField(12, 16, 'VRMASD', 'Page size of the virtual real mode area', number),
    powerFlag(38, 'ILE', 'Interrupt little-endian', 'interrupts enter in big-endian mode', 'interrupts enter in little-endian mode'),
    powerField(39, 40, 'AIL', 'Alternate interrupt location', [
      'at real addresses',
      'value 1 is reserved',
      'at 0x18000, translated',
      'at 0xc000000000004000, translated',
    ]),
    powerFlag(41, 'UPRT', 'Use process table', 'segments come from the SLB', 'the process table tells how addresses are translated'),
    powerFlag(42, 'EVIRT', 'Enhanced virtualization', 'off', 'on'),
    powerFlag(43, 'HR', 'Host radix', 'hashed page table', 'radix trees'),
    powerFlag(45, 'ONL', 'Online', 'PURR and SPURR stand', 'PURR and SPURR count'),
    powerFlag(46, 'LD', 'Large decrementer', '32 bits', 'as wide as the CPU has it'),
    wakes(47, 'PECE0', 'directed privileged doorbell'),
    wakes(48, 'PECE1', 'directed hypervisor doorbell'),
    wakes(49, 'PECE2', 'external interrupt'),
    wakes(50, 'PECE3', 'decrementer'),
    wakes(51, 'PECE4', 'machine check and others'),
    powerFlag(52, 'MER', 'Mediated external request', 'none', 'an external interrupt is requested'),
    powerFlag(53, 'GTSE', 'Guest translation shootdown enable', 'tlbie is for the hypervisor', 'the guest may use tlbie'),
    powerFlag(54, 'TC', 'Translation control', 'both groups of the hashed table are searched', 'the secondary group is not searched'),
    powerFlag(59, 'HEIC', 'Hypervisor external interrupt control', 'in hypervisor state too', 'not in hypervisor state'),
    powerField(60, 61, 'LPES', 'Logical partitioning environment', number),
    powerFlag(62, 'HVICE', 'Hypervisor virtualization interrupt enable', 'off', 'on'),
    powerFlag(63, 'HDICE', 'Hypervisor decrementer interrupt enable', 'off', 'on'),
  ],
};

export const DSISR_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    powerFlag(33, 'NOPTE', 'No translation', 'a translation was found', 'no translation for the address was found'),
    powerFlag(35, 'GUARD', 'No-execute or guarded', 'no', 'code was fetched from no-execute or guarded storage'),
    powerFlag(36, 'PROT', 'Protection', 'access was allowed', 'the page does not allow the access'),
    powerFlag(37, 'CI', 'Caching inhibited', 'no', 'an instruction that needs cached storage hit other storage'),
    powerFlag(38, 'STORE', 'Store', 'a load', 'a store'),
    powerFlag(41, 'DAWR', 'Watchpoint', 'no', 'a data address watchpoint matched'),
    powerFlag(42, 'KEY', 'Virtual page class key', 'no', 'AMR does not allow the access'),
    powerFlag(44, 'BADCONFIG', 'Unsupported radix configuration', 'no', 'the radix tree has a form that the CPU does not support'),
    powerFlag(45, 'RC', 'Reference and change', 'no', 'R or C could not be set'),
    powerFlag(46, 'PRTABLE', 'Process table', 'no', 'the process table could not be translated'),
    powerFlag(62, 'COPY', 'Copy or paste', 'no', 'an invalid copy or paste'),
  ],
};

const FACILITIES: readonly [number, string, string][] = [
  [49, 'PREFIX', 'Prefixed instructions'],
  [50, 'SCV', 'scv instruction'],
  [51, 'LM', 'Load monitored'],
  [54, 'MSGP', 'msgsndp'],
  [55, 'TAR', 'Target address register'],
  [56, 'EBB', 'Event-based branch'],
  [58, 'TM', 'Transactional memory'],
  [59, 'BHRB', 'Branch history buffer'],
  [60, 'PM', 'Performance monitor'],
  [61, 'DSCR', 'DSCR in problem state'],
  [62, 'VECVSX', 'Vector and VSX'],
  [63, 'FP', 'Floating point'],
];

/** Of FSCR and HFSCR; which bits there are differs. */
export const FACILITY_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    powerField(0, 7, 'IC', 'Interrupt cause', (value) => `facility ${value} was used while not available, if such an interrupt was the last one`),
    ...FACILITIES.map(([bit, name, title]) => powerFlag(bit, name, title, 'not available', 'available')),
  ],
};

const PROCESSORS: Record<string, string> = {
  '39': 'PowerPC 970',
  '3c': 'PowerPC 970FX',
  '3e': 'POWER6',
  '3f': 'POWER7',
  '4a': 'POWER7+',
  '4b': 'POWER8E',
  '4c': 'POWER8NVL',
  '4d': 'POWER8',
  '4e': 'POWER9',
  '80': 'POWER10',
  '82': 'POWER11',
};

export const PVR_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    powerField(32, 47, 'version', 'Processor version', (value) => PROCESSORS[value.toString(16)] ?? `version ${formatAddress(value)}`),
    powerField(48, 63, 'revision', 'Revision', (value) => formatAddress(value)),
  ],
};

/** Logical processor versions of PAPR, section C.6.2. */
const LEVELS: Record<string, string> = {
  f000001: 'Power ISA 2.04',
  f000002: 'Power ISA 2.05',
  f000003: 'Power ISA 2.06',
  f100003: 'Power ISA 2.06+',
  f000004: 'Power ISA 2.07',
  f000005: 'Power ISA 3.0',
  f000006: 'Power ISA 3.1',
};

/** What the guest asked its hypervisor to be compatible with. */
export const COMPATIBLE_BITS: BitTable = {
  unlisted: 'other',
  rows: [powerField(32, 63, 'level', 'Logical processor version', (value) => LEVELS[value.toString(16)] ?? 'a version that is not known')],
};

export const PIDR_BITS: BitTable = {
  unlisted: 'other',
  rows: [powerField(32, 63, 'PID', 'Process', (value) => `entry ${value} of the process table translates the lower addresses`)],
};

export const LPIDR_BITS: BitTable = {
  unlisted: 'other',
  rows: [powerField(52, 63, 'LPID', 'Partition', (value) => (value === 0n ? 'the hypervisor' : `entry ${value} of the partition table`))],
};
