/**
 * Control registers 0 to 15 bit by bit, but for those that hold an address-space-control element (asce.ts).
 *
 * Source: Principles of Operation, chapter "Control", "Control Registers" (the figure of their fields) and the sections that it refers to.
 */
import { formatAddress } from '#shared/address-text.ts';
import { field, flag, type BitRow, type BitTable } from '../../bit-table.ts';
import { manual } from './psw.ts';

const subclass = (bit: number, name: string, title: string): BitRow =>
  flag(manual(bit), name, `${title} subclass mask`, 'masked', 'interrupts, with the mask of the PSW');
const onOff = (bit: number, name: string, title: string): BitRow => flag(manual(bit), name, title, 'off', 'on');
const number = (value: bigint): string => `${value}`;
const address = (shift: bigint) => (value: bigint) => formatAddress(value << shift);

export const CR0_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    flag(manual(8), 'TXC', 'Transactional-execution control', 'transactions are not allowed', 'transactions are allowed'),
    flag(
      manual(9),
      'PIFO',
      'Filtering of interruptions in transactions',
      'as the transaction says',
      'overridden: all program interruptions are taken',
    ),
    onOff(10, 'CCS', 'Clock-comparator sign control'),
    onOff(13, 'CCC', 'Cryptography counter control'),
    onOff(14, 'PAI', 'Processor-activity-instrumentation extension'),
    subclass(30, 'WTI', 'Warning-track'),
    onOff(32, 'TRC', 'TRACE TOD-clock control'),
    flag(manual(33), 'SSM', 'SSM suppression', 'SET SYSTEM MASK runs', 'SET SYSTEM MASK raises an exception'),
    onOff(34, 'TSC', 'TOD-clock-sync control'),
    flag(manual(35), 'LAP', 'Low-address protection', 'off', 'addresses 0 to 511 and 4096 to 4607 cannot be stored to'),
    flag(manual(36), 'EAC', 'Extraction authority', 'off', 'problem state may extract what describes its spaces'),
    flag(manual(37), 'SSC', 'Secondary-space control', 'the secondary space cannot be used', 'the secondary space can be used'),
    flag(manual(38), 'FPO', 'Fetch-protection override', 'off', 'the first 2 KiB can be fetched with any key'),
    flag(manual(39), 'SPO', 'Storage-protection override', 'off', 'storage of key 9 can be accessed with any key'),
    flag(
      manual(40),
      'EDAT',
      'Enhanced-DAT enablement',
      'no large frames; protection counts in segment and page entries alone',
      'large frames, and protection on all levels of tables',
    ),
    flag(
      manual(43),
      'IEP',
      'Instruction-execution protection',
      'IEP bits of table entries do not count',
      'IEP bits of table entries forbid execution',
    ),
    onOff(44, 'ALR', 'ASN-and-LX reuse'),
    flag(
      manual(45),
      'AFP',
      'AFP-register control',
      'only floating-point registers 0, 2, 4 and 6 can be used',
      'all floating-point registers can be used',
    ),
    flag(manual(46), 'VX', 'Vector enablement', 'vector instructions raise an exception', 'vector instructions run'),
    subclass(48, 'MA', 'Malfunction-alert'),
    subclass(49, 'ES', 'Emergency-signal'),
    subclass(50, 'XC', 'External-call'),
    subclass(52, 'CK', 'Clock-comparator'),
    subclass(53, 'CT', 'CPU-timer'),
    subclass(54, 'SS', 'Service-signal'),
    flag(manual(56), 'one', 'Unused', 'clear', 'set, as after a reset'),
    subclass(57, 'IK', 'Interrupt-key'),
    subclass(58, 'ME', 'Measurement-alert'),
    subclass(59, 'TA', 'Timing-alert'),
    onOff(61, 'CRY', 'Crypto control'),
  ],
};

export const CR2_BITS: BitTable = {
  unlisted: 'ignored',
  rows: [
    field(manual(57), 25, 'DUCTO', 'Dispatchable-unit-control-table origin', address(6n)),
    flag(manual(59), 'GSE', 'Guarded-storage facility', 'off', 'on, as gsd, gssm and gsepl say'),
    flag(manual(61), 'TDS', 'Transaction-diagnostic scope', 'in every state', 'in problem state alone'),
    field(manual(63), 2, 'TDC', 'Transaction-diagnostic control', [
      'off',
      'abort at a random instruction',
      'abort before the end of each',
      'value 3 is reserved',
    ]),
  ],
};

export const CR3_BITS: BitTable = {
  unlisted: 'ignored',
  rows: [
    field(manual(31), 32, 'SASTEIN', 'Secondary-ASTE instance number', number),
    field(manual(47), 16, 'PKM', 'PSW-key mask', keysOf),
    field(manual(63), 16, 'SASN', 'Secondary ASN', number),
  ],
};

function keysOf(mask: bigint): string {
  const keys = Array.from({ length: 16 }, (_, key) => key).filter((key) => ((mask >> BigInt(15 - key)) & 1n) === 1n);
  return keys.length === 0 ? 'problem state may use no other key' : `problem state may use the keys ${keys.join(', ')}`;
}

export const CR4_BITS: BitTable = {
  unlisted: 'ignored',
  rows: [
    field(manual(31), 32, 'PASTEIN', 'Primary-ASTE instance number', number),
    field(manual(47), 16, 'AX', 'Authorization index', number),
    field(manual(63), 16, 'PASN', 'Primary ASN', number),
  ],
};

export const CR5_BITS: BitTable = { unlisted: 'ignored', rows: [field(manual(57), 25, 'PASTEO', 'Primary-ASTE origin', address(6n))] };

export const CR6_BITS: BitTable = {
  unlisted: 'ignored',
  rows: Array.from({ length: 8 }, (_, n) => flag(manual(32 + n), `ISC${n}`, `I/O-interruption subclass ${n}`, 'masked', 'interrupts, with PSW.IO')),
};

export const CR8_BITS: BitTable = {
  unlisted: 'ignored',
  rows: [
    field(manual(31), 16, 'EMM', 'Enhanced-monitor masks', (value) => `0x${value.toString(16).padStart(4, '0')}`),
    field(manual(47), 16, 'EAX', 'Extended authorization index', number),
    field(manual(63), 16, 'MM', 'Monitor masks', (value) => `0x${value.toString(16).padStart(4, '0')}`),
  ],
};

const event = (bit: number, name: string, title: string): BitRow => flag(manual(bit), name, title, 'no PER event', 'a PER event');

export const CR9_BITS: BitTable = {
  unlisted: 'ignored',
  rows: [
    event(32, 'EB', 'Successful branching'),
    event(33, 'EIF', 'Instruction fetching'),
    event(34, 'ESA', 'Storage alteration'),
    event(35, 'ESK', 'Storage-key alteration'),
    event(36, 'ESR', 'Store using real address'),
    event(37, 'EZD', 'Zero-address detection'),
    event(38, 'ETE', 'Transaction end'),
    event(39, 'EIN', 'Instruction-fetching nullification'),
    flag(manual(40), 'BAC', 'Branch-address control', 'every branch', 'branches into the range of CR10 and CR11'),
    flag(manual(41), 'ES', 'Event suppression', 'events in transactions count', 'no events in transactions'),
    flag(manual(42), 'SAC', 'Storage-alteration-space control', 'stores to every space', 'stores to spaces whose ASCE has S set'),
  ],
};

export const CR12_BITS: BitTable = {
  unlisted: 'ignored',
  rows: [
    flag(manual(0), 'B', 'Branch trace', 'off', 'on'),
    flag(manual(1), 'M', 'Mode trace', 'off', 'on'),
    field(manual(61), 60, 'TEA', 'Trace-entry address', address(2n)),
    flag(manual(62), 'A', 'ASN trace', 'off', 'on'),
    flag(manual(63), 'E', 'Explicit trace', 'off', 'on'),
  ],
};

export const CR14_BITS: BitTable = {
  unlisted: 'ignored',
  rows: [
    flag(manual(32), 'one', 'Unused', 'clear', 'set, as after a reset'),
    flag(manual(33), 'one', 'Unused', 'clear', 'set, as after a reset'),
    subclass(35, 'CRP', 'Channel-report-pending'),
    subclass(36, 'RM', 'Recovery'),
    subclass(37, 'DM', 'Degradation'),
    subclass(38, 'EM', 'External-damage'),
    subclass(39, 'WM', 'Warning'),
    onOff(42, 'TCO', 'TOD-clock-control override'),
    flag(manual(44), 'T', 'ASN translation', 'not allowed', 'allowed'),
    field(manual(63), 19, 'AFTO', 'ASN-first-table origin', address(12n)),
  ],
};

export const CR15_BITS: BitTable = { unlisted: 'ignored', rows: [field(manual(60), 61, 'LSEA', 'Linkage-stack-entry address', address(3n))] };
