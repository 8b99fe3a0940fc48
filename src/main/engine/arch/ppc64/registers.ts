/**
 * The registers of a 64-bit POWER CPU: their order, groups and bit tables. Names are gdb's where gdb has one (features org.gnu.gdb.power.*).
 *
 * A register that a dump holds and that is not listed here is still shown, in the group `other`.
 */
import type { Register, RegisterGroup } from '#shared/model/index.ts';
import { decodeBits, type BitTable } from '../bit-table.ts';
import type { CpuState, RegisterValue } from '../cpu-state.ts';
import { COMPATIBLE_BITS, DSISR_BITS, FACILITY_BITS, LPCR_BITS, LPIDR_BITS, PIDR_BITS, PVR_BITS } from './bits/control.ts';
import { CR_BITS, XER_BITS } from './bits/fixed-point.ts';
import { FPSCR_BITS, VSCR_BITS } from './bits/floating-point.ts';
import { MSR_BITS } from './bits/machine-state.ts';
import {
  PARTITION_ENTRY_BITS,
  PARTITION_TREE_BITS,
  PROCESS_ENTRY_BITS,
  PTCR_BITS,
  SDR1_BITS,
  SLB_ESID_BITS,
  SLB_VSID_BITS,
} from './bits/translation.ts';
import { NAMED_SPECIAL } from './special-registers.ts';

interface RegisterRow {
  group: RegisterGroup;
  bits?: BitTable;
  addressSpace?: 'gva' | 'gpa';
}

/** QEMU keeps as many, whatever the CPU has. */
export const SLB_ENTRIES = 64;

const numbered = (prefix: string, count: number, suffix = ''): string[] => Array.from({ length: count }, (_, n) => `${prefix}${n}${suffix}`);

/** Special purpose registers that are shown with others of their kind. */
const TIMERS = ['tb', 'tbu', 'dec', 'hdec', 'purr', 'spurr', 'vtb', 'ic'];
const BREAKPOINTS = ['ciabr', 'dawrx0', 'dawrx1', 'dabr', 'dabrx'];
const ELSEWHERE = new Set([...TIMERS, ...BREAKPOINTS, 'vrsave']);

const rows = new Map<string, RegisterRow>();

function list(group: RegisterGroup, names: readonly string[], extra: Omit<RegisterRow, 'group'> = {}): void {
  for (const name of names) rows.set(name, { group, ...extra });
}

list('general', ['r0']);
list('general', ['r1'], { addressSpace: 'gva' });
list('general', numbered('r', 32).slice(2));
list('general', ['pc', 'lr'], { addressSpace: 'gva' });
list('general', ['ctr']);
list('general', ['cr'], { bits: CR_BITS });
list('general', ['xer'], { bits: XER_BITS });
list('general', ['orig_r3', 'trap', 'softe', 'result']);

list('control', ['msr'], { bits: MSR_BITS });
list('control', ['lpcr'], { bits: LPCR_BITS });
list('control', ['pvr'], { bits: PVR_BITS });
list('control', ['compat_pvr'], { bits: COMPATIBLE_BITS });
list('control', ['pidr'], { bits: PIDR_BITS });
list('control', ['lpidr'], { bits: LPIDR_BITS });
list('control', ['ptcr'], { bits: PTCR_BITS });
list('control', ['patb_tree'], { bits: PARTITION_TREE_BITS });
list('control', ['patb_entry'], { bits: PARTITION_ENTRY_BITS });
list('control', ['prtb_entry', 'prtb_entry0'], { bits: PROCESS_ENTRY_BITS });
list('control', ['sdr1'], { bits: SDR1_BITS });

list('system', ['dsisr', 'hdsisr'], { bits: DSISR_BITS });
list('system', ['dar', 'hdar', 'srr0', 'hsrr0', 'cfar', 'tar', 'ebbhr', 'ebbrr', 'dawr0', 'dawr1', 'siar', 'sdar'], { addressSpace: 'gva' });
list('system', ['srr1', 'hsrr1'], { bits: MSR_BITS });
list('system', ['fscr', 'hfscr'], { bits: FACILITY_BITS });
for (const name of NAMED_SPECIAL) if (!rows.has(name) && !ELSEWHERE.has(name)) list('system', [name]);
for (let n = 0; n < SLB_ENTRIES; n++) {
  list('system', [`slb${n}_esid`], { bits: SLB_ESID_BITS });
  list('system', [`slb${n}_vsid`], { bits: SLB_VSID_BITS });
}

list('floating-point', numbered('f', 32));
list('floating-point', ['fpscr'], { bits: FPSCR_BITS });

list('vector', numbered('vr', 32));
list('vector', ['vscr'], { bits: VSCR_BITS });
list('vector', ['vrsave']);
list('vector', numbered('vs', 32, 'h'));

list('timer', TIMERS);
list('debug', BREAKPOINTS);

const ORDER = new Map([...rows.keys()].map((name, place) => [name, place]));

/** All registers that the state holds, in display order, decoded. */
export function describeRegisters(state: CpuState): Register[] {
  const last = ORDER.size;
  return Object.entries(state.registers)
    .sort(([a], [b]) => (ORDER.get(a) ?? last) - (ORDER.get(b) ?? last))
    .map(([name, held]) => describeRegister(name, held));
}

function describeRegister(name: string, held: RegisterValue): Register {
  const row = rows.get(name);
  const { value, width, source, inferred, knownBits } = held;
  return {
    name,
    value,
    width,
    group: row?.group ?? 'other',
    source,
    ...(inferred === undefined ? {} : { inferred }),
    ...(knownBits === undefined ? {} : { knownBits }),
    ...(row?.addressSpace === undefined ? {} : { addressSpace: row.addressSpace }),
    fields: row?.bits === undefined ? [] : decodeBits(row.bits, value, width, knownBits),
  };
}
